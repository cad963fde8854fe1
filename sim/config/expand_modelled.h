// Device models of types and functions: names become models of the catalog, texts become
// configurations. What copies share is made once.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

#include "sim/config/diagnostic.h"
#include "sim/config/draft.h"
#include "sim/model/catalog.h"

namespace mdevsim::config {

class ModelledExpander {
 public:
  // The catalog must outlive what is made with it.
  ModelledExpander(const Drafts& drafts, const model::Catalog& catalog, Report& report)
      : drafts_(drafts), catalog_(catalog), report_(report) {}

  // Null when it cannot be said, or is wrong: then that is reported, once.
  const model::DeviceModel* model_of(const ModelledDraft& draft);

  // `index` is that of the repeat around it; the version is for each_version_of. Null as above.
  std::shared_ptr<const ModelledSpec> expand(const ModelledDraft& draft, Index index,
                                             std::optional<std::uint32_t> version = std::nullopt);

  // Of a draft that says something. Null as above.
  ConfigurationPtr configuration_of(const ConfigurationDraft& draft, Index index,
                                    const model::DeviceModel& model);

 private:
  // What is said, the version and, where it makes a difference, the index.
  using Key = std::tuple<const ModelledDraft*, std::uint32_t, Index>;

  std::shared_ptr<const ModelledSpec> make(const ModelledDraft& draft, Index index,
                                           std::optional<std::uint32_t> version);
  bool check_names(const ModelledDraft& draft, const model::DeviceModel& model);
  bool say_name_is_taken(const ModelledDraft& draft, const model::Parameter& parameter,
                         std::string_view file);  // false
  ConfigurationPtr initial_of(const ModelledDraft& draft, Index index,
                              const model::DeviceModel& model,
                              std::optional<std::uint32_t> version);

  const Drafts& drafts_;
  const model::Catalog& catalog_;
  Report& report_;
  std::map<Key, std::shared_ptr<const ModelledSpec>> made_;
};

// Whether a type's instances show a file of that name, besides those that every instance has.
bool has_instance_file(const ModelledSpec& spec, std::string_view name);

}  // namespace mdevsim::config
