#include "fusefs/sysfs/tree.h"

#include <algorithm>
#include <variant>

#include "fusefs/sysfs/kinds.h"
#include "fusefs/sysfs/name_hash.h"
#include "fusefs/sysfs/parse.h"
#include "fusefs/sysfs/path.h"
#include "fusefs/sysfs/places.h"
#include "fusefs/sysfs/simulated_device.h"
#include "sim/base/limits.h"
#include "sim/world/world.h"

namespace mdevsim::sysfs {

const Table& table_of(Kind kind) {
  static constexpr const Table* kTables[] = {
      nullptr,           &kForestTable,          &kHostTable,          &kBusTable,
      &kDriverTable,     &kModuleTable,          &kDeviceClassTable,   &kPciRootTable,
      &kPciBusTable,     &kPciFunctionTable,     &kVirtualDeviceTable, &kMdevTypesTable,
      &kMdevTypeTable,   &kInstanceTable,        &kVfioDeviceTable,    &kIommuGroupTable,
      &kVfioGroupTable,  &kSimulatedDeviceTable, &kVfioDebugTable,     &kInterfacesTable,
      &kInterfacesTable, &kInterfacesTable,
  };
  static_assert(std::size(kTables) == static_cast<std::size_t>(kLastKind) + 1);
  return *kTables[static_cast<std::size_t>(kind)];
}

namespace {

constexpr NodeId kForest(0, Kind::forest, 0);

// Addresses come from outside: only those that a table knows are looked at.
bool is_address(NodeId node) {
  const auto kind = static_cast<std::size_t>(node.kind());
  if (kind == 0 || kind > static_cast<std::size_t>(kLastKind)) return false;
  return node.row() < table_of(node.kind()).rows.size();
}

// A row is there while its object, its directory and itself are.
bool is_alive(const View& view) {
  if (!table_of(view.node.kind()).alive(view)) return false;
  const Row* row = &row_of(view.node);
  if (row->visible != nullptr && !row->visible(view)) return false;
  while (row->parent != kNoParent && row->parent != 0) {
    row = &table_of(view.node.kind()).rows[row->parent];
    if (row->visible != nullptr && !row->visible(view)) return false;
  }
  return true;
}

// An instance, and its directory among the simulated devices, can still be named for a while when
// it has been removed.
bool is_remembered(const View& view) {
  const bool is_instances =
      view.node.kind() == Kind::instance ||
      (view.node.kind() == Kind::simulated_device && (view.object() & kPhysical) == 0);
  return is_instances && view.state.instance(InstanceId(view.object())) != nullptr;
}

bool can_be_named(const View& view) {
  return table_of(view.node.kind()).alive(view) || is_remembered(view);
}

std::uint32_t count_subdirectories(const View& view, const Row& row) {
  std::uint32_t count = row.subdirectories != nullptr ? row.subdirectories(view) : 0;
  for (const Row& other : table_of(view.node.kind()).rows) {
    if (other.type != NodeType::directory || other.parent != view.node.row()) continue;
    if (other.visible == nullptr || other.visible(view)) ++count;
  }
  return count;
}

// What a name in a directory leads to is alive, or it would not have been found.
Stat stat_of(const View& view, bool alive) {
  const Row& row = row_of(view.node);
  Stat out;
  out.type = row.type;
  out.file = row.file;
  out.mode = row.mode;
  out.alive = alive;
  if (row.type == NodeType::directory) {
    out.nlink = 2 + (alive ? count_subdirectories(view, row) : 0);
  } else if (row.type == NodeType::attribute && row.file == FileKind::text) {
    out.size = kAttributeSize;
  } else if (row.file == FileKind::binary && alive) {
    out.size = row.size(view);
  }
  return out;
}

bool find_child(const View& view, std::string_view name, NodeId& out) {
  const std::span<const Row> rows = table_of(view.node.kind()).rows;
  for (std::uint32_t i = 1; i < rows.size(); ++i) {
    if (rows[i].parent != view.node.row() || rows[i].name != name) continue;
    out = view.node.at(i);
    return rows[i].visible == nullptr || rows[i].visible(view);
  }
  const Row& row = row_of(view.node);
  return row.find != nullptr && row.find(view, name, out);
}

void add_entry(std::vector<DirectoryEntry>& out, std::string_view name, NodeId node) {
  out.push_back({name_hash(name), std::string(name), node, row_of(node).type});
}

void sort_entries(std::vector<DirectoryEntry>& entries) {
  std::sort(entries.begin(), entries.end(), [](const DirectoryEntry& a, const DirectoryEntry& b) {
    return a.hash != b.hash ? a.hash < b.hash : a.name < b.name;
  });
}

// The fault rules about events, applied to the events among the notices.
void strike_events(World::Writing& writing, std::vector<Notice>& notices) {
  if (writing.state().faults.empty()) return;
  std::erase_if(notices, [&](Notice& notice) {
    auto* const uevent = std::get_if<Uevent>(&notice);
    if (uevent == nullptr) return false;
    const auto fault = writing.decide(
        {.point = model::FaultPoint::event, .path = uevent->devpath, .action = uevent->action});
    uevent->doubled = fault.event == model::EventFate::doubled;
    uevent->delay_ms = fault.delay_ms;
    return fault.event == model::EventFate::lost;
  });
}

Batch make_batch(std::uint32_t host, World::Writing& writing, const Outcome& outcome) {
  const State& state = writing.state();
  Batch batch;
  batch.host = host;
  batch.reply_delay_ms = outcome.reply_delay_ms;
  batch.notices.reserve(outcome.effects.size() * 4);  // a removal's are more
  append_notices(host, state, outcome.effects, batch.notices);
  strike_events(writing, batch.notices);
  for (const Finished& finished : outcome.finished) {
    batch.completions.push_back({{finished.waiter.request, finished.waiter.bytes}, finished.errc});
  }
  return batch;
}

// What a log says of it.
std::string refusal(const View& view, const std::string& why) {
  std::string text;
  append_path(view.state, view.node, text);
  return why.empty() ? text : text + ": " + why;
}

}  // namespace

struct Tree::Impl {
  std::vector<std::unique_ptr<World>> worlds;
  BatchSink& sink;

