// What /sys/kernel/mdevsim/devices and the kernel's /sys/kernel/debug/vfio share: both have a
// directory for each device, by its name.
#pragma once

#include <memory>
#include <string>

#include "fusefs/sysfs/table.h"
#include "sim/world/migratable.h"

namespace mdevsim::sysfs {

bool is_simulated_device(const View& view);  // whether it exists (still)
void simulated_device_name(const View& view, std::string& out);
ObjectRef simulated_device(const View& view);

// Whether its model says what state it has.
bool has_state(const View& view);
// Null when it has no state, or no VFIO driver.
std::shared_ptr<MigratableDevice> migratable_device(const View& view);

// The migration state; of a device that nobody has asked for it, RUNNING.
Errc migration_state_show(const View& view, std::string& out);
Errc migration_features_show(const View& view, std::string& out);

}  // namespace mdevsim::sysfs
