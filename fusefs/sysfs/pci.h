// What several PCI attributes and the uevents have in common.
#pragma once

#include <string>
#include <string_view>

#include "fusefs/sysfs/table.h"
#include "sim/world/spec.h"

namespace mdevsim::sysfs {

std::string pci_modalias(const PciFunctionSpec& spec);

// The CPUs of the host, as a mask and as a list.
std::string pci_cpu_mask(std::uint32_t cpus);
std::string pci_cpu_list(std::uint32_t cpus);

// `rescan` of the bus, of a bus below it, and of a function: all find everything that was removed.
Result<Command> pci_rescan_store(const View& view, std::string_view bytes);

}  // namespace mdevsim::sysfs
