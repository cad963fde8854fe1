#include "sim/state/workload.h"

#include <algorithm>

#include "sim/base/random.h"
#include "sim/state/bytes.h"

namespace mdevsim::state {
namespace {

constexpr std::uint64_t kSecond = 1'000'000;  // in microseconds
constexpr std::uint64_t kSecondsMax = std::uint64_t{1}
                                      << 22;  // 48 days: kDirtyRateMax times it fits

// Bytes that a rate brings in so many microseconds.
std::uint64_t bytes_in(std::uint64_t rate_bytes_per_s, std::uint64_t us) {
  const std::uint64_t seconds = std::min(us / kSecond, kSecondsMax);
  return seconds * rate_bytes_per_s + us % kSecond * rate_bytes_per_s / kSecond;
}

// The time that counts when all of a period's writes come in its first part.
std::uint64_t bursting_us(const model::WorkloadSpec& spec, std::uint64_t us) {
  const std::uint64_t period = std::uint64_t{spec.burst_every_ms} * 1000;
  const std::uint64_t part = std::uint64_t{spec.burst_ms} * 1000;
  return us / period * period + std::min(us % period, part) * period / part;
}

}  // namespace

Workload::Workload(const model::WorkloadSpec& spec, std::uint64_t seed, std::uint32_t pages)
    : spec_(spec),
      seed_(seed),
      pages_(pages),
      hot_pages_(static_cast<std::uint32_t>(
          std::min<std::uint64_t>(pages_of(spec.hot_set_bytes), pages))) {}

void Workload::start(std::int64_t now_us) {
  start_us_ = now_us;
  counted_ = 0;
}

void Workload::set_rate(std::uint64_t bytes_per_s, std::int64_t now_us) {
  spec_.dirty_bytes_per_s = bytes_per_s;
  start(now_us);
}

void Workload::reset(std::int64_t now_us) {
  number_ = 0;
  start(now_us);
}

std::uint64_t Workload::due(std::int64_t now_us) {
  if (spec_.dirty_bytes_per_s == 0 || pages_ == 0 || now_us <= start_us_) return 0;
  auto us = static_cast<std::uint64_t>(now_us - start_us_);
  if (spec_.pattern == model::WritePattern::burst) us = bursting_us(spec_, us);
  const std::uint64_t writes = bytes_in(spec_.dirty_bytes_per_s, us) / kPageBytes;
  const std::uint64_t most = std::uint64_t{pages_} * 4;
  if (writes - counted_ > most) counted_ = writes - most;
  return writes - counted_;
}

PageWrite Workload::take() {
  ++counted_;
  Random random(seed_ + number_++ * 0x9E3779B97F4A7C15ULL);
  const std::uint64_t draw = random.next();
  return {page_of(draw), random.next()};
}

std::uint32_t Workload::page_of(std::uint64_t draw) const {
  const auto within = [](std::uint64_t number, std::uint32_t count) {
    return static_cast<std::uint32_t>(((number >> 32) * count) >> 32);
  };
  switch (spec_.pattern) {
    case model::WritePattern::uniform:
    case model::WritePattern::burst:
      return within(draw, pages_);
    case model::WritePattern::sequential:
      return static_cast<std::uint32_t>((number_ - 1) % pages_);
    case model::WritePattern::hot_set:
      return within(draw, draw % 10 == 0 ? pages_ : hot_pages_);
  }
  return 0;
}

}  // namespace mdevsim::state
