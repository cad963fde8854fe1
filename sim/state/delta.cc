#include "sim/state/delta.h"

#include <bit>
#include <cstdint>
#include <cstring>

#include "sim/base/check.h"
#include "sim/state/delta_kernels.h"

namespace mdevsim::state {
namespace {

constexpr std::size_t kLineBytes = 64;
constexpr std::size_t kWordBytes = 8;

std::uint64_t load_mask(const std::byte* from) {
  std::uint64_t mask = 0;
  for (std::size_t i = 0; i < sizeof(mask); ++i) {
    mask |= std::to_integer<std::uint64_t>(from[i]) << (8 * i);
  }
  return mask;
}

void store_mask(std::byte* to, std::uint64_t mask) {
  for (std::size_t i = 0; i < sizeof(mask); ++i) to[i] = static_cast<std::byte>(mask >> (8 * i));
}

unsigned changed_words(const std::byte* old_line, const std::byte* new_line) {
  unsigned changed = 0;
  for (unsigned i = 0; i < kLineBytes / kWordBytes; ++i) {
    const std::size_t at = i * kWordBytes;
    if (std::memcmp(old_line + at, new_line + at, kWordBytes) != 0) changed |= 1U << i;
  }
  return changed;
}

std::size_t encode_portable(const std::byte* old_page, const std::byte* new_page, std::byte* out) {
  std::uint64_t lines = 0;
  std::size_t at = sizeof(lines);
  for (unsigned line = 0; line < kPageBytes / kLineBytes; ++line) {
    const std::byte* now = new_page + line * kLineBytes;
    const unsigned words = changed_words(old_page + line * kLineBytes, now);
    if (words == 0) continue;
    lines |= std::uint64_t{1} << line;
    out[at++] = static_cast<std::byte>(words);
    for (unsigned rest = words; rest != 0; rest &= rest - 1, at += kWordBytes) {
      std::memcpy(out + at, now + static_cast<unsigned>(std::countr_zero(rest)) * kWordBytes,
                  kWordBytes);
    }
  }
  store_mask(out, lines);
  return at;
}

// How long the difference is that begins here, by its masks; nothing when it is none.
std::optional<std::size_t> encoded_bytes(ConstBytes delta) {
  if (delta.size() < sizeof(std::uint64_t)) return std::nullopt;
  std::size_t at = sizeof(std::uint64_t);
  for (std::uint64_t lines = load_mask(delta.data()); lines != 0; lines &= lines - 1) {
    if (at >= delta.size() || delta[at] == std::byte{0}) return std::nullopt;
    const auto words = std::to_integer<std::uint8_t>(delta[at]);
    at += 1 + kWordBytes * static_cast<std::size_t>(std::popcount(words));
  }
  return at;
}

void apply_checked(std::byte* page, const std::byte* delta) {
  const std::byte* from = delta + sizeof(std::uint64_t);
  for (std::uint64_t lines = load_mask(delta); lines != 0; lines &= lines - 1) {
    std::byte* line = page + static_cast<std::size_t>(std::countr_zero(lines)) * kLineBytes;
    for (auto words = std::to_integer<unsigned>(*from++); words != 0; words &= words - 1) {
      std::memcpy(line + static_cast<std::size_t>(std::countr_zero(words)) * kWordBytes, from,
                  kWordBytes);
      from += kWordBytes;
    }
  }
}

}  // namespace

DeltaEncoder delta_encoder(CpuLevel level) {
#if defined(__x86_64__)
  if (level == CpuLevel::avx512) return encode_delta_avx512;
#endif
  return encode_portable;
}

std::optional<std::size_t> encode_delta(ConstBytes old_page, ConstBytes new_page, Bytes out) {
  static const DeltaEncoder encode = delta_encoder(cpu_level());
  CHECK(old_page.size() == kPageBytes && new_page.size() == kPageBytes);
  CHECK(out.size() >= kDeltaRoomBytes);
  const std::size_t bytes = encode(old_page.data(), new_page.data(), out.data());
  if (bytes > kDeltaBytesMax) return std::nullopt;
  return bytes;
}

Result<void> apply_delta(Bytes page, ConstBytes delta) {
  CHECK(page.size() == kPageBytes);
  const std::optional<std::size_t> bytes = encoded_bytes(delta);
  if (!bytes || *bytes != delta.size()) {
    return fail(Errc::invalid, "page delta: its masks do not agree with its length");
  }
  apply_checked(page.data(), delta.data());
  return {};
}

}  // namespace mdevsim::state
