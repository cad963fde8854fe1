// The rows of bits of one parameter, for Destinations: for each value of the source, which kinds of
// destinations can be given it, which have it as far as a guest can tell, which have exactly it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sim/model/device_model.h"

namespace mdevsim::model {

// Two words of a row, taken at once: what a register of every 64-bit machine's vector unit holds.
using Block = std::uint64_t __attribute__((vector_size(16)));
inline constexpr std::size_t kBlockBits = 128;

inline bool any(const Block& block) { return (block[0] | block[1]) != 0; }
std::size_t first_bit(const Block& block);  // one is set
void assign_bit(Block* row, std::size_t bit, bool on);

// Rows of one length, each once.
class RowStore {
 public:
  explicit RowStore(std::size_t bits)
      : blocks_((bits + kBlockBits - 1) / kBlockBits), nobody_(add(std::vector<Block>(blocks_))) {}

  std::size_t blocks() const { return blocks_; }
  const Block* row(std::uint32_t offset) const { return rows_.data() + offset; }
  std::uint32_t nobody() const { return nobody_; }  // the row without bits
  // Gives the row's offset: of its first block among those of all rows.
  std::uint32_t add(const std::vector<Block>& row);

 private:
  std::size_t blocks_;  // of a row
  std::vector<Block> rows_;
  std::map<std::vector<std::uint64_t>, std::uint32_t> offsets_;
  std::uint32_t nobody_;
};

// Offsets in the store.
struct ValueRows {
  std::uint32_t can_have;
  std::uint32_t serves;  // the value is active and the kind has it, or neither is active
  std::uint32_t equals;
};

class RowMaker;

class ParameterRows {
 public:
  // A parameter by its place in the model, and the kinds' configurations.
  ParameterRows(const DeviceModel& model, std::size_t parameter,
                const std::vector<const Configuration*>& kinds, RowStore& store);

  const ValueRows& of(const Value& value) const {
    switch (value.kind) {
      case ValueKind::absent:
        break;
      case ValueKind::boolean:
        return booleans_[value.number != 0 ? 1 : 0];
      case ValueKind::integer:
        return of_number(value.number);
      case ValueKind::string:
        return of_text(value.text);
    }
    return absent_;
  }

 private:
  const ValueRows& of_number(std::int64_t number) const {
    const auto offset = static_cast<std::uint64_t>(number) - near_least_;
    return offset < near_.size() ? segments_[near_[offset]] : of_far_number(number);
  }
  const ValueRows& of_text(const std::string& text) const {
    for (const TextRows& known : texts_) {
      if (known.text == text) return known.rows;
    }
    return of_rare_text(text);
  }
  const ValueRows& of_far_number(std::int64_t number) const;
  const ValueRows& of_rare_text(const std::string& text) const;
  void number_segments(RowMaker& maker, const Parameter& parameter);
  void text_rows(RowMaker& maker, const Parameter& parameter);

  struct TextRows {
    std::string text;
    ValueRows rows;
  };

  ValueRows absent_{};
  ValueRows booleans_[2]{};
  // Numbers behave alike from each bound up to the next; the first bound is the least number.
  std::vector<std::int64_t> bounds_;
  std::vector<ValueRows> segments_;
  std::vector<std::uint16_t> near_;  // the segments of numbers from near_least_ on: no search
  std::uint64_t near_least_ = 0;
  std::vector<TextRows> texts_;  // a few; the others are searched
  std::map<std::string, ValueRows, std::less<>> rare_texts_;
  ValueRows other_text_{};
};

}  // namespace mdevsim::model
