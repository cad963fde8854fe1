#include "fusefs/sysfs/places.h"

#include <optional>

#include "fusefs/sysfs/interfaces/table.h"
#include "fusefs/sysfs/kinds.h"
#include "fusefs/sysfs/path.h"
#include "fusefs/sysfs/uevent_files.h"
#include "sim/base/check.h"

namespace mdevsim::sysfs {

NodeId node_of(std::uint32_t host, const State& state, const ObjectRef& object) {
  switch (object.type) {
    case ObjectRef::Type::instance:
      return {host, Kind::instance, object.id};
    case ObjectRef::Type::pci_function:
      return {host, Kind::pci_function, object.id};
    case ObjectRef::Type::virtual_device:
      return {host, Kind::virtual_device, object.id};
    case ObjectRef::Type::vfio_device:
      return {host, Kind::vfio_device, object.id};
    case ObjectRef::Type::vfio_group:
      return {host, Kind::vfio_group, object.id};
    case ObjectRef::Type::bus:
      return {host, Kind::bus, object.id};
    case ObjectRef::Type::driver:
      return {host, Kind::driver, object.id};
    case ObjectRef::Type::module:
      return {host, Kind::module, object.id};
    case ObjectRef::Type::device_class:
      return {host, Kind::device_class, object.id};
    case ObjectRef::Type::pci_root:
      return {host, Kind::pci_root, object.id};
    case ObjectRef::Type::pci_bus:
      return {host, Kind::pci_bus, object.id};
    case ObjectRef::Type::mdev_type:
      return {host, Kind::mdev_type, object.id};
  }
  (void)state;
  return {};
}

namespace {

// What all nodes of an object that this very change made have in common. Whoever has seen its
// directories saw them as they are now, so the kernel need not ask again.
using Newcomer = std::optional<std::uint64_t>;

// Collects the places of one object.
class Places {
 public:
  Places(std::uint32_t host, const State& state, bool vanished, Newcomer newcomer,
         std::vector<Notice>& out)
      : host_(host), state_(state), vanished_(vanished), newcomer_(newcomer), out_(out) {}

  NodeId node(Kind kind, std::uint32_t object, std::uint32_t row = 0) const {
    return {host_, kind, object, row};
  }

  // The entry by which a directory shows this node. What is new needs no word: absence is never
  // cached.
  void entry(NodeId shown) {
    const NodeId directory = directory_of(state_, shown);
    if (vanished_) {
      std::string name;
      append_name(state_, shown, name);
      out_.emplace_back(ExpireEntry{directory, std::move(name)});
    }
    if (row_of(shown).type == NodeType::directory && directory.object_key() != newcomer_)
      out_.emplace_back(InvalidateAttributes{directory});
  }

  // Everything that a removed directory held directly: somebody may still stand in it.
  void contents(NodeId object) {
    if (!vanished_) return;
    const Table& table = table_of(object.kind());
    for (std::uint32_t row = 0; row < table.rows.size(); ++row) {
      if (table.rows[row].parent == kNoParent) continue;
      out_.emplace_back(
          ExpireEntry{object.at(table.rows[row].parent), std::string(table.rows[row].name)});
    }
    for (std::uint32_t row = 0; row < table.rows.size(); ++row) {
      if (table.rows[row].type == NodeType::directory)
        out_.emplace_back(InvalidateAttributes{object.at(row)});
    }
  }

  void gone(NodeId object) {
    if (vanished_) out_.emplace_back(ObjectGone{object});
  }

  // A named row of an object's own directory.
  void file(NodeId object, std::string_view name) {
    const Table& table = table_of(object.kind());
    for (std::uint32_t row = 0; row < table.rows.size(); ++row) {
      if (table.rows[row].name == name && table.rows[row].parent == 0) return entry(object.at(row));
    }
  }

  // A parent that has just been unregistered is no longer known to its device, but its record
  // stays.
  template <typename Matches>
  std::uint32_t latest_parent(Matches matches) const {
    std::uint32_t index = static_cast<std::uint32_t>(state_.parents.size());
    while (index > 0 && !matches(state_.parents[index - 1])) --index;
    CHECK(index > 0);
    return index - 1;
  }

  void instance(std::uint32_t id, Facet facet);
  void function(std::uint32_t id, Facet facet);
  void vfio_device(std::uint32_t owner, NodeId directory);
  void vfio_group(std::uint32_t owner);

 private:
  void vfio_debug(const ObjectRef& device);
  void vendor_files(std::uint32_t id);
  // They come and go with the driver.
  void interface_files(NodeId owner) {
    if (vanished_) interfaces::append_gone({state_, owner}, out_);
  }

