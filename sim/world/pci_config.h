// The configuration space of a simulated PCI function: a type 0 or 1 header and the capabilities
// that tools decode.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "sim/world/objects.h"

namespace mdevsim {

// 256 bytes, or 4096 with a PCI Express capability when the spec says so.
std::vector<std::uint8_t> make_pci_config(const PciFunctionSpec& spec,
                                          const std::vector<Bar>& bars);

// Changes what hardware lets software change: command, cache line size, latency, interrupt line.
// The rest is ignored.
void write_pci_config(std::vector<std::uint8_t>& config, std::uint64_t offset,
                      std::string_view bytes);

// The IORESOURCE_* flags that the kernel prints in `resource`.
std::uint64_t resource_flags(const Bar& bar);

}  // namespace mdevsim
