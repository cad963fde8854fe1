// UUIDs by the kernel's rule (lib/uuid.c): 36 characters, hex digits and dashes in their places,
// any version and variant.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mdevsim {

struct Uuid {
  static constexpr std::size_t kTextLength = 36;

  std::array<std::uint8_t, 16> bytes{};

  // Looks at the first 36 characters only, as uuid_is_valid does; nothing when they are not a uuid.
  static std::optional<Uuid> parse(std::string_view text);

  // Lower case, as %pUl prints it.
  std::string to_string() const;
  void append_to(std::string& out) const;

  auto operator<=>(const Uuid&) const = default;
};

// A good spread of all bits, for hash tables.
std::uint64_t hash_of(const Uuid& uuid);

}  // namespace mdevsim