  const std::uint32_t host_;
  const State& state_;
  const bool vanished_;
  const Newcomer newcomer_;
  std::vector<Notice>& out_;
};

void Places::vfio_device(std::uint32_t owner, NodeId directory) {
  const NodeId device = node(Kind::vfio_device, owner);
  vfio_debug(vfio_device_facts(state_, owner)->owner);
  entry(directory);
  entry(device);
  entry(device.at(vfio_device_row::class_link));
  gone(device);
}

void Places::vfio_debug(const ObjectRef& device) {
  const std::uint32_t object =
      device.type == ObjectRef::Type::instance ? device.id : kPhysical | (device.id & 0xffff);
  const NodeId directory = node(Kind::vfio_debug, object);
  const View view{state_, directory};
  if (!has_debug_vfio(view)) return;
  entry(directory);
  gone(directory);
}

void Places::vfio_group(std::uint32_t owner) {
  const NodeId group = node(Kind::vfio_group, owner);
  entry(group);
  entry(group.at(vfio_group_row::class_link));
  gone(group);
}

void Places::vendor_files(std::uint32_t id) {
  const auto& attributes = state_.spec_of(state_.instance(InstanceId(id))->type).attributes;
  for (std::uint32_t i = 0; i < attributes.size(); ++i) {
    const NodeId file(host_, Kind::instance, id, instance_row::attribute, i);
    const NodeId group = directory_of(state_, file);
    if (group.index() == i) entry(group);
    entry(file);
  }
}

void Places::instance(std::uint32_t id, Facet facet) {
  const NodeId self = node(Kind::instance, id);
  switch (facet) {
    case Facet::device:
      entry(self);
      entry(self.at(instance_row::bus_link));
      entry(node(Kind::simulated_device, id));
      contents(self);
      gone(self);
      gone(node(Kind::simulated_device, id));
      return;
    case Facet::type_links:
      file(self, "mdev_type");
      return entry(self.at(instance_row::type_link));
    case Facet::driver_link:
      file(self, "driver");
      entry(self.at(instance_row::driver_link));
      interface_files(self);
      return vendor_files(id);
    case Facet::iommu_group:
      file(self, "iommu_group");
      entry(node(Kind::iommu_group, id));
      return gone(node(Kind::iommu_group, id));
    case Facet::vfio_group:
      return vfio_group(id);
    case Facet::vfio_device:
      return vfio_device(id, self.at(instance_row::vfio_dev));
    case Facet::remove_file:
      return file(self, "remove");
    case Facet::leftovers:
      for (const char* name : {"power", "subsystem", "uevent"}) file(self, name);
      return entry(self.at(instance_row::bus_link));
    case Facet::parent:
      return;
  }
}

void Places::function(std::uint32_t id, Facet facet) {
  const NodeId self = node(Kind::pci_function, id);
  const PciFunction& function = state_.functions[id & 0xffff];
  switch (facet) {
    case Facet::device:
      entry(self);
      entry(self.at(function_row::bus_link));
      entry(self.at(function_row::group_link));
      entry(node(Kind::iommu_group, kPhysical | function.group));
      entry(node(Kind::simulated_device, kPhysical | (id & 0xffff)));
      contents(self);
      return gone(self);
    case Facet::driver_link:
      file(self, "driver");
      interface_files(self);
      return entry(self.at(function_row::driver_link));
    case Facet::parent:
      entry(node(Kind::mdev_types, latest_parent([&](const Parent& parent) {
                   return parent.function == (id & 0xffff);
                 })));
      return entry(self.at(function_row::class_link));
    case Facet::vfio_device:  // appears; it vanishes by its binding's own name
      return entry(self.at(function_row::vfio_dev));
    case Facet::vfio_group:
      return vfio_group(raw(state_.groups.at(function.group).vfio_binding));
    default:
      return;
  }
}

void append_places(Places places, const State& state, const ObjectRef& object, Facet facet) {
  switch (object.type) {
    case ObjectRef::Type::instance:
      return places.instance(object.id, facet);
    case ObjectRef::Type::pci_function:
      return places.function(object.id, facet);
    case ObjectRef::Type::vfio_device:
      return places.vfio_device(object.id,
                                directory_of(state, places.node(Kind::vfio_device, object.id)));
    case ObjectRef::Type::vfio_group:
      return places.vfio_group(object.id);
    case ObjectRef::Type::virtual_device: {
      if (facet != Facet::parent) return;
      places.entry(places.node(Kind::mdev_types, places.latest_parent([&](const Parent& parent) {
        return parent.virtual_device == VirtualId(object.id);
      })));
      return places.entry(places.node(Kind::virtual_device, object.id, virtual_row::mdev_bus_link));
    }
    default:
      return;
  }
}

// The metadata of another configuration has another size.
void append_metadata_notice(std::uint32_t host, const ObjectRef& device, std::vector<Notice>& out) {
  if (device.type == ObjectRef::Type::mdev_type) return;
  const std::uint32_t object =
      device.type == ObjectRef::Type::instance ? device.id : kPhysical | (device.id & 0xffff);
  out.emplace_back(InvalidateAttributes{
      NodeId(host, Kind::simulated_device, object, simulated_device_row::modinfo)});
}

}  // namespace

void append_notices(std::uint32_t host, const State& state, std::span<const Effect> effects,
                    std::vector<Notice>& out) {
  Newcomer newcomer;  // the latest: the rest of an object follows its directory
  for (const Effect& effect : effects) {
    if (const auto* event = std::get_if<Event>(&effect)) {
      if (auto uevent = make_uevent(host, state, *event)) out.emplace_back(std::move(*uevent));
    } else if (const auto* appeared = std::get_if<Appeared>(&effect)) {
      if (appeared->facet == Facet::device)
        newcomer = node_of(host, state, appeared->object).object_key();
      append_places({host, state, false, newcomer, out}, state, appeared->object, appeared->facet);
    } else if (const auto* vanished = std::get_if<Vanished>(&effect)) {
      append_places({host, state, true, newcomer, out}, state, vanished->object, vanished->facet);
    } else {
      const auto& changed = std::get<Reconfigured>(effect);
      interfaces::append_reconfigured({state, node_of(host, state, changed.object)},
                                      *changed.before, out);
      append_metadata_notice(host, changed.object, out);
    }
  }
}

}  // namespace mdevsim::sysfs
