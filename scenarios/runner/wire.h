// Records on their way from a process to the one that started it: numbers and texts in a row.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace mdevsim::scenario {

class WireWriter {
 public:
  void number(std::int64_t value) {
    char bytes[sizeof(value)];
    std::memcpy(bytes, &value, sizeof(value));
    bytes_.append(bytes, sizeof(value));
  }
  void text(std::string_view text) {
    number(static_cast<std::int64_t>(text.size()));
    bytes_.append(text);
  }
  template <typename Items, typename Write>
  void list(const Items& items, Write write) {
    number(static_cast<std::int64_t>(items.size()));
    for (const auto& item : items) write(*this, item);
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// A writer that was killed leaves a record cut short: then everything reads as empty, and
// `is_whole` is false.
class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : bytes_(bytes) {}

  std::int64_t number() {
    std::int64_t value = 0;
    if (bytes_.size() < sizeof(value)) return cut();
    std::memcpy(&value, bytes_.data(), sizeof(value));
    bytes_.remove_prefix(sizeof(value));
    return value;
  }
  std::string text() {
    const auto size = static_cast<std::uint64_t>(number());
    if (size > bytes_.size()) cut();
    if (!is_whole_) return {};
    std::string text(bytes_.substr(0, size));
    bytes_.remove_prefix(size);
    return text;
  }
  template <typename Read>
  void list(Read read) {
    for (std::int64_t left = number(); left > 0 && is_whole_; --left) read(*this);
  }
  bool is_whole() const { return is_whole_; }

 private:
  std::int64_t cut() {
    is_whole_ = false;
    bytes_ = {};
    return 0;
  }

  std::string_view bytes_;
  bool is_whole_ = true;
};

}  // namespace mdevsim::scenario
