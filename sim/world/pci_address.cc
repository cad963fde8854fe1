#include "sim/world/pci_address.h"

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

void append_hex(std::uint32_t value, int digits, std::string& out) {
  static constexpr char kDigits[] = "0123456789abcdef";
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) out += kDigits[(value >> shift) & 15];
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

void append_bus_name(std::uint16_t domain, std::uint8_t bus, std::string& out) {
  append_hex(domain, 4, out);
  out += ':';
  append_hex(bus, 2, out);
}

void PciAddress::append_to(std::string& out) const {
  append_bus_name(domain, bus, out);
  out += ':';
  append_hex(device, 2, out);
  out += '.';
  append_hex(function, 1, out);
}

std::string PciAddress::to_string() const {
  std::string out;
  append_to(out);
  return out;
}

}  // namespace mdevsim
