#include "bench/state_material.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <utility>
#include <vector>

#include "bench/fatal.h"
#include "sim/base/random.h"

namespace mdevsim::bench {
namespace {

using state::kPageBytes;

constexpr std::size_t kWords = kPageBytes / sizeof(std::uint64_t);

void put(state::Bytes page, std::size_t word, std::uint64_t value) {
  std::memcpy(&page[word * sizeof(value)], &value, sizeof(value));
}

// 256 descriptors: an address, a length and flags.
void fill_ring(state::Bytes page, Random& random) {
  const std::uint64_t base = 0x7F00'1234'0000 + (random.next() & 0xFFF'F000);
  for (std::size_t i = 0; i < kWords; i += 2) {
    put(page, i, base + i * 1024);
    put(page, i + 1, 1514 | std::uint64_t{i % 4} << 32);
  }
}

void fill_registers(state::Bytes page, Random& random) {
  std::fill(page.begin(), page.end(), std::byte{0});
  for (int i = 0; i < 24; ++i) put(page, random.next() % kWords, 1 + (random.next() & 0xFFFF));
}

void fill_counters(state::Bytes page, Random& random) {
  for (std::size_t i = 0; i < kWords; ++i) put(page, i, 1 + random.next() % 1000);
}

void fill_payload(state::Bytes page, Random& random) {
  for (std::size_t i = 0; i < kWords; ++i) put(page, i, random.next());
}

using FillPage = void (*)(state::Bytes page, Random& random);
constexpr FillPage kPages[] = {fill_ring,      fill_ring,     fill_registers, fill_registers,
                               fill_registers, fill_counters, fill_payload,   fill_payload};

}  // namespace

std::size_t state_bytes(const Lab& lab) { return std::size_t{lab.quick() ? 128U : 512U} << 20; }

state::DeviceMemory warm_memory(std::size_t bytes) {
  Result<state::DeviceMemory> memory = state::DeviceMemory::create(bytes, {.prefault = true});
  if (!memory) fatal("cannot be had", "memory of a device");
  return std::move(*memory);
}

void fill_like_a_device(state::Bytes bytes) {
  Random random(1);
  for (std::size_t at = 0, i = 0; at < bytes.size(); at += kPageBytes, ++i) {
    kPages[i % std::size(kPages)](bytes.subspan(at, kPageBytes), random);
  }
}

double seconds_of(const std::function<void()>& work) {
  const std::uint64_t begin = monotonic_ns();
  work();
  return static_cast<double>(monotonic_ns() - begin) / 1e9;
}

double gb_per_s(std::size_t bytes, const std::function<void()>& work) {
  return static_cast<double>(bytes) / seconds_of(work) / 1e9;
}

double median_rate(const Lab& lab, std::size_t bytes, const std::function<void()>& work) {
  std::vector<double> rates;
  work();
  for (int i = 0; i < lab.repetitions(); ++i) rates.push_back(gb_per_s(bytes, work));
  return median(std::move(rates));
}

PlainCopy best_plain_copy(const Lab& lab, state::Bytes to, state::ConstBytes from) {
  PlainCopy best{};
  double best_rate = 0;
  for (const PlainCopy& plain : plain_copies()) {
    const double rate =
        median_rate(lab, from.size(), [&] { plain.copy(to.data(), from.data(), from.size()); });
    lab.report().add(fmt::format("state: plain copy of {} MiB, {}", from.size() >> 20, plain.name),
                     "GB/s", rate);
    if (rate <= best_rate) continue;
    best = plain;
    best_rate = rate;
  }
  return best;
}

Pair rates(const Lab& lab, std::size_t bytes, const std::function<void()>& work,
           const std::function<void()>& floor) {
  return interleaved(
      lab.repetitions(), [&] { return gb_per_s(bytes, work); },
      [&] { return gb_per_s(bytes, floor); });
}

}  // namespace mdevsim::bench
