#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "sim/base/limits.h"
#include "sim/config/read.h"

namespace mdevsim::config {
namespace {

using Kind = Value::Kind;

constexpr std::int64_t kCountMost = 0x7fffffff;  // clients read available_instances as an int
constexpr std::array<std::string_view, 5> kDeviceApis = {"vfio-pci", "vfio-platform", "vfio-amba",
                                                         "vfio-ccw", "vfio-ap"};

std::optional<InstanceDraft> read_instance(const Value& value, bool complete, Report& report) {
  TableReader table(value, "an instance that exists from the start", complete, report);
  InstanceDraft draft;
  draft.where = value.where;
  draft.uuid = table.text("uuid", "uuid = \"83b8f4f2-509f-382f-3c1e-e6bfe0fa1001\"");
  const bool counted =
      table.integer("count", {.least = 1, .most = kInstancesMax}, draft.spec.count);
  const bool seeded = table.integer("seed", {.least = 0}, draft.spec.seed);
  draft.configuration = read_configuration(table, value);
  if (table.integer("aggregate", {.least = 1, .most = kCountMost}, draft.spec.units))
    draft.units_where = value.find("aggregate")->value.where;
  table.finish();
  if (draft.uuid && (counted || seeded)) {
    report.error(value.where,
                 "a uuid stands for one instance, so `count` and `seed` have no meaning beside it",
                 "write { uuid = \"…\" } or { count = 100, seed = 1 }");
    return std::nullopt;
  }
  const bool asked_for = value.find("uuid") != nullptr || value.find("count") != nullptr;
  if (!asked_for) table.missing("uuid", "write { uuid = \"…\" } or { count = 100, seed = 1 }");
  if (!draft.uuid && !counted) return std::nullopt;
  return draft;
}

// What the instances say of themselves can be said of devices of a model, and of types that make
// any of its versions.
void check_instances(const TypeDraft& type, const Value& table, Report& report) {
  const bool names_model =
      table.find("model") != nullptr || table.find("each_version_of") != nullptr;
  const bool is_of_one_version =
      type.modelled &&
      (type.modelled->each_version || type.modelled->interfaces.has(Interface::version_per_type));
  for (const InstanceDraft& instance : type.instances) {
    const bool is_said = instance.configuration.is_said();
    if (!names_model && (is_said || instance.units_where)) {
      report.error(is_said ? instance.configuration.where() : *instance.units_where,
                   "the instance is of no device model: its type has none",
                   "add model = \"vendor-a.com/my-nic\" to the type");
    } else if (is_said && is_of_one_version) {
      report.error(instance.configuration.where(),
                   "the type stands for one version, and so do its instances",
                   "remove the key, or put the instance into a type with `model`");
    }
  }
}

// instances = 16, instances = [{ uuid = "…" }], or instances = { count = 100, seed = 1 }
void read_instances(const Member& member, TableReader& table, TypeDraft& type) {
  Report& report = table.report();
  const Value& value = member.value;
  constexpr std::string_view kExample =
      "instances = 16 for a limit, or instances = [{ uuid = \"…\" }] for what exists from the "
      "start";
  const auto add = [&](const Value& item) {
    if (item.kind != Kind::table) {
      report_kind(item, "an item of `instances`", Kind::table, kExample, report);
    } else if (auto instance = read_instance(item, table.complete(), report)) {
      type.instances.push_back(std::move(*instance));
    }
  };
  if (value.kind == Kind::integer) {
    if (type.spec.max_instances) {
      report.error(member.where, "`instances = N` and `max_instances` say the same thing",
                   "remove one of them");
    } else if (value.integer < 0 || value.integer > kCountMost) {
      report.error(value.where, "`instances` is out of range",
                   fmt::format("write a number from 0 to {}", kCountMost));
    } else {
      type.spec.max_instances = static_cast<std::uint32_t>(value.integer);
    }
  } else if (value.kind == Kind::array) {
    for (const Value& item : value.items) add(item);
  } else if (value.kind == Kind::table) {
    add(value);
  } else {
    report_kind(value, "`instances`", Kind::integer, kExample, report);
  }
}

void read_attributes(const Member& member, Report& report, TypeDraft& type) {
  if (member.value.members.size() > kAttributesPerTypeMax) {
    report.error(member.where,
                 fmt::format("a type can have at most {} attributes", kAttributesPerTypeMax),
                 "remove some of them");
    return;
  }
  for (const Member& attribute : member.value.members) {
    if (attribute.value.kind != Kind::string) {
      report_kind(attribute.value, fmt::format("`{}`", attribute.key), Kind::string,
                  "attributes = { \"vendor/resolution\" = \"640x480\" }", report);
      continue;
    }
    type.attributes.push_back(
        {Text(attribute.key, attribute.where), Text(attribute.value.text, attribute.value.where)});
  }
}

TypeDraft read_type(const Value& value, bool complete, Report& report) {
  TableReader table(value, "a type", complete, report);
  TypeDraft type;
  type.where = value.where;
  type.repeat = table.repeat();
  type.id = table.text("id", "id = \"222\"");
  type.name = table.text("name", "name = \"GRID T4-1B\"");
  type.description =
      table.text("description", "description = \"virtual display, 640x480 framebuffer\"");
  read_device_api(table, type.spec.device_api);
  type.has_device_api = value.find("device_api") != nullptr;
  type.modelled = read_modelled(table, value, ModelOwner::type);
  std::uint32_t limit = 0;
  if (table.integer("max_instances", {.most = kCountMost}, limit)) type.spec.max_instances = limit;
  if (const Member* instances = table.take("instances")) read_instances(*instances, table, type);
  table.integer("units", {.least = 1, .most = kCountMost}, type.spec.units);
  const Member* units = value.find("units");
  type.units_where = units != nullptr ? units->value.where : value.where;
  table.errc("exhausted", type.spec.exhausted);
  if (table.complete()) check_instances(type, value, report);
  if (const Member* attributes = table.take("attributes", Kind::table,
                                            "attributes = { \"vendor/resolution\" = \"640x480\" }"))
    read_attributes(*attributes, report, type);
  table.finish();

  if (value.find("id") == nullptr)
    table.missing("id", "write id = \"…\": the directory is called <driver>-<id>");
  if (const Member* exhausted = value.find("exhausted");
      exhausted != nullptr && !type.spec.max_instances && complete) {
    report.error(exhausted->where, "`exhausted` has no effect on a type without a limit of its own",
                 "add `max_instances = N`, or say it in the parent's pool: pool = { units = 24, "
                 "exhausted = \"ENOSPC\" }");
  }
  return type;
}

std::optional<PoolSpec> read_pool(const Member& member, bool complete, Report& report) {
  TableReader table(member.value, "a pool", complete, report);
  PoolSpec pool;
  const bool sized = table.integer("units", {.least = 1, .most = kCountMost}, pool.units);
  table.errc("exhausted", pool.exhausted);
  table.finish();
  if (member.value.find("units") == nullptr)
    table.missing("units", "write pool = { units = 24, exhausted = \"ENOSPC\" }");
  if (!sized) return std::nullopt;
  return pool;
}

// How much of the parent's pool each instance takes.
void settle_units(const ParentDraft& parent, bool may_have_pool, bool abbreviated, Report& report,
                  TypeDraft& type) {
  const bool stated = type.spec.units != 0;
  if (!parent.pool) {
    if (stated && !may_have_pool) {
      report.error(type.units_where, "`units` are taken from a pool, but the parent has none",
                   "add pool = { units = 24, exhausted = \"ENOSPC\" } to the parent");
    }
    return;
  }
  if (!stated) {
    type.spec.units = 1;
  } else if (abbreviated) {
    report.error(type.units_where,
                 "the parent's `max_instances` counts instances, so each takes one unit",
                 "write pool = { units = N, exhausted = \"EUSERS\" } instead of `max_instances`");
  } else if (type.spec.units > parent.pool->units) {
    report.error(type.units_where,
                 fmt::format("an instance would take {} units of a pool that has {}",
                             type.spec.units, parent.pool->units),
                 fmt::format("write at most {}, or enlarge the pool", parent.pool->units));
  }
}

}  // namespace

void read_device_api(TableReader& table, std::string& device_api) {
  const auto api = table.text("device_api", "device_api = \"vfio-pci\"");
  if (!api) return;
  if (std::find(kDeviceApis.begin(), kDeviceApis.end(), api->value) == kDeviceApis.end()) {
    table.report().error(api->where, "this is no device API of VFIO",
                         "write " + list_of({kDeviceApis.begin(), kDeviceApis.end()}));
    return;
  }
  device_api = api->value;
}

std::optional<ParentDraft> read_parent(TableReader& table) {
  Report& report = table.report();
  const Member* types =
      table.take("mdev_types", Kind::array, "mdev_types = [ { id = \"1\", instances = 4 } ]");
  const Member* pool =
      table.take("pool", Kind::table, "pool = { units = 24, exhausted = \"ENOSPC\" }");
  std::uint32_t limit = 0;
  const bool limited = table.integer("max_instances", {.most = kCountMost}, limit);
  ParentDraft parent;
  parent.mdev_driver = table.text("mdev_driver", "mdev_driver = \"nvidia-vgpu-vfio\"");
  if (pool != nullptr) parent.pool = read_pool(*pool, table.complete(), report);
  if (pool != nullptr && limited) {
    report.error(
        pool->where, "`pool` and `max_instances` both say how many instances fit",
        "remove one: max_instances = N is short for pool = { units = N, exhausted = \"EUSERS\" }");
  } else if (limited) {
    parent.pool = PoolSpec{.units = limit, .exhausted = Errc::users};
  }
  if (types == nullptr) {
    if (pool == nullptr && !limited && !parent.mdev_driver) return std::nullopt;
    table.missing("mdev_types",
                  "add mdev_types = [ … ], or remove what belongs to a parent of mediated devices");
    return std::nullopt;
  }
  if (types->value.items.empty() && table.complete()) {
    report.error(types->where, "a parent of mediated devices has at least one type",
                 "write mdev_types = [ { id = \"1\", instances = 4 } ], or remove the key");
  }
  for (const Value& item : types->value.items) {
    if (item.kind != Kind::table) {
      report_kind(item, "an item of `mdev_types`", Kind::table,
                  "mdev_types = [ { id = \"1\", instances = 4 } ]", report);
      continue;
    }
    TypeDraft type = read_type(item, table.complete(), report);
    const bool pool_is_unknown = pool != nullptr || !table.complete();
    settle_units(parent, pool_is_unknown, limited && pool == nullptr, report, type);
    parent.types.push_back(std::move(type));
  }
  return parent;
}

}  // namespace mdevsim::config
