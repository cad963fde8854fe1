// A PCI function's address, as the kernel prints it: 0000:3b:00.0.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mdevsim {

struct PciAddress {
  std::uint16_t domain = 0;
  std::uint8_t bus = 0;
  std::uint8_t device = 0;    // 0 to 31
  std::uint8_t function = 0;  // 0 to 7

  // Exactly DDDD:BB:dd.f with lower or upper case hex digits.
  static std::optional<PciAddress> parse(std::string_view text);
  std::string to_string() const;
  void append_to(std::string& out) const;

  auto operator<=>(const PciAddress&) const = default;
};

// "0000:3b", the name of a bus: by hand, since every path and every uevent is made of such names.
void append_bus_name(std::uint16_t domain, std::uint8_t bus, std::string& out);

}  // namespace mdevsim
