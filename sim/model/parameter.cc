#include "sim/model/parameter.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/base/limits.h"

namespace mdevsim::model {
namespace {

// Keys that a configuration has for itself.
constexpr std::array<std::string_view, 2> kReservedNames = {"version", "aggregate"};

std::string item_text(const Allowed& item) {
  std::string text = to_text(item.least);
  if (item.least != item.most) text += "-" + to_text(item.most);
  return text;
}

}  // namespace

std::string to_text(const Versions& versions) {
  if (versions == Versions{}) return {};
  if (versions.until == UINT32_MAX) return fmt::format(" since version {}", versions.since);
  if (versions.since <= 1) return fmt::format(" until version {}", versions.until);
  return fmt::format(" in versions {} to {}", versions.since, versions.until);
}

bool Allowed::contains(const Value& value) const {
  if (value.kind == ValueKind::integer)
    return least.number <= value.number && value.number <= most.number;
  return value == least;
}

bool Parameter::accepts(const Value& value, std::uint32_t version) const {
  if (value.kind != kind || !versions.contains(version)) return false;
  // In a configuration the empty text disables: it can be no other value.
  if (value.kind == ValueKind::string && value.text.empty() && value != off) return false;
  return allowed.empty() || std::any_of(allowed.begin(), allowed.end(), [&](const Allowed& item) {
           return item.versions.contains(version) && item.contains(value);
         });
}

std::string Parameter::allowed_text(std::uint32_t version) const {
  std::vector<std::string> items;
  for (const Allowed& item : allowed) {
    if (item.versions.contains(version)) items.push_back(item_text(item));
  }
  if (allowed.empty())
    return kind == ValueKind::string ? "text that is not empty" : std::string(kind_syntax(kind));
  std::string text;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) text += i + 1 == items.size() ? " or " : ", ";
    text += items[i];
  }
  return text.empty() ? "nothing" : text;
}

std::optional<std::string> check_parameter_name(std::string_view name) {
  if (name.empty()) return "is empty";
  if (name.size() > kNameBytesMax) return fmt::format("is longer than {} bytes", kNameBytesMax);
  if (name == "." || name == "..") return "is a directory's name";
  for (const std::string_view reserved : kReservedNames) {
    if (name == reserved) return "is a word of configurations themselves";
  }
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '=' || c == '/' || c == ',' || byte <= 0x20 || byte == 0x7f)
      return "has `=`, `/`, `,`, a blank or a control character";
  }
  return std::nullopt;
}

}  // namespace mdevsim::model
