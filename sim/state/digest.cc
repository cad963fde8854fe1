#include "sim/state/digest.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <memory>

#include "sim/base/check.h"
#include "sim/state/block.h"

namespace mdevsim::state {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{64} << 10;

struct FreeState {
  void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
};

class Hash {
 public:
  Hash() : state_(XXH3_createState()) {
    CHECK(state_ != nullptr);
    XXH3_128bits_reset(state_.get());
  }
  void add(const void* data, std::size_t bytes) { XXH3_128bits_update(state_.get(), data, bytes); }
  Digest finish() const {
    const XXH128_hash_t hash = XXH3_128bits_digest(state_.get());
    return {hash.high64, hash.low64};
  }

 private:
  std::unique_ptr<XXH3_state_t, FreeState> state_;
};

// A block that is all zero adds nothing; any other its place and its hash.
void add_block(Hash& hash, std::uint64_t section, std::uint64_t block, ConstBytes bytes) {
  if (is_zero(bytes)) return;
  const XXH128_hash_t contents = XXH3_128bits(bytes.data(), bytes.size());
  const std::array<std::uint64_t, 4> entry = {section, block, contents.high64, contents.low64};
  hash.add(entry.data(), sizeof(entry));
}

void add_section(Hash& hash, std::uint64_t number, const Section& section,
                 const DeviceMemory& memory) {
  const std::size_t begin = section.offset();
  const std::size_t end = begin + section.bytes;
  for (Extent extent = memory.committed_from(begin); extent.length != 0 && extent.offset < end;) {
    const std::size_t block = (extent.offset - begin) / kBlockBytes;
    const std::size_t at = begin + block * kBlockBytes;
    const std::size_t length = std::min(kBlockBytes, end - at);
    add_block(hash, number, block, memory.bytes().subspan(at, length));
    extent = memory.committed_from(at + length);
  }
}

}  // namespace

std::string Digest::to_string() const { return fmt::format("{:016x}{:016x}", high, low); }

Digest digest_of(std::string_view identity, const Layout& layout, const DeviceMemory& memory) {
  Hash hash;
  hash.add(identity.data(), identity.size());
  std::uint64_t number = 0;
  for (const Section& section : layout.sections()) add_section(hash, number++, section, memory);
  return hash.finish();
}

std::uint64_t chain_digest(std::uint64_t before, std::uint32_t checksum) {
  return XXH3_64bits_withSeed(&checksum, sizeof(checksum), before);
}

}  // namespace mdevsim::state
