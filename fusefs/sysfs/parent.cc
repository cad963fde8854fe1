// Devices that offer mdev types: virtual ones, and what every parent has.
#include <array>

#include <fmt/format.h>

#include "fusefs/sysfs/interfaces/create_parameters.h"
#include "fusefs/sysfs/interfaces/table.h"
#include "fusefs/sysfs/kinds.h"
#include "fusefs/sysfs/power.h"
#include "fusefs/sysfs/uevent_files.h"

namespace mdevsim::sysfs {

NodeId device_node(const View& view, const Parent& parent) {
  if (parent.function) {
    return view.other(Kind::pci_function,
                      raw(view.state.id_of(view.state.functions[*parent.function])));
  }
  return view.other(Kind::virtual_device, raw(*parent.virtual_device));
}

void parent_children(const View& view, const Parent& parent, const ChildSink& sink) {
  sink("mdev_supported_types", view.other(Kind::mdev_types, raw(view.state.id_of(parent))));
  for (const auto& [index, type] : parent.types_in_use) {
    for (InstanceId id = type.first; id != InstanceId::none; id = view.state.instance(id)->next) {
      sink(view.state.instance(id)->uuid.to_string(), view.other(Kind::instance, raw(id)));
    }
  }
}

bool parent_find(const View& view, const Parent& parent, std::string_view name, NodeId& out) {
  if (name == "mdev_supported_types") {
    out = view.other(Kind::mdev_types, raw(view.state.id_of(parent)));
    return true;
  }
  const auto uuid = Uuid::parse(name);
  if (!uuid || uuid->to_string() != name) return false;
  const InstanceId id = view.state.instances.find_uuid(*uuid);
  if (id == InstanceId::none || view.state.parent_of(view.state.instance(id)->type) != &parent)
    return false;
  out = view.other(Kind::instance, raw(id));
  return true;
}

std::uint32_t parent_subdirectories(const Parent& parent) { return 1 + parent.instance_count; }

namespace {

// ---- virtual devices ----
const VirtualDevice& device_of(const View& view) {
  return view.state.virtual_devices[view.object()];
}
const Parent& parent_of(const View& view) {
  return view.state.parents[raw(*device_of(view).parent)];
}
bool device_alive(const View& view) { return view.object() < view.state.virtual_devices.size(); }
bool is_parent(const View& view) { return device_of(view).parent.has_value(); }
NodeId device_holder(const View& view) {
  return view.other(Kind::device_class, raw(device_of(view).device_class), class_row::glue);
}
void device_name(const View& view, std::string& out) { out += device_of(view).name; }
NodeId device_self(const View& view) { return view.node.at(virtual_row::self); }
NodeId device_class(const View& view) {
  return view.other(Kind::device_class, raw(device_of(view).device_class));
}
NodeId mdev_bus(const View& view) { return view.other(Kind::host, 0, host_row::mdev_bus); }
void device_children(const View& view, const ChildSink& sink) {
  if (is_parent(view)) parent_children(view, parent_of(view), sink);
}
bool device_find(const View& view, std::string_view name, NodeId& out) {
  return is_parent(view) && parent_find(view, parent_of(view), name, out);
}
std::uint32_t device_count(const View& view) {
  return is_parent(view) ? parent_subdirectories(parent_of(view)) : 0;
}

constexpr auto kVirtualRows = concat(
    std::array<Row, 5>{
        with_children(directory_in(device_holder, device_name), device_children, device_find,
                      device_count),
        link_in(device_class, device_name, device_self),
        link_in(mdev_bus, device_name, device_self, is_parent),
        link("subsystem", 0, device_class),
        read_write("uevent", 0, uevent_show<ObjectRef::Type::virtual_device>,
                   uevent_store<ObjectRef::Type::virtual_device>),
    },
    power_rows<ObjectRef::Type::virtual_device>(5));
static_assert(modes_match_callbacks(kVirtualRows));

// ---- mdev_supported_types: a bare kset, nothing but the types ----
const Parent& types_parent(const View& view) { return view.state.parents[view.object()]; }
bool types_alive(const View& view) {
  return view.object() < view.state.parents.size() && types_parent(view).registered;
}
NodeId types_holder(const View& view) { return device_node(view, types_parent(view)); }
void types_name(const View&, std::string& out) { out += "mdev_supported_types"; }
void types_children(const View& view, const ChildSink& sink) {
  const Parent& parent = types_parent(view);
  for (std::uint32_t i = 0; i < parent.spec->types.size(); ++i) {
    sink(view.state.type_directory(parent, i), view.other(Kind::mdev_type, parent.first_type + i));
  }
}
bool types_find(const View& view, std::string_view name, NodeId& out) {
  const Parent& parent = types_parent(view);
  if (name.size() <= parent.type_prefix.size() || !name.starts_with(parent.type_prefix) ||
      name[parent.type_prefix.size()] != '-') {
    return false;
  }
  name.remove_prefix(parent.type_prefix.size() + 1);
  const auto index = find_type(*parent.spec, name);
  if (index) out = view.other(Kind::mdev_type, parent.first_type + *index);
  return index.has_value();
}
std::uint32_t types_count(const View& view) {
  return static_cast<std::uint32_t>(types_parent(view).spec->types.size());
}

constexpr Row kTypesRows[] = {
    with_children(directory_in(types_holder, types_name), types_children, types_find, types_count),
};

// ---- a type ----
TypeId type_id(const View& view) { return TypeId(view.object()); }
const TypeSpec& type_spec(const View& view) { return view.state.spec_of(type_id(view)); }
bool type_alive(const View& view) {
  const Parent* parent = view.state.parent_of(type_id(view));
  return parent != nullptr && parent->registered;
}
NodeId type_holder(const View& view) {
  return view.other(Kind::mdev_types, raw(view.state.id_of(*view.state.parent_of(type_id(view)))));
}
void type_name(const View& view, std::string& out) {
  const Parent& parent = *view.state.parent_of(type_id(view));
  out += view.state.type_directory(parent, view.state.index_of(parent, type_id(view)));
}
Errc line(std::string& out, std::string_view text) {
  out += text;
  out += '\n';
  return Errc::ok;
}
Errc name_show(const View& view, std::string& out) { return line(out, type_spec(view).name); }
Errc device_api_show(const View& view, std::string& out) {
  return line(out, type_spec(view).device_api);
}
Errc description_show(const View& view, std::string& out) {
  return line(out, *type_spec(view).description);
}
bool has_description(const View& view) { return type_spec(view).description.has_value(); }
Errc available_instances_show(const View& view, std::string& out) {
  const Parent& parent = *view.state.parent_of(type_id(view));
  return line(out, std::to_string(
                       view.state.available(parent, view.state.index_of(parent, type_id(view)))));
}
Result<Command> create_store(const View& view, std::string_view bytes) {
  if (interfaces::has_own_create(view)) return interfaces::create_store(view, bytes);
  TRY_SET(const Uuid uuid, parse_create(bytes));
  return Create{type_id(view), uuid};
}

const Parent::TypeState* type_use(const View& view) {
  const Parent& parent = *view.state.parent_of(type_id(view));
  const auto at = parent.types_in_use.find(view.state.index_of(parent, type_id(view)));
  return at == parent.types_in_use.end() ? nullptr : &at->second;
}
// Of an instance, by the rule that its own row has.
bool is_linked(const View& view, InstanceId id, const Instance& instance) {
  return !instance.removing && view.state.is_typed(id);
}
void devices_children(const View& view, const ChildSink& sink) {
  const Parent::TypeState* use = type_use(view);
  for (InstanceId id = use == nullptr ? InstanceId::none : use->first; id != InstanceId::none;) {
    const Instance& instance = *view.state.instance(id);
    if (is_linked(view, id, instance))
      sink(instance.uuid.to_string(), view.other(Kind::instance, raw(id), instance_row::type_link));
    id = instance.next;
  }
}
bool devices_find(const View& view, std::string_view name, NodeId& out) {
  const auto uuid = Uuid::parse(name);
  if (!uuid || uuid->to_string() != name) return false;
  const InstanceId id = view.state.instances.find_uuid(*uuid);
  if (id == InstanceId::none) return false;
  const Instance& instance = *view.state.instance(id);
  out = view.other(Kind::instance, raw(id), instance_row::type_link);
  return instance.type == type_id(view) && is_linked(view, id, instance);
}

constexpr Row kTypeRows[] = {
    with_children(directory_in(type_holder, type_name), interfaces::children, interfaces::find,
                  interfaces::subdirectories),
    with_children(directory("devices", type_row::self), devices_children, devices_find),
    write_only("create", type_row::self, create_store),
    read_only("available_instances", type_row::self, available_instances_show),
    read_only("device_api", type_row::self, device_api_show),
    read_only("name", type_row::self, name_show),
    read_only("description", type_row::self, description_show, has_description),
};
static_assert(modes_match_callbacks(kTypeRows));

}  // namespace

const Table kVirtualDeviceTable = {kVirtualRows, device_alive};
const Table kMdevTypesTable = {kTypesRows, types_alive};
const Table kMdevTypeTable = {kTypeRows, type_alive};

}  // namespace mdevsim::sysfs
