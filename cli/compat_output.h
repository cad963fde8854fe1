// What `mdevsim compat` prints: data as text, CSV, JSON, or a page of HTML.
#pragma once

#include <string>

#include "sim/model/verdict.h"

namespace mdevsim::cli {

// All pairs of the versions of a model, the sources in rows.
std::string matrix_text(const model::DeviceModel& model);
std::string matrix_csv(const model::DeviceModel& model);
std::string matrix_json(const model::DeviceModel& model);

// The same as one file that needs no other: a heat map that tells steps and reasons where one
// points.
std::string matrix_page(const model::DeviceModel& model);

// Calls f(source, target, verdict) for all pairs of the places in DeviceModel::versions().
template <typename F>
void for_each_pair(const model::DeviceModel& model, const F& f) {
  const auto& versions = model.versions();
  for (std::size_t source = 0; source < versions.size(); ++source) {
    for (std::size_t target = 0; target < versions.size(); ++target) {
      f(source, target,
        model::decide({model, versions[source].configuration},
                      {model, versions[target].configuration}));
    }
  }
}

}  // namespace mdevsim::cli