  const World* world_of(NodeId node) const {
    return is_address(node) && node.host() < worlds.size() ? worlds[node.host()].get() : nullptr;
  }
  bool several() const { return worlds.size() > 1; }
  NodeId host_root(std::size_t index) const {
    return {static_cast<std::uint32_t>(index), Kind::host, 0};
  }

  void list_hosts(std::vector<DirectoryEntry>& out) const {
    for (std::size_t i = 0; i < worlds.size(); ++i) add_entry(out, worlds[i]->name(), host_root(i));
    sort_entries(out);
  }
  // Both change the world under its lock; what comes after the lock is the caller's. True, or not
  // answered: a batch was posted.
  Stored store(NodeId attribute, std::string_view bytes, std::uint64_t offset, Ticket ticket);
  // The device of a file that works on its state.
  Result<std::shared_ptr<MigratableDevice>> device_of(NodeId node) const;
  model::FaultDecision fault_about(const DeviceFile& file, const MigratableDevice& device,
                                   NodeId attribute, std::string_view bytes) const;
  Errc show(const DeviceFile& file, NodeId attribute, std::string& out) const;
  Stored store(const DeviceFile& file, NodeId attribute, std::string_view bytes,
               const OpenedFile& opened) const;
  Stored open(NodeId attribute, Access access, OpenedFile& file);
  bool release(NodeId attribute);

