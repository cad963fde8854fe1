#include "fusefs/sysfs/name_hash.h"

namespace mdevsim::sysfs {

std::uint32_t name_hash(std::string_view name) {
  std::uint64_t sum = 0;
  for (const char c : name) {
    const std::uint64_t byte = static_cast<unsigned char>(c);
    sum = (sum + (byte << 4) + (byte >> 4)) * 11;
  }
  auto hash = static_cast<std::uint32_t>((sum * 0x61C8864680B583EBULL) >> 32) & kHashEnd;
  if (hash < 2) hash += 2;
  return hash >= kHashEnd ? kHashEnd - 1 : hash;
}

}  // namespace mdevsim::sysfs
