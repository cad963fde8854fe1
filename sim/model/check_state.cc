#include "sim/model/check_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "sim/base/limits.h"

namespace mdevsim::model {
namespace {

using Place = Fault::Place;

bool is_section_name(std::string_view name) {
  return !name.empty() && name.size() <= kNameBytesMax &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_' || c == '.';
         });
}

bool has_parameter(const ModelSpec& spec, std::string_view name) {
  return std::any_of(spec.parameters.begin(), spec.parameters.end(),
                     [&](const Parameter& parameter) { return parameter.name == name; });
}

void check_sections(const ModelSpec& spec, std::vector<Fault>& faults) {
  const auto fault = [&](Place place, std::size_t index, std::string why, std::string help) {
    faults.push_back(
        {.place = place, .index = index, .why = std::move(why), .help = std::move(help)});
  };
  const std::vector<SectionSpec>& sections = spec.state->sections;
  if (sections.empty() || sections.size() > kSectionsMax) {
    return fault(
        Place::state, 0,
        sections.empty() ? std::string("the state has no section")
                         : fmt::format("a state can have at most {} sections", kSectionsMax),
        "write memory = \"64MiB\", or sections = [ { name = \"ring\", size = \"4KiB\" } ]");
  }
  std::set<std::string_view> names;
  std::uint64_t left = kDeviceMemoryBytesMax;
  for (std::size_t i = 0; i < sections.size(); ++i) {
    const SectionSpec& section = sections[i];
    if (!is_section_name(section.name)) {
      fault(Place::section, i, "this is no name of a section",
            "use letters, digits, `-`, `_` and `.`, as in rss-table");
    } else if (!names.insert(section.name).second) {
      fault(Place::section, i, fmt::format("the state has a section `{}` already", section.name),
            "give each section a name of its own");
    }
    if (section.bytes == 0 || section.bytes > left) {
      fault(Place::section_size, i,
            section.bytes == 0 ? std::string("a section has at least one byte")
                               : std::string("the sections are larger than 1 TiB together"),
            "write a size such as \"64KiB\", \"16MiB\" or \"1GiB\"");
    } else {
      left -= section.bytes;
    }
    if (!section.when.empty() && !has_parameter(spec, section.when)) {
      fault(Place::section_when, i, fmt::format("the model has no parameter `{}`", section.when),
            "name a parameter of the model's `params`, or remove `when`");
    }
  }
}

void check_workload(const WorkloadSpec& workload, std::vector<Fault>& faults) {
  const auto fault = [&](std::string why, std::string help) {
    faults.push_back({.place = Place::workload, .why = std::move(why), .help = std::move(help)});
  };
  const bool is_hot = workload.pattern == WritePattern::hot_set;
  const bool is_burst = workload.pattern == WritePattern::burst;
  if (workload.dirty_bytes_per_s > kDirtyRateMax) {
    fault("the dirty rate is more than 1 TiB/s", "write a rate such as \"200MiB/s\"");
  }
  if (is_hot != (workload.hot_set_bytes != 0)) {
    fault(is_hot ? "the pattern hot-set needs `hot_set`"
                 : "`hot_set` is there, but the pattern is another",
          "write pattern = \"hot-set\" and hot_set = \"1MiB\"");
  }
  if (is_burst != (workload.burst_every_ms != 0)) {
    fault(is_burst ? "the pattern burst needs `burst`"
                   : "`burst` is there, but the pattern is another",
          "write pattern = \"burst\" and burst = { every_ms = 1000, for_ms = 100 }");
  } else if (is_burst && (workload.burst_ms == 0 || workload.burst_ms > workload.burst_every_ms)) {
    fault("a burst is as long as its period at most, and at least one millisecond",
          "write burst = { every_ms = 1000, for_ms = 100 }");
  }
}

}  // namespace

void check_state(const ModelSpec& spec, std::vector<Fault>& faults) {
  if (!spec.state) return;
  check_sections(spec, faults);
  check_workload(spec.state->workload, faults);
  const MigrationFeatures& features = spec.state->features;
  if (!features.stop_copy && (features.p2p || features.pre_copy)) {
    faults.push_back({.place = Place::features,
                      .why = "p2p and pre-copy are features of a device that has stop-copy",
                      .help = "write features = [\"stop-copy\", \"pre-copy\"], or [] for a device "
                              "that cannot be migrated"});
  }
  if (spec.state->zero_percent > 100) {
    faults.push_back({.place = Place::state,
                      .why = "more than all pages are zero",
                      .help = "write a percentage, 0 to 100"});
  }
}

}  // namespace mdevsim::model
