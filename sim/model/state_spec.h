// What a device model says of the state that its devices have: what it is made of, how it changes,
// and what its migration can do. Plain records, as a file says it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/model/migration_features.h"

namespace mdevsim::model {

// A part of the state, such as the registers or the device's own memory.
struct SectionSpec {
  std::string name;
  std::uint64_t bytes = 0;
  std::string when;  // the parameter that must be active for it to be there; empty: always there

  friend bool operator==(const SectionSpec&, const SectionSpec&) = default;
};

// Which pages a device writes to.
enum class WritePattern : std::uint8_t {
  uniform,     // any page, each as likely
  hot_set,     // nine of ten writes go to the first hot_set_bytes, the rest anywhere
  sequential,  // one page after the other, round and round
  burst,       // as uniform; all that a period of burst_every_ms brings comes in its first burst_ms
};

// What a device does to its own state while it runs.
struct WorkloadSpec {
  std::uint64_t dirty_bytes_per_s = 0;  // each write dirties a page, and counts as one
  WritePattern pattern = WritePattern::uniform;
  std::uint64_t hot_set_bytes = 0;
  std::uint32_t burst_every_ms = 0;
  std::uint32_t burst_ms = 0;

  friend bool operator==(const WorkloadSpec&, const WorkloadSpec&) = default;
};

// What a stream of the model's devices may hold beside plain pages. A migration uses what both of
// its ends allow.
struct StreamOptions {
  bool lz4 = false;
  bool zstd = false;
  bool delta = false;      // a page that is sent again, as its difference to what was sent
  bool unchecked = false;  // plain pages without checksums, over a link that has its own

  friend bool operator==(const StreamOptions&, const StreamOptions&) = default;
};

struct StateSpec {
  std::vector<SectionSpec> sections;
  WorkloadSpec workload;
  MigrationFeatures features;
  StreamOptions stream;
  std::uint64_t seed = 1;          // of the contents at the start, and of the writes
  std::uint32_t zero_percent = 0;  // of the pages, at the start
  bool sparse = false;             // what was never written costs no memory

  friend bool operator==(const StateSpec&, const StateSpec&) = default;
};

}  // namespace mdevsim::model
