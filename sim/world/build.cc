// From what a host file says to the state of a host whose drivers have just been loaded.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sim/base/check.h"
#include "sim/base/random.h"
#include "sim/world/change.h"
#include "sim/world/pci_config.h"
#include "sim/world/world.h"

namespace mdevsim {
namespace {

std::string module_name_of(std::string_view driver) {
  std::string name(driver);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

// What is given back is kept warm up to that, by each host.
constexpr std::uint64_t kWarmArenaBytesMax = std::uint64_t{256} << 20;

bool has_states(const HostSpec& spec) {
  if (spec.catalog == nullptr) return false;
  const auto& models = spec.catalog->models();
  return std::any_of(models.begin(), models.end(),
                     [](const model::DeviceModel& model) { return model.state().has_value(); });
}

class Builder {
 public:
  Builder(State& state, const HostSpec& spec)
      : state_(state), spec_(spec), change_(state, blocked_, ignored_, {}) {}

  Result<bool> build(const Clock& clock, std::shared_ptr<Executor> executor) {
    state_.name = spec_.name;
    state_.kernel = spec_.kernel;
    state_.cpus = spec_.cpus;
    state_.clock = &clock;
    state_.catalog = spec_.catalog;
    state_.has_states = has_states(spec_);
    state_.migratable = std::make_shared<MigratableDevices>(
        DeviceResources{.budget = std::make_shared<state::MemoryBudget>(spec_.state_memory_bytes),
                        .pool = std::make_shared<state::ArenaPool>(kWarmArenaBytesMax),
                        .executor = std::move(executor)});
    add_drivers();
    add_functions();
    add_groups();
    add_virtual_devices();
    bind_functions();
    ignored_ = {};
    TRY_SET([[maybe_unused]] const std::uint32_t first, state_.faults.add(spec_.faults));
    TRY_SET([[maybe_unused]] const bool added, add_instances());
    pull_out_functions();
    return true;
  }

 private:
  ModuleId module(std::string_view name) {
    if (const auto known = state_.module_named(name)) return *known;
    state_.modules.push_back({std::string(name)});
    return ModuleId(static_cast<std::uint32_t>(state_.modules.size() - 1));
  }

  Driver& driver(BusKind bus, const std::string& name, const std::string& module_name) {
    if (const auto known = state_.driver_named(bus, name)) return state_.drivers[raw(*known)];
    Driver made;
    made.bus = bus;
    made.name = name;
    made.module = module(module_name.empty() ? module_name_of(name) : module_name);
    made.vfio = bus == BusKind::pci && name.find("vfio") != std::string::npos;
    state_.drivers.push_back(std::move(made));
    return state_.drivers.back();
  }

  void add_drivers() {
    for (const DriverSpec& listed : spec_.drivers) {
      Driver& made = driver(BusKind::pci, listed.name, listed.module);
      for (const auto& [vendor, device] : listed.ids)
        made.ids.push_back({.vendor = vendor, .device = device});
    }
    if (!spec_.functions.empty()) driver(BusKind::pci, "vfio-pci", "vfio_pci");
    for (const PciFunctionSpec& function : spec_.functions) add_driver_of(function);
    for (const VirtualDeviceSpec& device : spec_.virtual_devices) {
      if (device.parent)
        add_mdev_driver(*device.parent, device.class_name);
      else
        module(device.class_name);
    }
  }

  void add_driver_of(const PciFunctionSpec& function) {
    if (function.driver.empty()) return;
    Driver& made = driver(BusKind::pci, function.driver, "");
    const PciId id{.vendor = function.vendor, .device = function.device};
    const bool known = std::find(made.ids.begin(), made.ids.end(), id) != made.ids.end();
    if (!made.vfio && !known) made.ids.push_back(id);
    if (function.parent) add_mdev_driver(*function.parent, function.driver);
  }

  void add_mdev_driver(const ParentSpec& parent, const std::string& default_name) {
    state_.has_mdev = true;
    driver(BusKind::mdev, parent.mdev_driver.empty() ? default_name : parent.mdev_driver,
           module_name_of(default_name));
  }

  void add_functions() {
    std::map<std::pair<std::uint16_t, std::uint8_t>, std::uint16_t> bridges;
    state_.functions.reserve(spec_.functions.size());
    for (const PciFunctionSpec& spec : spec_.functions) {
      PciFunction function;
      function.spec = spec;
      function.numa_node = spec.numa_node;
      if (spec.secondary_bus) {
        bridges[{spec.address.domain, *spec.secondary_bus}] =
            static_cast<std::uint16_t>(state_.functions.size());
      }
      state_.functions.push_back(std::move(function));
    }
    for (PciFunction& function : state_.functions) {
      const auto bridge = bridges.find({function.spec.address.domain, function.spec.address.bus});
      if (bridge != bridges.end()) function.bridge = bridge->second;
      assign_bars(function);
      function.config = make_pci_config(function.spec, function.bars);
    }
    for (PciFunction& function : state_.functions) function.root = root_of(function);
  }

  RootId root_of(const PciFunction& function) {
    const PciFunction* top = &function;
    while (top->bridge) top = &state_.functions[*top->bridge];
    const PciAddress& at = top->spec.address;
    for (std::size_t i = 0; i < state_.roots.size(); ++i) {
      if (state_.roots[i].domain == at.domain && state_.roots[i].bus == at.bus) {
        return RootId(static_cast<std::uint32_t>(i));
      }
    }
    state_.roots.push_back({at.domain, at.bus});
    return RootId(static_cast<std::uint32_t>(state_.roots.size() - 1));
  }

  void assign_bars(PciFunction& function) {
    for (const BarSpec& spec : function.spec.bars) {
      std::uint64_t& next = spec.kind == BarKind::io         ? next_io_
                            : spec.kind == BarKind::memory64 ? next_memory64_
                                                             : next_memory32_;
      Bar bar{spec, spec.base};
      if (bar.base == 0) {
        bar.base = (next + spec.size - 1) / spec.size * spec.size;
        next = bar.base + spec.size;
      }
      function.bars.push_back(bar);
    }
  }

  void add_groups() {
    std::uint32_t next = 0;
    for (PciFunction& function : state_.functions) {
      // Groups that the file does not number are numbered as the kernel finds the functions.
      function.group = function.spec.iommu_group.value_or(next);
      next = std::max(next, function.group + 1);
      IommuGroup& group = state_.groups[function.group];
      if (group.members.empty()) {
        group.spec = IommuGroupSpec{.number = function.group,
                                    .reserved_regions = {{0xfee00000, 0xfeefffff, "msi"}}};
        state_.group_numbers.take(function.group);
      }
      group.members.push_back(state_.index_of(function));
    }
    for (const IommuGroupSpec& spec : spec_.iommu_groups) {
      const auto group = state_.groups.find(spec.number);
      if (group != state_.groups.end()) group->second.spec = spec;
    }
  }

  void add_virtual_devices() {
    for (const VirtualDeviceSpec& spec : spec_.virtual_devices) {
      const auto known = std::find(state_.classes.begin(), state_.classes.end(), spec.class_name);
      const auto device_class = ClassId(static_cast<std::uint32_t>(known - state_.classes.begin()));
      if (known == state_.classes.end()) state_.classes.push_back(spec.class_name);
      state_.virtual_devices.push_back({spec.class_name, spec.name, device_class, std::nullopt});
      if (!spec.parent) continue;
      const auto id = VirtualId(static_cast<std::uint32_t>(state_.virtual_devices.size() - 1));
      change_.register_parent(change_.add_parent(spec.parent, std::nullopt, id, spec.class_name));
    }
  }

  void bind_functions() {
    for (PciFunction& function : state_.functions) {
      if (function.spec.driver.empty()) continue;
      const DriverId bound = *state_.driver_named(BusKind::pci, function.spec.driver);
      // VFIO drivers take only what is given to them by name.
      if (state_.drivers[raw(bound)].vfio) function.driver_override = function.spec.driver;
      function.enable_count = 1;
      change_.attach(state_.index_of(function), bound);
    }
  }

  Result<bool> add_instances() {
    for (const Parent& parent : state_.parents) {
      for (std::size_t t = 0; t < parent.spec->types.size(); ++t) {
        const auto type = TypeId(parent.first_type + static_cast<std::uint32_t>(t));
        for (const InstanceSpec& wanted : parent.spec->types[t].instances) {
          TRY_SET([[maybe_unused]] const bool added,
                  add_instances_of(type, raw(state_.id_of(parent)), wanted));
        }
      }
    }
    return true;
  }

  // Equal parents made by `repeat` draw different uuids from the same seed.
  Result<bool> add_instances_of(TypeId type, std::uint32_t parent, const InstanceSpec& wanted) {
    Random random(wanted.seed ^ (std::uint64_t{parent} << 32) ^ raw(type));
    for (std::uint32_t i = 0; i < wanted.count; ++i) {
      const Uuid uuid = wanted.uuid ? *wanted.uuid : random.next_uuid();
      const Errc errc =
          change_.create_instance(Create{type, uuid, wanted.configuration, wanted.units});
      ignored_ = {};
      if (errc == Errc::ok) continue;
      return fail(errc,
                  fmt::format("host {}: cannot create instance {} of type {} at the start: {}",
                              spec_.name, uuid.to_string(),
                              state_.type_directory(*state_.parent_of(type),
                                                    state_.index_of(*state_.parent_of(type), type)),
                              errc_meaning(errc)));
    }
    return true;
  }

  // What is yet to be plugged in is as one that was plugged out: a rescan finds it.
  void pull_out_functions() {
    for (const PciFunction& function : state_.functions) {
      if (!function.spec.plugged && function.present)
        change_(RemoveFunction{state_.id_of(function)});
    }
    ignored_ = {};
  }

  State& state_;
  const HostSpec& spec_;
  BlockedOperations blocked_;
  Outcome ignored_;  // nobody listens yet
  Change change_;
  std::uint64_t next_io_ = 0xc000;
  std::uint64_t next_memory32_ = 0xe0000000;
  std::uint64_t next_memory64_ = 0x380000000000;
};

}  // namespace

Result<std::unique_ptr<World>> World::build(const HostSpec& spec, const Clock& clock,
                                            std::shared_ptr<Executor> executor) {
  std::unique_ptr<World> world(new World(spec.name));
  const Writing writing(*world);
  TRY_SET([[maybe_unused]] const bool built,
          Builder(writing.state_, spec).build(clock, std::move(executor)));
  return world;
}

}  // namespace mdevsim
