// Parents with their types. A parent that says the same in every repetition is made once and
// shared.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sim/config/diagnostic.h"
#include "sim/config/draft.h"
#include "sim/config/expand_modelled.h"
#include "sim/world/spec.h"

namespace mdevsim::config {

struct ExpandedParent {
  std::shared_ptr<const ParentSpec> spec;
  std::vector<std::pair<Uuid, Region>> uuids;  // of instances that are named
  std::uint64_t instances = 0;                 // that exist from the start
  std::size_t longest_id = 0;
  bool sound = true;
};

class ParentExpander {
 public:
  ParentExpander(ModelledExpander& modelled, Report& report)
      : modelled_(modelled), report_(report) {}

  // `index` is that of the innermost repeat around the parent.
  std::shared_ptr<const ExpandedParent> expand(const ParentDraft& draft, Index index);

 private:
  struct Building;

  std::shared_ptr<const ExpandedParent> make(const ParentDraft& draft, Index index);
  bool add_types(const TypeDraft& draft, Index outer, Building& building);
  bool add_each_version(const TypeDraft& draft, Index index, Building& building);
  bool add_type(const TypeDraft& draft, Index index, std::optional<std::uint32_t> version,
                Building& building);
  bool fill_texts(const TypeDraft& draft, Index index, std::optional<std::uint32_t> version,
                  TypeSpec& type);
  bool fill_attributes(const TypeDraft& draft, Index index, TypeSpec& type);
  bool fill_instances(const TypeDraft& draft, Index index, Building& building, TypeSpec& type);
  bool configure_instance(const InstanceDraft& draft, Index index, const TypeSpec& type,
                          InstanceSpec& spec);
  bool check_pool(const ParentDraft& draft, const Building& building);
  bool within_budget(const TypeSpec& type, Region where);

  ModelledExpander& modelled_;
  Report& report_;
  std::unordered_map<const ParentDraft*, std::shared_ptr<const ExpandedParent>> shared_;
  std::uint32_t types_ = 0;
  std::size_t text_bytes_ = 0;
};

}  // namespace mdevsim::config
