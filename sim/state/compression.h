// Blocks of device memory, compressed: for links that are slower than a processor compresses.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "sim/base/result.h"
#include "sim/state/bytes.h"

namespace mdevsim::state {

enum class Compression { lz4, zstd };

// Compresses blocks, each by itself: the lz4 block format, or one zstd frame. Keeps its working
// memory, so that one is to be used for many blocks.
class Compressor {
 public:
  explicit Compressor(Compression compression);
  Compressor(Compressor&&) noexcept;
  Compressor& operator=(Compressor&&) noexcept;
  ~Compressor();

  // How many bytes of `out` the compressed block takes; nothing when `out` is too small for it. Let
  // `out` be as large as what is saved at least, and a block that does not get smaller is sent as
  // it is.
  std::optional<std::size_t> compress(ConstBytes block, Bytes out);

 private:
  struct Memory;
  std::unique_ptr<Memory> memory_;
};

class Decompressor {
 public:
  explicit Decompressor(Compression compression);
  Decompressor(Decompressor&&) noexcept;
  Decompressor& operator=(Decompressor&&) noexcept;
  ~Decompressor();

  // `compressed` may be anything. Fills `out` exactly, or EINVAL: it is damaged, or the block in it
  // has another size; `out` is garbage then. Allocates nothing that depends on `compressed`.
  Result<void> decompress(ConstBytes compressed, Bytes out);

 private:
  struct Memory;
  std::unique_ptr<Memory> memory_;
};

}  // namespace mdevsim::state
