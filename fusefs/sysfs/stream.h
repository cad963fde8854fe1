// What an open file keeps, beside its address, until it is closed.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "sim/base/result.h"

namespace mdevsim::sysfs {

// How a file is opened.
struct Access {
  bool read = false;
  bool write = false;
};

// Takes what a read gives: pieces that are one after the other, valid only while it runs.
using Deliver = std::function<void(std::span<const std::span<const std::byte>>)>;

// The far end of an open stream file: bytes in their order, without positions. Thread-safe; holds
// no world's lock.
class Stream {
 public:
  // So that the vector of a reply has room for what frames it.
  static constexpr std::size_t kPiecesMax = 1000;

  virtual ~Stream() = default;

  // The next bytes, at most `size` and kPiecesMax pieces, are delivered once; none of them at the
  // stream's end. After an error, which tells the file's path, nothing was delivered. ENOMSG is a
  // temporary end, and no refusal.
  virtual Result<void> read(std::size_t size, const Deliver& deliver) = 0;

  // Takes all of them or, after an error, none.
  virtual Result<void> write(std::string_view bytes) = 0;
};

struct OpenedFile {
  std::shared_ptr<Stream> stream;  // of stream files, and only of them
  std::shared_ptr<void> keeps;     // let go when the file is closed
  bool counts = false;             // the world was told, and must be told of its close
};

}  // namespace mdevsim::sysfs
