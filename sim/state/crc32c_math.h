// The arithmetic of crc32c, at compile time too: polynomials over GF(2) modulo the checksum's, bits
// reflected as in the register (the highest bit is the coefficient of x^0). Internal to sim/state.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace mdevsim::state {

inline constexpr std::uint32_t kCrc32cPolynomial = 0x82F63B78;  // 0x1EDC6F41, reflected

// a * x
constexpr std::uint32_t crc32c_shift(std::uint32_t a) {
  return (a >> 1) ^ ((a & 1) != 0 ? kCrc32cPolynomial : 0);
}

// a * b
constexpr std::uint32_t crc32c_multiply(std::uint32_t a, std::uint32_t b) {
  std::uint32_t product = 0;
  for (std::uint32_t bit = 0x80000000; bit != 0; bit >>= 1, b = crc32c_shift(b)) {
    if ((a & bit) != 0) product ^= b;
  }
  return product;
}

// x^(2^i) for each i, for powers of any size.
inline constexpr std::array<std::uint32_t, 64> kCrc32cSquares = [] {
  std::array<std::uint32_t, 64> squares{};
  std::uint32_t square = 0x40000000;
  for (std::uint32_t& value : squares) {
    value = square;
    square = crc32c_multiply(square, square);
  }
  return squares;
}();

// x^n
constexpr std::uint32_t crc32c_power(std::uint64_t n) {
  std::uint32_t power = 0x80000000;
  for (; n != 0; n &= n - 1) {
    power = crc32c_multiply(power, kCrc32cSquares[static_cast<std::size_t>(std::countr_zero(n))]);
  }
  return power;
}

// A register of 128 bits holds a polynomial with the first byte's lowest bit as the highest power,
// x^127. Its first 64 bits stand 64 powers above the others, and a carry-less multiplication of
// reflected numbers gives the product divided by x: these are the factors that move the first and
// the second half past `bits` bits that follow.
template <std::uint64_t bits>
inline constexpr auto kCrc32cFoldLow = static_cast<long long>(std::uint64_t{crc32c_power(bits + 63)}
                                                              << 32);
template <std::uint64_t bits>
inline constexpr auto kCrc32cFoldHigh = static_cast<long long>(std::uint64_t{crc32c_power(bits - 1)}
                                                               << 32);

// What the register's low byte becomes when so many bytes are taken in, of which all but the first
// are zero. (The low byte is x^24 … x^31; eight bits more make that x^32 … x^39, and so on.)
constexpr std::array<std::uint32_t, 256> crc32c_table(std::size_t bytes) {
  const std::uint32_t shift = crc32c_power(8 * bytes);
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t bit = 1; bit < 256; bit <<= 1) {
    table[bit] = crc32c_multiply(bit, shift);
    for (std::uint32_t below = 1; below < bit; ++below)
      table[bit | below] = table[bit] ^ table[below];
  }
  return table;
}

}  // namespace mdevsim::state
