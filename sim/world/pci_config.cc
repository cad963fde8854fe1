#include "sim/world/pci_config.h"

#include <algorithm>
#include <cstddef>

namespace mdevsim {
namespace {

// Offsets of the PCI Local Bus Specification 3.0, chapter 6, and of the PCI Express Base
// Specification.
constexpr std::size_t kCommand = 0x04;
constexpr std::size_t kStatus = 0x06;
constexpr std::size_t kCacheLineSize = 0x0c;
constexpr std::size_t kLatencyTimer = 0x0d;
constexpr std::size_t kHeaderType = 0x0e;
constexpr std::size_t kBars = 0x10;
constexpr std::size_t kBusNumbers = 0x18;  // of a bridge: primary, secondary, subordinate
constexpr std::size_t kSubsystem = 0x2c;
constexpr std::size_t kRom = 0x30;
constexpr std::size_t kCapabilities = 0x34;
constexpr std::size_t kInterruptLine = 0x3c;
constexpr std::size_t kInterruptPin = 0x3d;
constexpr std::size_t kPowerManagement = 0x40;
constexpr std::size_t kMsi = 0x50;
constexpr std::size_t kExpress = 0x70;

class Writer {
 public:
  explicit Writer(std::vector<std::uint8_t>& config) : config_(config) {}
  void put8(std::size_t at, std::uint32_t value) { config_[at] = static_cast<std::uint8_t>(value); }
  void put16(std::size_t at, std::uint32_t value) {
    put8(at, value & 0xff);
    put8(at + 1, value >> 8);
  }
  void put32(std::size_t at, std::uint32_t value) {
    put16(at, value & 0xffff);
    put16(at + 2, value >> 16);
  }

 private:
  std::vector<std::uint8_t>& config_;
};

std::uint32_t bar_flags(const BarSpec& bar) {
  switch (bar.kind) {
    case BarKind::io:
      return 0x1;
    case BarKind::memory64:
      return 0x4U | (bar.prefetchable ? 0x8U : 0U);
    case BarKind::memory32:
      return bar.prefetchable ? 0x8U : 0U;
  }
  return 0;
}

void put_bars(Writer& out, const std::vector<Bar>& bars) {
  for (const Bar& bar : bars) {
    if (bar.spec.index == 6) {
      out.put32(kRom, static_cast<std::uint32_t>(bar.base) & 0xfffff800U);
      continue;
    }
    const std::size_t at = kBars + std::size_t{4} * bar.spec.index;
    out.put32(at, static_cast<std::uint32_t>(bar.base) | bar_flags(bar.spec));
    if (bar.spec.kind == BarKind::memory64)
      out.put32(at + 4, static_cast<std::uint32_t>(bar.base >> 32));
  }
}

void put_power_management(Writer& out, std::size_t next) {
  out.put8(kPowerManagement, 0x01);
  out.put8(kPowerManagement + 1, static_cast<std::uint32_t>(next));
  out.put16(kPowerManagement + 2, 0x0003);  // version 3, no PME
}

void put_msi(Writer& out, std::size_t next) {
  out.put8(kMsi, 0x05);
  out.put8(kMsi + 1, static_cast<std::uint32_t>(next));
  out.put16(kMsi + 2, 0x0080);  // 64-bit addresses, one vector, disabled
}

// Endpoint, or root port for a bridge; one lane at 2.5 GT/s; function level reset when the spec
// lists it.
void put_express(Writer& out, const PciFunctionSpec& spec) {
  const bool bridge = spec.secondary_bus.has_value();
  const bool flr = std::find(spec.reset_methods.begin(), spec.reset_methods.end(), "flr") !=
                   spec.reset_methods.end();
  out.put8(kExpress, 0x10);
  out.put8(kExpress + 1, 0);
  out.put16(kExpress + 2, bridge ? 0x0042 : 0x0002);
  out.put32(kExpress + 4, 0x8000U | (flr ? 0x1000'0000U : 0U));
  out.put32(kExpress + 0x0c, 0x0000'0011U);
  out.put16(kExpress + 0x12, 0x0011);
}

}  // namespace

std::vector<std::uint8_t> make_pci_config(const PciFunctionSpec& spec,
                                          const std::vector<Bar>& bars) {
  std::vector<std::uint8_t> config(spec.config_bytes);
  Writer out(config);
  const bool bridge = spec.secondary_bus.has_value();
  out.put16(0x00, spec.vendor);
  out.put16(0x02, spec.device);
  out.put16(kCommand, bars.empty() && !bridge ? 0x0000 : 0x0007);
  out.put16(kStatus, 0x0010);  // there is a capability list
  out.put8(0x08, spec.revision);
  out.put8(0x09, spec.class_code & 0xff);
  out.put16(0x0a, spec.class_code >> 8);
  out.put8(kHeaderType, bridge ? 0x01 : 0x00);
  put_bars(out, bars);
  if (bridge) {
    out.put8(kBusNumbers, spec.address.bus);
    out.put8(kBusNumbers + 1, *spec.secondary_bus);
    out.put8(kBusNumbers + 2, *spec.secondary_bus);
  } else {
    out.put16(kSubsystem, spec.subsystem_vendor);
    out.put16(kSubsystem + 2, spec.subsystem_device);
  }
  out.put8(kCapabilities, kPowerManagement);
  out.put8(kInterruptLine, spec.irq & 0xff);
  out.put8(kInterruptPin, spec.irq != 0 ? 1 : 0);
  const bool express = spec.config_bytes == 4096;
  put_power_management(out, kMsi);
  put_msi(out, express ? kExpress : 0);
  if (express) put_express(out, spec);
  return config;
}

void write_pci_config(std::vector<std::uint8_t>& config, std::uint64_t offset,
                      std::string_view bytes) {
  struct Writable {
    std::size_t at;
    std::uint8_t mask;
  };
  static constexpr Writable kWritable[] = {{kCommand, 0x47},
                                           {kCommand + 1, 0x05},
                                           {kCacheLineSize, 0xff},
                                           {kLatencyTimer, 0xff},
                                           {kInterruptLine, 0xff}};
  for (const Writable& byte : kWritable) {
    if (byte.at < offset || byte.at - offset >= bytes.size()) continue;
    const auto written = static_cast<std::uint8_t>(bytes[byte.at - offset]);
    config[byte.at] =
        static_cast<std::uint8_t>((config[byte.at] & ~byte.mask) | (written & byte.mask));
  }
}

std::uint64_t resource_flags(const Bar& bar) {
  // IORESOURCE_IO, _MEM, _PREFETCH, _SIZEALIGN, _MEM_64, and the low bits of the BAR itself.
  constexpr std::uint64_t kSizeAlign = 0x40000;
  if (bar.spec.index == 6) {
    // The boot display's ROM is the copy that the firmware left in low memory.
    constexpr std::uint64_t kVideoRom = 0xc0000;
    return bar.base == kVideoRom ? 0x212 : 0x46200;
  }
  const std::uint64_t prefetch = bar.spec.prefetchable ? 0x2008 : 0;
  switch (bar.spec.kind) {
    case BarKind::io:
      return kSizeAlign | 0x101;
    case BarKind::memory64:
      return kSizeAlign | 0x100204 | prefetch;
    case BarKind::memory32:
      return kSizeAlign | 0x200 | prefetch;
  }
  return 0;
}

}  // namespace mdevsim
