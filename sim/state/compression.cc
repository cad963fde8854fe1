#include "sim/state/compression.h"

#include <lz4.h>
#include <zstd.h>

#include <array>
#include <limits>
#include <string>

#include "sim/base/check.h"

namespace mdevsim::state {
namespace {

constexpr int kZstdLevel = 1;  // the others cost more time than they save bytes
constexpr std::size_t kLz4BlockBytesMax = LZ4_MAX_INPUT_SIZE;

template <typename To, typename From>
To* as(From* bytes) {
  return reinterpret_cast<To*>(bytes);
}

// Sizes of lz4 are ints. A larger block is a bug of the caller: blocks are records of a stream.
int lz4_size(std::size_t bytes) {
  CHECK(bytes <= kLz4BlockBytesMax);
  return static_cast<int>(bytes);
}

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

tl::unexpected<Error> damaged(std::string_view format, std::size_t bytes) {
  return fail(Errc::invalid, std::string(format) + " block: it is damaged, or not of " +
                                 std::to_string(bytes) + " bytes");
}

}  // namespace

struct Compressor::Memory {
  Compression compression;
  std::unique_ptr<ZSTD_CCtx, FreeContext> zstd;
  alignas(LZ4_stream_t) std::array<std::byte, sizeof(LZ4_stream_t)> lz4;
};

Compressor::Compressor(Compression compression) : memory_(std::make_unique<Memory>()) {
  memory_->compression = compression;
  if (compression != Compression::zstd) return;
  memory_->zstd.reset(ZSTD_createCCtx());
  CHECK(memory_->zstd != nullptr);
}

Compressor::Compressor(Compressor&&) noexcept = default;
Compressor& Compressor::operator=(Compressor&&) noexcept = default;
Compressor::~Compressor() = default;

std::optional<std::size_t> Compressor::compress(ConstBytes block, Bytes out) {
  if (memory_->compression == Compression::lz4) {
    const int written = LZ4_compress_fast_extState(
        memory_->lz4.data(), as<const char>(block.data()), as<char>(out.data()),
        lz4_size(block.size()), lz4_size(out.size()), 1);
    if (written <= 0) return std::nullopt;
    return static_cast<std::size_t>(written);
  }
  const std::size_t written = ZSTD_compressCCtx(memory_->zstd.get(), out.data(), out.size(),
                                                block.data(), block.size(), kZstdLevel);
  if (ZSTD_isError(written) != 0) return std::nullopt;
  return written;
}

struct Decompressor::Memory {
  Compression compression;
  std::unique_ptr<ZSTD_DCtx, FreeContext> zstd;
};

Decompressor::Decompressor(Compression compression) : memory_(std::make_unique<Memory>()) {
  memory_->compression = compression;
  if (compression != Compression::zstd) return;
  memory_->zstd.reset(ZSTD_createDCtx());
  CHECK(memory_->zstd != nullptr);
}

Decompressor::Decompressor(Decompressor&&) noexcept = default;
Decompressor& Decompressor::operator=(Decompressor&&) noexcept = default;
Decompressor::~Decompressor() = default;

Result<void> Decompressor::decompress(ConstBytes compressed, Bytes out) {
  if (memory_->compression == Compression::lz4) {
    if (compressed.size() > kLz4BlockBytesMax) return damaged("lz4", out.size());
    const int read = LZ4_decompress_safe(as<const char>(compressed.data()), as<char>(out.data()),
                                         lz4_size(compressed.size()), lz4_size(out.size()));
    if (read < 0 || static_cast<std::size_t>(read) != out.size()) return damaged("lz4", out.size());
    return {};
  }
  const std::size_t read = ZSTD_decompressDCtx(memory_->zstd.get(), out.data(), out.size(),
                                               compressed.data(), compressed.size());
  if (ZSTD_isError(read) != 0 || read != out.size()) return damaged("zstd", out.size());
  return {};
}

}  // namespace mdevsim::state
