#include "sim/config/expand_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/base/limits.h"
#include "sim/model/model_name.h"

namespace mdevsim::config {
namespace {

using model::Fault;
using Place = Fault::Place;

// The place that a fault is about, else the nearest one around it that is written in the file.
Region region_of(const ModelDraft& draft, const Fault& fault) {
  const ModelPlace around[] = {
      {fault.place, fault.parameter, fault.version, fault.index},
      {fault.place, fault.parameter, 0, fault.index},
      {Place::version, {}, fault.version, 0},
      {Place::parameter, fault.parameter, 0, 0},
      {Place::family, {}, 0, 0},
  };
  const bool of_family = fault.place == Place::pattern_value || fault.place == Place::pattern;
  for (const ModelPlace& place : around) {
    if (place.place == Place::parameter && of_family) continue;
    const auto found = draft.places.find(place);
    if (found != draft.places.end()) return found->second;
  }
  return draft.where;
}

// What follows from something else that is wrong is not said.
bool is_consequence(const ModelDraft& draft, const Fault& fault) {
  const auto is_unread = [&](const std::string& name) {
    return std::find(draft.unread.begin(), draft.unread.end(), name) != draft.unread.end();
  };
  if (is_unread(fault.parameter)) return true;
  if (fault.place == Place::requires_active) {
    for (const model::Parameter& parameter : draft.spec.parameters) {
      const auto& names = parameter.requires_active;
      if (parameter.name == fault.parameter && fault.index < names.size() &&
          is_unread(names[fault.index]))
        return true;
    }
  }
  if (fault.place == Place::initial) {
    return draft.places.count({Place::initial, fault.parameter, 0, 0}) == 0 &&
           draft.places.count({Place::off, fault.parameter, 0, 0}) != 0;  // said of `off`
  }
  if (fault.place == Place::versions) return !draft.complete || !draft.versions_read;
  if (fault.place == Place::state || fault.place == Place::workload) return !draft.complete;
  if (fault.place == Place::section_when) {
    const std::string& name = draft.spec.state->sections[fault.index].when;
    return !draft.complete || is_unread(name);
  }
  const bool names_another = fault.place == Place::requires_active ||
                             fault.place == Place::version_value || fault.place == Place::pattern;
  return names_another && !draft.complete;
}

}  // namespace

model::Catalog build_catalog(const Drafts& drafts, Report& report) {
  std::map<std::string_view, Region> names;
  std::vector<model::DeviceModel> models;
  std::size_t values = 0;
  for (const ModelDraft& draft : drafts.models) {
    const auto [known, is_new] = names.emplace(model::without_scheme(draft.spec.name), draft.where);
    if (!is_new) {
      report.error(
          draft.where,
          fmt::format("the model is described already, at {}", report.place(known->second)),
          "describe each model once; https:// makes no other name of it");
    }
    values += draft.spec.parameters.size() *
              (draft.spec.versions.size() + (draft.spec.family ? draft.spec.family->count : 0));
    if (values > kModelValuesMax) {
      report.error(draft.where,
                   fmt::format("the models have more than {} values together, versions times "
                               "parameters",
                               kModelValuesMax),
                   "lower `count`");
      break;
    }
    std::size_t said = 0;
    for (const Fault& fault : model::check(draft.spec)) {
      ++said;
      if (!is_consequence(draft, fault))
        report.error(region_of(draft, fault), fault.why, fault.help);
    }
    const bool was_read = draft.unread.empty() && draft.versions_read && draft.complete;
    if (said != 0 || !was_read || !is_new) continue;
    if (auto built = model::DeviceModel::build(draft.spec)) models.push_back(std::move(*built));
  }
  auto catalog = model::Catalog::build(std::move(models));
  return catalog ? std::move(*catalog) : model::Catalog();
}

}  // namespace mdevsim::config
