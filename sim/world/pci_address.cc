#include "sim/world/pci_address.h"

#include <fmt/format.h>

#include <charconv>

namespace mdevsim {
namespace {

std::optional<std::uint32_t> hex_field(std::string_view text) {
  std::uint32_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, 16);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

}  // namespace

std::optional<PciAddress> PciAddress::parse(std::string_view text) {
  if (text.size() != 12 || text[4] != ':' || text[7] != ':' || text[10] != '.') return std::nullopt;
  const auto domain = hex_field(text.substr(0, 4));
  const auto bus = hex_field(text.substr(5, 2));
  const auto device = hex_field(text.substr(8, 2));
  const auto function = hex_field(text.substr(11, 1));
  if (!domain || !bus || !device || !function || *device > 31 || *function > 7) return std::nullopt;
  return PciAddress{static_cast<std::uint16_t>(*domain), static_cast<std::uint8_t>(*bus),
                    static_cast<std::uint8_t>(*device), static_cast<std::uint8_t>(*function)};
}

std::string PciAddress::to_string() const {
  return fmt::format("{:04x}:{:02x}:{:02x}.{:x}", domain, bus, device, function);
}

}  // namespace mdevsim
