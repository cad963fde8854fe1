#include "sim/config/expand_modelled.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "sim/config/taken_names.h"
#include "sim/model/configuration.h"
#include "sim/model/model_name.h"

namespace mdevsim::config {

const model::DeviceModel* ModelledExpander::model_of(const ModelledDraft& draft) {
  const std::string_view name = model::without_scheme(draft.model.value);
  if (const model::DeviceModel* found = catalog_.find(name)) {
    if (draft.each_version && found->versions().empty()) {
      report_.error(draft.model.where, fmt::format("the model `{}` has no versions", name),
                    "add versions to it, or write `model` for a type of its newest parameters");
      return nullptr;
    }
    return found;
  }
  std::vector<std::string_view> known;
  for (const ModelDraft& model : drafts_.models)
    known.push_back(model::without_scheme(model.spec.name));
  const bool is_described = std::find(known.begin(), known.end(), name) != known.end();
  if (is_described || !drafts_.complete) return nullptr;  // said of the model itself
  const std::string_view near = nearest(name, known);
  report_.error(draft.model.where, fmt::format("no model `{}` is described", name),
                near.empty() ? "add a table [model.\"NAME\"], or include the file that has it"
                             : fmt::format("did you mean `{}`?", near));
  return nullptr;
}

std::optional<model::Configuration> ModelledExpander::initial_of(
    const ModelledDraft& draft, const model::DeviceModel& model,
    std::optional<std::uint32_t> version) {
  if (version) return model.find_version(*version)->configuration;
  Result<model::Configuration> initial = model::latest_configuration(model);
  if (draft.version) {
    initial = model::version_configuration(model, std::to_string(draft.version->first));
  } else if (draft.configuration) {
    initial = model::parse_configuration(model, draft.configuration->value);
  }
  if (initial) return std::move(*initial);
  report_.error(draft.version ? draft.version->second : draft.configuration->where,
                initial.error().why, "write what the model supports, as its table says");
  return std::nullopt;
}

// Parameters become files, under their own names or in migration/.
bool ModelledExpander::check_names(const ModelledDraft& draft, const model::DeviceModel& model) {
  constexpr Interface kWithOwnFiles[] = {Interface::type_attributes, Interface::create_parameters,
                                         Interface::version_per_type, Interface::config_params,
                                         Interface::software_version};
  const InterfaceSet& interfaces = draft.interfaces;
  const bool has_own = std::any_of(std::begin(kWithOwnFiles), std::end(kWithOwnFiles),
                                   [&](Interface one) { return interfaces.has(one); });
  for (const model::Parameter& parameter : model.parameters()) {
    const std::string& name = parameter.name;
    const bool is_taken = draft.of_function ? is_taken_in_function(name)
                                            : is_taken_in_type(name) || is_taken_in_instance(name);
    if ((has_own && is_taken) ||
        (interfaces.has(Interface::migration_info) && is_taken_in_migration(name))) {
      report_.error(draft.interfaces_where,
                    fmt::format("the parameter `{}` would be a file where there is one of that "
                                "name already",
                                name),
                    "give the parameter another name, or choose other interfaces");
      return false;
    }
  }
  return true;
}

std::shared_ptr<const ModelledSpec> ModelledExpander::make(const ModelledDraft& draft,
                                                           std::optional<std::uint32_t> version) {
  const model::DeviceModel* const model = model_of(draft);
  if (model == nullptr) return nullptr;
  auto initial = initial_of(draft, *model, version);
  if (!initial || !check_names(draft, *model)) return nullptr;
  return std::make_shared<const ModelledSpec>(
      ModelledSpec{model, std::make_shared<const model::Configuration>(std::move(*initial)),
                   draft.interfaces, draft.aggregate});
}

std::shared_ptr<const ModelledSpec> ModelledExpander::expand(const ModelledDraft& draft,
                                                             std::optional<std::uint32_t> version) {
  const auto [at, is_new] = made_.try_emplace({&draft, version.value_or(0)}, nullptr);
  if (is_new) at->second = make(draft, version);
  return at->second;
}

}  // namespace mdevsim::config
