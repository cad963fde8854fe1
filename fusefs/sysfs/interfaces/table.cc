#include "fusefs/sysfs/interfaces/table.h"

#include <algorithm>
#include <string>

#include "fusefs/sysfs/interfaces/subject.h"
#include "fusefs/sysfs/kinds.h"
#include "fusefs/sysfs/power.h"

namespace mdevsim::sysfs::interfaces {
namespace {

struct KindPair {
  Kind owner;
  Kind files;
};
constexpr KindPair kKinds[] = {{Kind::mdev_type, Kind::type_interfaces},
                               {Kind::instance, Kind::instance_interfaces},
                               {Kind::pci_function, Kind::function_interfaces}};

// ---- migration/ belongs to two proposals: it is there with either -------------------------------

bool has_directory(const View& view) {
  if (has(view, Interface::migration_params)) return true;
  return has(view, Interface::migration_info) && owner_of(view) != Owner::type;
}

// The entries of a directory that has one for each parameter, beside those of the table.
template <std::uint8_t kRow>
void parameter_children(const View& view, const ChildSink& sink) {
  const Subject subject = subject_of(view);
  const auto& parameters = subject.device_model().parameters();
  for (std::uint32_t i = 0; i < parameters.size(); ++i) {
    const NodeId node = view.node.at(kRow, i);
    if (row_of(node).visible(view.at(node))) sink(parameters[i].name, node);
  }
}
template <std::uint8_t kRow>
bool parameter_find(const View& view, std::string_view name, NodeId& out) {
  const auto place = subject_of(view).device_model().find_parameter(name);
  if (!place) return false;
  out = view.node.at(kRow, static_cast<std::uint32_t>(*place));
  return row_of(out).visible(view.at(out));
}

NodeId no_holder(const View& view) { return owner_node(view); }
void no_name(const View&, std::string&) {}

constexpr Row migration_directory() {
  return with_children(in_owner(directory("migration", kNoParent, has_directory)),
                       parameter_children<row::migration_parameter>,
                       parameter_find<row::migration_parameter>);
}

Row staged_directory() {
  return with_children(kStaged, parameter_children<row::staged_parameter>,
                       parameter_find<row::staged_parameter>);
}

// The proposals' arrays are constants of their own files; they are there before this is made.
const std::array kRows = [] {
  const std::array<Row, row::first_file> head = {directory_in(no_holder, no_name),
                                                 migration_directory(),
                                                 staged_directory(),
                                                 kParameter,
                                                 kWritableParameter,
                                                 kAdvertisedParameter,
                                                 kCompatibleParameter,
                                                 kMigrationParameter,
                                                 kStagedParameter};
  const auto with_2020 = concat(concat(concat(concat(head, kExposure), kTypeAttributes),
                                       concat(kCreateParameters, kAggregation)),
                                kConfigParams);
  return concat(with_2020, concat(concat(kMigrationInfo, kMigrationParams),
                                  concat(kMigrationVersion, kSoftwareVersion)));
}();

// Rows for each parameter that lie in the owner's own directory.
constexpr std::uint8_t kOwnParameterRows[] = {row::parameter, row::writable_parameter,
                                              row::advertised_parameter};
constexpr std::string_view kCompatiblePrefix = "compatible_";

bool is_file_of_owner(const Row& row) { return row.holder == owner_node && !row.name.empty(); }

const ModelledSpec* shown_spec(const View& files) {
  const ModelledSpec* spec = files.state.modelled_spec(object_of(files));
  return spec == nullptr || spec->interfaces.empty() ? nullptr : spec;
}

// A type shows its files while it exists, devices theirs while they have their driver.
bool is_shown(const View& files) {
  if (shown_spec(files) == nullptr) return false;
  switch (owner_of(files)) {
    case Owner::type: {
      const Parent* parent = files.state.parent_of(TypeId(files.object()));
      return parent != nullptr && parent->registered;
    }
    case Owner::instance: {
      const Instance* instance = files.state.instances.find(InstanceId(files.object()));
      return instance != nullptr && instance->bound && !instance->removing && !instance->unbinding;
    }
    case Owner::function:
      break;
  }
  const PciFunction* function = files.state.function(FunctionId(files.object()));
  return function != nullptr && function->driver && !function->unbinding;
}

// A parameter's own name may belong to one of several rows.
bool is_first_of_name(std::uint32_t row) {
  return row == kOwnParameterRows[0] || row == row::compatible_parameter || row == row::migration;
}

// Calls visit(name, node) for every file that some configuration shows in the owner's directory.
template <typename Visit>
void for_each_possible(const View& files, const Visit& visit) {
  for (std::uint32_t i = 1; i < kRows.size(); ++i) {
    if (is_file_of_owner(kRows[i])) visit(kRows[i].name, files.node.at(i));
  }
  const auto& parameters = shown_spec(files)->model->parameters();
  for (std::uint32_t p = 0; p < parameters.size(); ++p) {
    for (const std::uint8_t row : kOwnParameterRows)
      visit(parameters[p].name, files.node.at(row, p));
    visit(std::string(kCompatiblePrefix) + parameters[p].name,
          files.node.at(row::compatible_parameter, p));
  }
}

}  // namespace

Kind owner_kind(Kind files) {
  const auto* const found = std::find_if(std::begin(kKinds), std::end(kKinds),
                                         [&](const KindPair& pair) { return pair.files == files; });
  return found->owner;
}

NodeId files_of(NodeId owner, std::uint32_t row, std::uint32_t index) {
  const auto* const found =
      std::find_if(std::begin(kKinds), std::end(kKinds),
                   [&](const KindPair& pair) { return pair.owner == owner.kind(); });
  return {owner.host(), found->files, owner.object(), row, index};
}

void children(const View& owner, const ChildSink& sink) {
  const View files = owner.at(files_of(owner.node));
  if (!is_shown(files)) return;
  for_each_possible(files, [&](std::string_view name, NodeId node) {
    const Row& row = row_of(node);
    if (row.visible == nullptr || row.visible(files.at(node))) sink(name, node);
  });
}

bool find(const View& owner, std::string_view name, NodeId& out) {
  const View files = owner.at(files_of(owner.node));
  if (!is_shown(files)) return false;
  const auto is_there = [&](NodeId node) {
    const Row& row = row_of(node);
    if (row.visible != nullptr && !row.visible(files.at(node))) return false;
    out = node;
    return true;
  };
  for (std::uint32_t i = 1; i < kRows.size(); ++i) {
    if (is_file_of_owner(kRows[i]) && kRows[i].name == name && is_there(files.node.at(i)))
      return true;
  }
  const model::DeviceModel& model = *shown_spec(files)->model;
  if (const auto place = model.find_parameter(name)) {
    for (const std::uint8_t row : kOwnParameterRows) {
      if (is_there(files.node.at(row, static_cast<std::uint32_t>(*place)))) return true;
    }
  }
  if (!name.starts_with(kCompatiblePrefix)) return false;
  const auto place = model.find_parameter(name.substr(kCompatiblePrefix.size()));
  return place &&
         is_there(files.node.at(row::compatible_parameter, static_cast<std::uint32_t>(*place)));
}

std::uint32_t subdirectories(const View& owner) {
  const View files = owner.at(files_of(owner.node));
  return is_shown(files) && has_directory(files) ? 1 : 0;
}

void append_gone(const View& owner, std::vector<Notice>& out) {
  const View files = owner.at(files_of(owner.node));
  if (shown_spec(files) == nullptr) return;
  for_each_possible(files, [&](std::string_view name, NodeId node) {
    if (node.row() >= row::first_file || is_first_of_name(node.row()))
      out.emplace_back(ExpireEntry{owner.node, std::string(name)});
  });
  out.emplace_back(InvalidateAttributes{owner.node});
  out.emplace_back(ObjectGone{files.node});
}

void append_reconfigured(const View& owner, const model::Configuration& before,
                         std::vector<Notice>& out) {
  const View files = owner.at(files_of(owner.node));
  if (!is_shown(files)) return;
  const auto now = subject_of(files);
  for (std::uint32_t i = 0; i < before.values.size(); ++i) {
    if (before.values[i].is_absent() || !now.value(i).is_absent()) continue;
    const std::string& name = now.parameter(i).name;
    out.emplace_back(ExpireEntry{owner.node, name});
    out.emplace_back(ExpireEntry{owner.node, std::string(kCompatiblePrefix) + name});
    out.emplace_back(ExpireEntry{files.node.at(row::migration), name});
    out.emplace_back(ExpireEntry{files.node.at(row::staged), name});
  }
  for (std::uint32_t i = row::first_file; i < kRows.size(); ++i) {
    if (kRows[i].file != FileKind::binary) continue;
    out.emplace_back(ExpireEntry{owner.node, std::string(kRows[i].name)});  // or it is text now
    out.emplace_back(InvalidateAttributes{files.node.at(i)});
  }
}

}  // namespace mdevsim::sysfs::interfaces

namespace mdevsim::sysfs {

const Table kInterfacesTable = {interfaces::kRows, interfaces::is_shown};

}  // namespace mdevsim::sysfs
