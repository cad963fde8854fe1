#include "sim/config/expand_parent.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>

#include "sim/base/limits.h"

namespace mdevsim::config {
namespace {

// What an instance's directory has anyway.
constexpr std::array<std::string_view, 8> kInstanceEntries = {
    "driver", "iommu_group", "mdev_type", "power", "remove", "subsystem", "uevent", "vfio-dev"};

bool uses_index(const std::optional<Text>& text) { return text && text->uses_index; }

bool uses_index(const TypeDraft& type) {
  return uses_index(type.id) || uses_index(type.name) || uses_index(type.description) ||
         std::any_of(
             type.attributes.begin(), type.attributes.end(),
             [](const AttributeDraft& a) { return a.path.uses_index || a.text.uses_index; }) ||
         (type.modelled && uses_index(type.modelled->initial.text)) ||
         std::any_of(type.instances.begin(), type.instances.end(), [](const InstanceDraft& i) {
           return uses_index(i.uuid) || uses_index(i.configuration.text);
         });
}

// Whether the parent says something else in each repetition of the tables around it.
bool depends_on_outer_index(const ParentDraft& parent) {
  return uses_index(parent.mdev_driver) ||
         std::any_of(parent.types.begin(), parent.types.end(),
                     [](const TypeDraft& type) { return !type.repeat && uses_index(type); });
}

std::size_t text_bytes_of(const TypeSpec& type) {
  std::size_t bytes = type.id.size() + type.name.size() + type.device_api.size();
  if (type.description) bytes += type.description->size();
  for (const VendorAttribute& attribute : type.attributes) {
    bytes +=
        sizeof(attribute) + attribute.group.size() + attribute.name.size() + attribute.text.size();
  }
  return bytes + type.instances.size() * sizeof(InstanceSpec);
}

// Stands for the version's number where each_version_of makes types.
constexpr std::string_view kVersionMark = "{version}";

void put_version(std::string& text, std::uint32_t version) {
  const std::string number = std::to_string(version);
  for (std::size_t at = text.find(kVersionMark); at != std::string::npos;
       at = text.find(kVersionMark, at + number.size()))
    text.replace(at, kVersionMark.size(), number);
}

bool is_one_line(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace

struct ParentExpander::Building {
  ExpandedParent parent;
  std::shared_ptr<ParentSpec> spec = std::make_shared<ParentSpec>();
  std::unordered_map<std::string, Region> ids;
  std::uint64_t pool_units = 0;  // that the instances from the start take
};

std::shared_ptr<const ExpandedParent> ParentExpander::expand(const ParentDraft& draft,
                                                             Index index) {
  if (depends_on_outer_index(draft)) return make(draft, index);
  auto& made = shared_[&draft];
  if (!made) made = make(draft, index);
  return made;
}

std::shared_ptr<const ExpandedParent> ParentExpander::make(const ParentDraft& draft, Index index) {
  Building building;
  ExpandedParent& parent = building.parent;
  building.spec->pool = draft.pool;
  if (draft.mdev_driver) {
    const auto name = config::expand(*draft.mdev_driver, index, report_);
    const auto fault = name ? check_file_name(*name) : std::nullopt;
    if (fault) {
      report_.error(
          draft.mdev_driver->where,
          fmt::format("the driver's name {}{}", fault->why, with_index(*draft.mdev_driver, index)),
          fault->help);
    }
    if (!name || fault)
      parent.sound = false;
    else
      building.spec->mdev_driver = *name;
  }
  for (const TypeDraft& type : draft.types) parent.sound &= add_types(type, index, building);
  parent.sound = parent.sound && check_pool(draft, building);
  index_types(*building.spec);
  parent.spec = std::move(building.spec);
  return std::make_shared<const ExpandedParent>(std::move(parent));
}

bool ParentExpander::add_types(const TypeDraft& draft, Index outer, Building& building) {
  if (!draft.id) return false;
  const std::uint32_t count = draft.repeat.value_or(1);
  const bool each = draft.modelled && draft.modelled->each_version;
  if (building.spec->types.size() + count > kTypesPerParentMax) {
    report_.error(draft.where,
                  fmt::format("the parent would have more than {} types", kTypesPerParentMax),
                  "lower `repeat`");
    return false;
  }
  if (count > 1 && !draft.id->uses_index) {
    report_.error(draft.id->where, fmt::format("`repeat` makes {} types with the same id", count),
                  "put {i} into the id: id = \"type-{i}\"");
    return false;
  }
  std::vector<TypeSpec>& types = building.spec->types;
  if (count > types.capacity()) types.reserve(types.size() + count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const Index index = draft.repeat ? Index(i) : outer;
    if (each ? !add_each_version(draft, index, building)
             : !add_type(draft, index, std::nullopt, building))
      return false;  // the others would say the same
  }
  return true;
}

bool ParentExpander::add_each_version(const TypeDraft& draft, Index index, Building& building) {
  const model::DeviceModel* const model = modelled_.model_of(*draft.modelled);
  if (model == nullptr) return false;
  const std::size_t count = model->versions().size();
  if (building.spec->types.size() + count > kTypesPerParentMax) {
    report_.error(draft.where,
                  fmt::format("the parent would have more than {} types", kTypesPerParentMax),
                  "lower `repeat`, or the number of versions");
    return false;
  }
  if (count > 1 && draft.id->value.find(kVersionMark) == std::string::npos) {
    report_.error(draft.id->where,
                  fmt::format("`each_version_of` makes {} types with the same id", count),
                  "put {version} into the id: id = \"{version}\"");
    return false;
  }
  return std::all_of(model->versions().begin(), model->versions().end(),
                     [&](const model::Version& version) {
                       return add_type(draft, index, version.number, building);
                     });
}

bool ParentExpander::add_type(const TypeDraft& draft, Index index,
                              std::optional<std::uint32_t> version, Building& building) {
  TypeSpec type = draft.spec;
  if (draft.modelled) {
    type.modelled = modelled_.expand(*draft.modelled, index, version);
    if (!type.modelled) return false;
    if (!draft.has_device_api) type.device_api = type.modelled->model->device_api();
  }
  if (!fill_texts(draft, index, version, type) || !fill_attributes(draft, index, type) ||
      !fill_instances(draft, index, building, type) || !within_budget(type, draft.where)) {
    return false;
  }
  const auto [known, is_new] = building.ids.emplace(type.id, draft.id->where);
  if (!is_new) {
    report_.error(draft.id->where,
                  fmt::format("the parent has a type `{}` already, at {}{}", type.id,
                              report_.place(known->second), with_index(*draft.id, index)),
                  "give each type of a parent an id of its own");
    return false;
  }
  building.parent.longest_id = std::max(building.parent.longest_id, type.id.size());
  building.spec->types.push_back(std::move(type));
  return true;
}

bool ParentExpander::fill_texts(const TypeDraft& draft, Index index,
                                std::optional<std::uint32_t> version, TypeSpec& type) {
  const auto text_of = [&](const Text& text) {
    auto expanded = config::expand(text, index, report_);
    if (expanded && version) put_version(*expanded, *version);
    return expanded;
  };
  const auto id = text_of(*draft.id);
  const auto name = draft.name ? text_of(*draft.name) : id;
  if (!id || !name) return false;
  if (const auto fault = check_file_name(*id)) {
    report_.error(draft.id->where,
                  fmt::format("the id {}{}", fault->why, with_index(*draft.id, index)),
                  fault->help);
    return false;
  }
  if (name->empty() || name->size() >= kShowBytesMax || !is_one_line(*name)) {
    report_.error(draft.name->where, "the name is one line of text that is not empty",
                  "write name = \"GRID T4-1B\"");
    return false;
  }
  type.id = *id;
  type.name = *name;
  if (!draft.description) return true;
  const auto description = text_of(*draft.description);
  if (!description) return false;
  if (description->empty() || description->size() >= kShowBytesMax || description->back() == '\n') {
    report_.error(
        draft.description->where,
        fmt::format("the description has 1 to {} bytes and no newline at its end",
                    kShowBytesMax - 1),
        "the newline at the end is added; leave `description` out when the driver has none");
    return false;
  }
  type.description = *description;
  return true;
}

bool ParentExpander::fill_attributes(const TypeDraft& draft, Index index, TypeSpec& type) {
  for (const AttributeDraft& attribute : draft.attributes) {
    const auto path = config::expand(attribute.path, index, report_);
    const auto text = config::expand(attribute.text, index, report_);
    if (!path || !text) return false;
    const std::size_t slash = path->find('/');
    const std::string group = path->substr(0, slash);
    const std::string name = slash == std::string::npos ? "" : path->substr(slash + 1);
    const bool named =
        slash != std::string::npos && !check_file_name(group) && !check_file_name(name);
    if (!named) {
      report_.error(attribute.path.where,
                    fmt::format("`{}` is not a directory and a file in an instance", *path),
                    "write \"vendor/resolution\" = \"640x480\"");
      return false;
    }
    if (std::find(kInstanceEntries.begin(), kInstanceEntries.end(), group) !=
        kInstanceEntries.end()) {
      report_.error(attribute.path.where,
                    fmt::format("every instance has an entry `{}` of its own", group),
                    "give the driver's directory another name, such as \"vendor\"");
      return false;
    }
    if (type.modelled && has_instance_file(*type.modelled, group)) {
      report_.error(attribute.path.where,
                    fmt::format("the device model's interfaces show a file `{}`", group),
                    "give the driver's directory another name, such as \"vendor\"");
      return false;
    }
    if (text->size() >= kShowBytesMax) {
      report_.error(attribute.text.where, "the text does not fit into a page",
                    fmt::format("write at most {} bytes", kShowBytesMax - 1));
      return false;
    }
    for (const VendorAttribute& other : type.attributes) {
      if (other.group == group && other.name == name) {
        report_.error(attribute.path.where, fmt::format("the type has `{}` already", *path),
                      "remove one of them");
        return false;
      }
    }
    type.attributes.push_back({group, name, *text});
  }
  return true;
}

bool ParentExpander::fill_instances(const TypeDraft& draft, Index index, Building& building,
                                    TypeSpec& type) {
  std::uint64_t units = 0;
  for (const InstanceDraft& instance : draft.instances) {
    InstanceSpec spec = instance.spec;
    if (instance.uuid) {
      const auto text = config::expand(*instance.uuid, index, report_);
      if (!text) return false;
      spec.uuid = Uuid::parse(*text);
      if (!spec.uuid || text->size() != Uuid::kTextLength) {
        report_.error(instance.uuid->where, fmt::format("`{}` is no uuid", *text),
                      "write 36 characters such as \"83b8f4f2-509f-382f-3c1e-e6bfe0fa1001\"");
        return false;
      }
      building.parent.uuids.emplace_back(*spec.uuid, instance.uuid->where);
    }
    if (!configure_instance(instance, index, type, spec)) return false;
    building.parent.instances += spec.count;
    units += std::uint64_t{spec.count} * spec.units;
    type.instances.push_back(std::move(spec));
  }
  if (type.max_instances && units > *type.max_instances) {
    const bool aggregates = type.modelled && type.modelled->aggregate;
    report_.error(draft.instances.front().where,
                  fmt::format("{} {} exist from the start, but the limit is {}", units,
                              aggregates ? "units" : "instances", *type.max_instances),
                  "raise `max_instances`, or let fewer exist");
    return false;
  }
  building.pool_units += units * type.units;
  return true;
}

bool ParentExpander::configure_instance(const InstanceDraft& draft, Index index,
                                        const TypeSpec& type, InstanceSpec& spec) {
  const ModelledSpec* const modelled = type.modelled.get();  // reading said it when there is none
  if (modelled == nullptr) return true;
  if (draft.configuration.is_said()) {
    spec.configuration = modelled_.configuration_of(draft.configuration, index, *modelled->model);
    if (spec.configuration == nullptr) return false;
  }
  if (draft.units_where && !modelled->aggregate) {
    report_.error(*draft.units_where, "`aggregate` has no effect: the type does not aggregate",
                  "add aggregate = { unit = \"64MiB\", max = 16 } and the interface "
                  "`aggregation` to the type");
    return false;
  }
  if (draft.units_where && spec.units > modelled->aggregate->max) {
    report_.error(*draft.units_where,
                  fmt::format("an instance can have at most {} units", modelled->aggregate->max),
                  "lower `aggregate`, or raise the type's `max`");
    return false;
  }
  return true;
}

bool ParentExpander::check_pool(const ParentDraft& draft, const Building& building) {
  if (!draft.pool || building.pool_units <= draft.pool->units) return true;
  const auto first = std::find_if(draft.types.begin(), draft.types.end(),
                                  [](const TypeDraft& t) { return !t.instances.empty(); });
  report_.error(
      first->instances.front().where,
      fmt::format("the instances that exist from the start take {} units of a pool that has {}",
                  building.pool_units, draft.pool->units),
      "enlarge the pool, or let fewer exist");
  return false;
}

bool ParentExpander::within_budget(const TypeSpec& type, Region where) {
  ++types_;
  text_bytes_ += text_bytes_of(type);
  if (types_ <= kTypesExpandedMax && text_bytes_ <= kTextExpandedBytesMax) return true;
  report_.error(where,
                fmt::format("the file asks for more than {} types, or {} MiB of text",
                            kTypesExpandedMax, kTextExpandedBytesMax >> 20),
                "lower `repeat`, or leave {i} out of the types: then all parents share them");
  return false;
}

}  // namespace mdevsim::config
