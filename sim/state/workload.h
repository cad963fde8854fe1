// Which pages a running device writes to, and when. The n-th write is the same whoever asks and how
// often: it follows from the seed and n alone.
#pragma once

#include <cstdint>

#include "sim/model/state_spec.h"

namespace mdevsim::state {

// One write: some words of a page, all of them drawn from `seed`.
struct PageWrite {
  std::uint32_t page = 0;
  std::uint64_t seed = 0;
};

class Workload {
 public:
  Workload(const model::WorkloadSpec& spec, std::uint64_t seed, std::uint32_t pages);

  // Counts from here on, with the rate that is set.
  void start(std::int64_t now_us);
  std::uint64_t rate_bytes_per_s() const { return spec_.dirty_bytes_per_s; }
  void set_rate(std::uint64_t bytes_per_s, std::int64_t now_us);

  // How many writes are due until then that were not taken yet. After a leap in time only so many
  // are due as make everything dirty four times; the rest never happen.
  std::uint64_t due(std::int64_t now_us);
  PageWrite take();

  // The writes of before are forgotten: the next one is the first again.
  void reset(std::int64_t now_us);

 private:
  std::uint32_t page_of(std::uint64_t draw) const;

  model::WorkloadSpec spec_;
  std::uint64_t seed_;
  std::uint32_t pages_;
  std::uint32_t hot_pages_;
  std::int64_t start_us_ = 0;
  std::uint64_t counted_ = 0;  // writes since start_us_, taken or passed over
  std::uint64_t number_ = 0;   // of the next write
};

}  // namespace mdevsim::state