  Stat forest_stat() const {
    Stat out;
    out.mode = 0555;
    out.nlink = 2 + static_cast<std::uint32_t>(worlds.size());
    return out;
  }
};

Stored Tree::Impl::store(NodeId attribute, std::string_view bytes, std::uint64_t offset,
                         Ticket ticket) {
  World::Writing writing(*worlds[attribute.host()]);
  const View view{writing.state(), attribute};
  if (!is_alive(view)) return {true, Errc::no_device};
  const Row& row = row_of(attribute);
  if (row.store == nullptr && row.write == nullptr) return {true, Errc::io};
  const Result<Command> command =
      row.store != nullptr ? row.store(view, bytes) : row.write(view, bytes, offset);
  if (!command) return {true, command.error().code, refusal(view, command.error().why)};

  const Outcome outcome = writing.apply(*command, {ticket.request, ticket.bytes});
  const std::string why = outcome.errc == Errc::ok ? std::string() : refusal(view, outcome.why);
  if (outcome.effects.empty() && outcome.finished.empty() && !outcome.waits &&
      outcome.reply_delay_ms == 0)
    return {true, outcome.errc, why};
  // Queued under the lock, so that effects leave in the order of the changes.
  Batch batch = make_batch(attribute.host(), writing, outcome);
  if (!outcome.waits) batch.completions.push_back({ticket, outcome.errc});
  sink.post(std::move(batch));
  return {false, outcome.errc, why};
}

Result<std::shared_ptr<MigratableDevice>> Tree::Impl::device_of(NodeId node) const {
  const World* world = world_of(node);
  if (world == nullptr || node.kind() != Kind::simulated_device) return fail(Errc::invalid);
  const World::Reading reading(*world);
  const View view{reading.state(), node};
  auto device = is_alive(view) ? migratable_device(view) : nullptr;
  if (device == nullptr) return fail(Errc::no_device, "the device is gone, or has no VFIO driver");
  return device;
}

model::FaultDecision Tree::Impl::fault_about(const DeviceFile& file, const MigratableDevice& device,
                                             NodeId attribute, std::string_view bytes) const {
  const auto point = file.point == nullptr ? std::nullopt : file.point(device, bytes);
  if (!point) return {};
  World::Writing writing(*worlds[attribute.host()]);
  const View view{writing.state(), attribute};
  if (!is_alive(view)) return {};
  std::string name;
  simulated_device_name(view, name);
  return writing.decide({.point = *point, .device = name});
}

Errc Tree::Impl::show(const DeviceFile& file, NodeId attribute, std::string& out) const {
  const auto device = device_of(attribute);
  if (!device) return device.error().code;
  const Result<void> shown = file.show(**device, out);
  return shown ? Errc::ok : shown.error().code;
}

Stored Tree::Impl::store(const DeviceFile& file, NodeId attribute, std::string_view bytes,
                         const OpenedFile& opened) const {
  const auto device = device_of(attribute);
  if (!device) return {true, device.error().code, device.error().why};
  const auto asker =
      opened.keeps != nullptr ? MigratableDevice::Asker::holder : MigratableDevice::Asker::anybody;
  // A rule does not count what is refused anyway.
  if (const auto allowed = (*device)->allows(asker); file.point != nullptr && !allowed)
    return {true, allowed.error().code, allowed.error().why};
  const auto fault = fault_about(file, **device, attribute, bytes);
  if (fault.errc)
    return {true, *fault.errc, "fault rule " + std::to_string(fault.rule), fault.delay_ms};
  Result<void> stored;
  const Result<std::uint64_t> number =
      file.store_with == nullptr ? fail(Errc::invalid) : parse_unsigned(bytes);
  if (number) {
    const auto other = device_of(NodeId(*number));
    if (!other) return {true, other.error().code, other.error().why};
    stored = file.store_with(**device, **other);
  } else {
    stored = file.store(**device, bytes, asker);
  }
  if (!stored) return {true, stored.error().code, stored.error().why, fault.delay_ms};
  return {.delay_ms = fault.delay_ms};
}

Stored Tree::Impl::open(NodeId attribute, Access access, OpenedFile& file) {
  Result<Opening> opening;  // what it keeps is let go without the lock, should the command fail
  World::Writing writing(*worlds[attribute.host()]);
  const View view{writing.state(), attribute};
  if (!is_alive(view)) return {true, Errc::no_device};
  opening = row_of(attribute).opened(view, access);
  if (!opening) return {true, opening.error().code, refusal(view, opening.error().why)};
  const bool counts = !std::holds_alternative<Nothing>(opening->command);
  if (counts) {
    const Outcome outcome = writing.apply(opening->command, {});
    if (outcome.errc != Errc::ok) return {true, outcome.errc, refusal(view, outcome.why)};
  }
  file = std::move(opening->file);
  file.counts = counts;
  return {};
}

bool Tree::Impl::release(NodeId attribute) {
  World::Writing writing(*worlds[attribute.host()]);
  const View view{writing.state(), attribute};
  // The device may have lost its last traces meanwhile, but its record lives while it is held.
  if (!table_of(attribute.kind()).alive(view)) return false;
  const Outcome outcome = writing.apply(row_of(attribute).released(view), {});
  if (outcome.effects.empty() && outcome.finished.empty()) return false;
  sink.post(make_batch(attribute.host(), writing, outcome));
  return true;
}

Tree::Tree(std::vector<std::unique_ptr<World>> worlds, BatchSink& sink)
    : impl_(new Impl{std::move(worlds), sink}) {}

Tree::~Tree() = default;

NodeId Tree::root() const { return impl_->several() ? kForest : impl_->host_root(0); }

Errc Tree::lookup(NodeId directory, std::string_view name, Entry& out) const {
  if (directory == kForest) {
    for (std::size_t i = 0; i < impl_->worlds.size(); ++i) {
      if (impl_->worlds[i]->name() != name) continue;
      out.node = impl_->host_root(i);
      return stat(out.node, out.stat);
    }
    return Errc::no_entry;
  }
  const World* world = impl_->world_of(directory);
  if (world == nullptr) return Errc::no_entry;
  const World::Reading reading(*world);
  const View view{reading.state(), directory};
  if (!is_alive(view) || !find_child(view, name, out.node)) return Errc::no_entry;
  out.stat = stat_of(view.at(out.node), true);
  return Errc::ok;
}

Errc Tree::stat(NodeId node, Stat& out) const {
  if (node == kForest) {
    out = impl_->forest_stat();
    return Errc::ok;
  }
  const World* world = impl_->world_of(node);
  if (world == nullptr) return Errc::no_entry;
  const World::Reading reading(*world);
  const View view{reading.state(), node};
  out = stat_of(view, is_alive(view));
  return Errc::ok;
}

Errc Tree::list(NodeId directory, std::vector<DirectoryEntry>& out) const {
  out.clear();
  if (directory == kForest) {
    impl_->list_hosts(out);
    return Errc::ok;
  }
  const World* world = impl_->world_of(directory);
  if (world == nullptr) return Errc::no_entry;
  if (row_of(directory).type != NodeType::directory) return Errc::not_directory;
  {
    const World::Reading reading(*world);
    const View view{reading.state(), directory};
    if (!is_alive(view)) return Errc::ok;
    const std::span<const Row> rows = table_of(directory.kind()).rows;
    for (std::uint32_t i = 1; i < rows.size(); ++i) {
      if (rows[i].parent != directory.row()) continue;
      if (rows[i].visible == nullptr || rows[i].visible(view))
        add_entry(out, rows[i].name, directory.at(i));
    }
    const Row& row = row_of(directory);
    if (row.children != nullptr) {
      row.children(view, [&](std::string_view name, NodeId node) { add_entry(out, name, node); });
    }
  }
  sort_entries(out);
  return Errc::ok;
}

NodeId Tree::parent_of(NodeId directory) const {
  if (directory == root()) return directory;
  if (directory.kind() == Kind::host && directory.row() == 0) return kForest;
  const World* world = impl_->world_of(directory);
  if (world == nullptr) return root();
  const World::Reading reading(*world);
  const View view{reading.state(), directory};
  return is_alive(view) ? directory_of(reading.state(), directory) : root();
}

Errc Tree::readlink(NodeId node, std::string& out) const {
  const World* world = impl_->world_of(node);
  if (world == nullptr) return Errc::no_entry;
  if (row_of(node).type != NodeType::link) return Errc::invalid;
  const World::Reading reading(*world);
  const View view{reading.state(), node};
  // A link of a removed instance that somebody holds open still tells where it pointed.
  if (!is_remembered(view) && !is_alive(view)) return Errc::no_entry;
  append_link_text(reading.state(), node, row_of(node).target(view), out);
  return Errc::ok;
}

Errc Tree::path(NodeId node, std::string& out) const {
  if (node == kForest) {
    out += '/';
    return Errc::ok;
  }
  if (const World* world = impl_->world_of(node)) {
    const World::Reading reading(*world);
    const View view{reading.state(), node};
    if (can_be_named(view)) {
      const std::size_t before = out.size();
      append_path(reading.state(), node, out);
      if (out.size() == before) out += '/';
      return Errc::ok;
    }
  }
  out += '?';
  return Errc::no_entry;
}

std::string_view Tree::host_name(NodeId node) const {
  const World* world = node == kForest ? nullptr : impl_->world_of(node);
  return world == nullptr ? std::string_view() : world->name();
}

Errc Tree::show(NodeId attribute, std::string& out) const {
  const World* world = impl_->world_of(attribute);
  if (world == nullptr) return Errc::no_device;
  const Row& row = row_of(attribute);
  if (row.device != nullptr && row.device->show != nullptr)
    return impl_->show(*row.device, attribute, out);
  const World::Reading reading(*world);
  const View view{reading.state(), attribute};
  if (!is_alive(view)) return Errc::no_device;
  if (row.show == nullptr) return Errc::io;
  const Errc errc = row.show(view, out);
  if (out.size() > kShowBytesMax) out.resize(kShowBytesMax);
  return errc;
}

Errc Tree::read(NodeId attribute, std::uint64_t offset, std::size_t size, const Caller& caller,
                std::string& out) const {
  const World* world = impl_->world_of(attribute);
  if (world == nullptr) return Errc::no_device;
  const World::Reading reading(*world);
  const View view{reading.state(), attribute};
  if (!is_alive(view)) return Errc::no_device;
  const Row& row = row_of(attribute);
  return row.read == nullptr ? Errc::io : row.read(view, offset, size, caller, out);
}

Stored Tree::store(NodeId attribute, std::string_view bytes, std::uint64_t offset, const Caller&,
                   Ticket ticket, const OpenedFile& file) {
  if (impl_->world_of(attribute) == nullptr) return {true, Errc::no_device};
  if (const DeviceFile* device = row_of(attribute).device; device != nullptr) {
    if (device->store == nullptr) return {true, Errc::io};
    Stored stored = impl_->store(*device, attribute, bytes, file);
    if (stored.errc != Errc::ok) {
      std::string where;
      path(attribute, where);
      stored.why = where + ": " + stored.why;
    }
    return stored;
  }
  const Stored stored = impl_->store(attribute, bytes, offset, ticket);
  if (!stored.answered) impl_->sink.posted();
  return stored;
}

bool Tree::has_operation_faults(NodeId node) const {
  const World* world = node == kForest ? nullptr : impl_->world_of(node);
  return world != nullptr && world->has_operation_faults();
}

model::FaultDecision Tree::begin(NodeId node, std::string_view operation, std::string_view name,
                                 const std::function<std::string()>& command) {
  if (!has_operation_faults(node)) return {};
  World& world = *impl_->worlds[node.host()];
  bool asks_for_command = false;
  {
    const World::Reading reading(world);
    if (!reading->faults.awaits(operation)) return {};
    asks_for_command = reading->faults.asks_for_command(operation);
  }
  // It reads a file: not under the lock.
  const std::string asking = asks_for_command ? command() : std::string();
  World::Writing writing(world);
  const View view{writing.state(), node};
  if (!can_be_named(view)) return {};
  std::string path;
  append_path(writing.state(), node, path);
  if (!name.empty() || path.empty()) (path += '/') += name;
  return writing.decide({.operation = operation, .path = path, .command = asking});
}

bool Tree::vanish(NodeId node) {
  if (impl_->world_of(node) == nullptr) return false;
  World::Writing writing(*impl_->worlds[node.host()]);
  if (!is_remembered(View{writing.state(), node})) return false;
  const Outcome outcome = writing.vanish(InstanceId(node.object()));
  if (outcome.effects.empty()) return false;
  impl_->sink.post(make_batch(node.host(), writing, outcome));
  impl_->sink.posted();
  return true;
}

Stored Tree::opened(NodeId attribute, const Caller&, Access access, OpenedFile& file) {
  if (impl_->world_of(attribute) == nullptr) return {true, Errc::no_device};
  if (row_of(attribute).opened == nullptr) return {};
  return impl_->open(attribute, access, file);
}

void Tree::released(NodeId attribute, OpenedFile file) {
  const bool counts = file.counts;
  file = {};
  if (counts && impl_->release(attribute)) impl_->sink.posted();
}

}  // namespace mdevsim::sysfs
