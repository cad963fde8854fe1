// Formats of PCI attributes that several files show.
#pragma once

#include <string>

#include "sim/world/spec.h"

namespace mdevsim::sysfs {

std::string pci_modalias(const PciFunctionSpec& spec);

}  // namespace mdevsim::sysfs
