#include "bench/plain_copy.h"

#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace mdevsim::bench {
namespace {

void library(std::byte* to, const std::byte* from, std::size_t bytes) {
  std::memcpy(to, from, bytes);
}

#if defined(__x86_64__)

void string_instruction(std::byte* to, const std::byte* from, std::size_t bytes) {
  asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
}

void stream_16(std::byte* to, const std::byte* from, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; i += 16) {
    const __m128i value = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + i));
    _mm_stream_si128(reinterpret_cast<__m128i*>(to + i), value);
  }
  _mm_sfence();
}

[[gnu::target("avx512f")]] void stream_64(std::byte* to, const std::byte* from, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; i += 64) {
    _mm512_stream_si512(reinterpret_cast<__m512i*>(to + i), _mm512_loadu_si512(from + i));
  }
  _mm_sfence();
}

#endif

}  // namespace

std::vector<PlainCopy> plain_copies() {
  std::vector<PlainCopy> copies{{"memcpy", library}};
#if defined(__x86_64__)
  const bool wide = __builtin_cpu_supports("avx512f") != 0;
  copies.push_back({"stores past the cache", wide ? stream_64 : stream_16});
  copies.push_back({"rep movsb", string_instruction});
#endif
  return copies;
}

}  // namespace mdevsim::bench
