// Device models of types and functions: names become models of the catalog, texts become
// configurations. What copies share is made once.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
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

  // The version is for each_version_of. Null as above.
  std::shared_ptr<const ModelledSpec> expand(const ModelledDraft& draft,
                                             std::optional<std::uint32_t> version = std::nullopt);

 private:
  std::shared_ptr<const ModelledSpec> make(const ModelledDraft& draft,
                                           std::optional<std::uint32_t> version);
  bool check_names(const ModelledDraft& draft, const model::DeviceModel& model);
  std::optional<model::Configuration> initial_of(const ModelledDraft& draft,
                                                 const model::DeviceModel& model,
                                                 std::optional<std::uint32_t> version);

  const Drafts& drafts_;
  const model::Catalog& catalog_;
  Report& report_;
  std::map<std::pair<const ModelledDraft*, std::uint32_t>, std::shared_ptr<const ModelledSpec>>
      made_;
};

}  // namespace mdevsim::config
