// What the files say, before anything is repeated: one record for each table, with its place.
// Tables of several files are put side by side here; `expand` makes hosts of them.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sim/config/text.h"
#include "sim/model/check.h"
#include "sim/model/fault_rule.h"
#include "sim/model/spec.h"
#include "sim/world/spec.h"

namespace mdevsim::config {

// What a device is at first: `version` or `configuration`; neither: what else is said decides.
struct ConfigurationDraft {
  std::optional<std::pair<std::uint32_t, Region>> version;
  std::optional<Text> text;

  bool is_said() const { return version || text; }
  Region where() const { return version ? version->second : text->where; }  // when it is said
};

struct InstanceDraft {
  std::optional<Text> uuid;
  ConfigurationDraft configuration;
  std::optional<Region> units_where;
  InstanceSpec spec;  // without the uuid and the configuration
  Region where;
};

struct AttributeDraft {
  Text path;  // group/name
  Text text;
};

// What a type or a function says of its device model.
struct ModelledDraft {
  Region where;  // of the table
  bool of_function = false;
  Text model;
  bool each_version = false;  // the type stands for one type for each version of the model
  ConfigurationDraft initial;
  InterfaceSet interfaces;
  Region interfaces_where;
  std::optional<AggregateSpec> aggregate;
};

struct TypeDraft {
  Region where;
  std::optional<std::uint32_t> repeat;
  std::optional<Text> id;
  std::optional<Text> name;
  std::optional<Text> description;
  std::vector<AttributeDraft> attributes;
  std::vector<InstanceDraft> instances;
  std::optional<ModelledDraft> modelled;
  bool has_device_api = false;  // else the model's
  TypeSpec spec;                // what cannot depend on a repetition
  Region units_where;
};

struct ParentDraft {
  std::vector<TypeDraft> types;
  std::optional<PoolSpec> pool;
  std::optional<Text> mdev_driver;
};

struct FunctionDraft {
  Text address;
  std::optional<std::uint32_t> repeat;
  std::optional<Text> driver;
  std::optional<ParentDraft> parent;
  std::optional<ModelledDraft> modelled;
  PciFunctionSpec spec;  // what cannot depend on a repetition
};

struct VirtualDraft {
  Text path;  // class/name
  std::optional<std::uint32_t> repeat;
  std::optional<ParentDraft> parent;
};

struct DriverDraft {
  Text name;
  std::optional<Text> module;
  std::vector<std::pair<std::uint16_t, std::uint16_t>> ids;
};

struct GroupDraft {
  Region where;
  IommuGroupSpec spec;
};

struct HostDraft {
  Text name;
  std::optional<std::uint32_t> repeat;
  KernelRelease kernel = KernelRelease::v6_12;
  std::uint32_t cpus = 2;
  std::uint64_t state_memory_bytes = HostSpec{}.state_memory_bytes;
  std::vector<FunctionDraft> functions;
  std::vector<VirtualDraft> virtual_devices;
  std::vector<DriverDraft> drivers;
  std::vector<GroupDraft> groups;
  // Where the host's own keys were set: each may be set in one file only.
  std::vector<std::pair<std::string, Region>> own_keys;
  bool complete = true;  // false: something that speaks of it may be missing
};

// A place in a ModelSpec, as the faults of the model's check name it.
struct ModelPlace {
  model::Fault::Place place;
  std::string parameter;
  std::uint32_t version = 0;
  std::size_t index = 0;

  friend auto operator<=>(const ModelPlace&, const ModelPlace&) = default;
};

struct ModelDraft {
  model::ModelSpec spec;
  Region where;
  std::map<ModelPlace, Region> places;
  std::vector<std::string> unread;  // parameters that are described, but wrongly
  bool versions_read = true;        // false: there are more than the spec has
  bool complete = true;             // false: something may be missing from the whole table
};

struct FaultDraft {
  model::FaultRule rule;
  std::optional<Text> host;  // nothing: of all hosts
  Region where;
};

struct Drafts {
  std::vector<FaultDraft> faults;
  std::vector<ModelDraft> models;
  std::vector<HostDraft> hosts;  // in the order of their first mention
  std::unordered_map<std::string, std::size_t> host_by_name;
  bool complete = true;  // false: a file could not be read, or has syntax errors
};

}  // namespace mdevsim::config
