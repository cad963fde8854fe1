#include "fusefs/fuse/lookups.h"

#include <functional>

namespace mdevsim::fusefs {
namespace {

// A place's low bits. Linux numbers at most 2^22 threads.
constexpr std::uint64_t kClient = (std::uint64_t{1} << 22) - 1;
constexpr std::uint64_t kSeveral = kClient + 1;
constexpr std::uint64_t kWho = kClient | kSeveral;

std::uint64_t hash_of(sysfs::NodeId directory, std::string_view name) {
  constexpr std::uint64_t kMix = 0x9e3779b97f4a7c15;
  return (std::hash<std::string_view>{}(name) ^ directory.value()) * kMix;
}

}  // namespace

void Lookups::add(sysfs::NodeId directory, std::string_view name, std::uint32_t client) {
  const std::uint64_t hash = hash_of(directory, name);
  const std::uint64_t who = client == 0 ? kSeveral : client & kClient;
  Place& place = places_[hash % kPlaces];
  std::uint64_t before = place.load(std::memory_order_relaxed);
  std::uint64_t after = 0;
  do {
    after = (hash & ~kWho) | who;
    if ((before & ~kWho) == (hash & ~kWho) && (before & kWho) != who) after |= kSeveral;
  } while (!place.compare_exchange_weak(before, after, std::memory_order_relaxed));
}

bool Lookups::take(sysfs::NodeId directory, std::string_view name) {
  const std::uint64_t hash = hash_of(directory, name);
  Place& place = places_[hash % kPlaces];
  std::uint64_t before = place.load(std::memory_order_relaxed);
  if ((before & ~kWho) != (hash & ~kWho)) return false;
  // Lost to a lookup that came in between: it finds nothing, or what is new.
  place.compare_exchange_strong(before, 0, std::memory_order_relaxed);
  return (before & kSeveral) != 0;
}

}  // namespace mdevsim::fusefs
