#include "fusefs/uevent/message.h"

#include <array>
#include <bit>
#include <charconv>
#include <cstddef>

namespace mdevsim::uevent {
namespace {

constexpr std::uint32_t kMagic = 0xfeedcafe;
constexpr std::uint32_t kHeaderSize = 40;

void append_property(std::string& out, std::string_view key, std::string_view value) {
  out.append(key);
  out += '=';
  out.append(value);
  out += '\0';
}

// The header mixes byte orders: what the kernel's socket filters look at is big-endian, the rest is
// the machine's.
void append_big_endian(std::string& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>((value >> shift) & 0xff);
}

void append_native(std::string& out, std::uint32_t value) {
  const auto bytes = std::bit_cast<std::array<char, sizeof value>>(value);
  out.append(bytes.data(), bytes.size());
}

std::string_view find_variable(const sysfs::Uevent& uevent, std::string_view key) {
  for (const auto& [name, value] : uevent.variables) {
    if (name == key) return value;
  }
  return {};
}

// TAGS is ":one:two:".
std::uint64_t bloom_bits_of_tags(std::string_view tags) {
  std::uint64_t bits = 0;
  while (!tags.empty()) {
    const std::size_t end = tags.find(':');
    const std::string_view tag = tags.substr(0, end);
    if (!tag.empty()) bits |= tag_bloom_bits(tag);
    if (end == std::string_view::npos) break;
    tags.remove_prefix(end + 1);
  }
  return bits;
}

void append_udev_properties(std::string& out, const sysfs::Uevent& uevent, std::uint64_t seqnum) {
  append_property(out, "ACTION", uevent.action);
  append_property(out, "DEVPATH", uevent.devpath);
  append_property(out, "SUBSYSTEM", uevent.subsystem);
  for (const auto& [key, value] : uevent.variables) {
    const bool relative_name = key == "DEVNAME" && !value.starts_with('/');
    append_property(out, key, relative_name ? "/dev/" + value : value);
  }
  append_property(out, "SEQNUM", std::to_string(seqnum));
}

}  // namespace

std::string kernel_payload(const sysfs::Uevent& uevent) {
  std::string out;
  out.reserve(256 + 2 * uevent.devpath.size());
  out.append(uevent.action).append("@").append(uevent.devpath);
  out += '\0';
  append_property(out, "ACTION", uevent.action);
  append_property(out, "DEVPATH", uevent.devpath);
  append_property(out, "SUBSYSTEM", uevent.subsystem);
  for (const auto& [key, value] : uevent.variables) append_property(out, key, value);
  return out;
}

std::string udev_message(const sysfs::Uevent& uevent, std::uint64_t seqnum) {
  std::string properties;
  properties.reserve(256 + uevent.devpath.size());
  append_udev_properties(properties, uevent, seqnum);
  const std::string_view devtype = find_variable(uevent, "DEVTYPE");
  const std::uint64_t bloom = bloom_bits_of_tags(find_variable(uevent, "TAGS"));

  std::string out;
  out.reserve(kHeaderSize + properties.size());
  out.append("libudev\0", 8);
  append_big_endian(out, kMagic);
  append_native(out, kHeaderSize);
  append_native(out, kHeaderSize);  // where the properties begin
  append_native(out, static_cast<std::uint32_t>(properties.size()));
  append_big_endian(out, murmur2(uevent.subsystem));
  append_big_endian(out, devtype.empty() ? 0 : murmur2(devtype));
  append_big_endian(out, static_cast<std::uint32_t>(bloom >> 32));
  append_big_endian(out, static_cast<std::uint32_t>(bloom));
  return out.append(properties);
}

// MurmurHash2 with seed 0, on the bytes in the machine's order.
std::uint32_t murmur2(std::string_view text) {
  constexpr std::uint32_t kMultiplier = 0x5bd1e995;
  const auto byte = [text](std::size_t at) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(text[at]));
  };
  auto hash = static_cast<std::uint32_t>(text.size());
  std::size_t at = 0;
  for (; at + 4 <= text.size(); at += 4) {
    std::uint32_t word = byte(at) | byte(at + 1) << 8 | byte(at + 2) << 16 | byte(at + 3) << 24;
    if constexpr (std::endian::native == std::endian::big) {
      word = byte(at) << 24 | byte(at + 1) << 16 | byte(at + 2) << 8 | byte(at + 3);
    }
    word *= kMultiplier;
    word ^= word >> 24;
    word *= kMultiplier;
    hash = (hash * kMultiplier) ^ word;
  }
  const std::size_t left = text.size() - at;
  if (left >= 3) hash ^= byte(at + 2) << 16;
  if (left >= 2) hash ^= byte(at + 1) << 8;
  if (left >= 1) hash = (hash ^ byte(at)) * kMultiplier;
  hash ^= hash >> 13;
  hash *= kMultiplier;
  hash ^= hash >> 15;
  return hash;
}

std::uint64_t tag_bloom_bits(std::string_view tag) {
  const std::uint32_t hash = murmur2(tag);
  std::uint64_t bits = 0;
  for (unsigned shift = 0; shift < 24; shift += 6) {
    bits |= std::uint64_t{1} << ((hash >> shift) & 63);
  }
  return bits;
}

std::uint64_t seqnum_of_broadcast(std::string_view broadcast, std::string_view payload) {
  constexpr std::string_view kKey = "SEQNUM=";
  if (!broadcast.starts_with(payload)) return 0;
  broadcast.remove_prefix(payload.size());
  if (!broadcast.starts_with(kKey)) return 0;
  broadcast.remove_prefix(kKey.size());
  std::uint64_t seqnum = 0;
  std::from_chars(broadcast.data(), broadcast.data() + broadcast.size(), seqnum);
  return seqnum;
}

}  // namespace mdevsim::uevent
