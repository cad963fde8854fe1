#include "sim/config/reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/limits.h"

namespace mdevsim::config {
namespace {

std::string bound(std::int64_t value, int hex_digits) {
  return hex_digits == 0 ? fmt::format("{}", value)
                         : fmt::format("0x{:0{}x}", static_cast<std::uint64_t>(value), hex_digits);
}

}  // namespace

std::string list_of(const std::vector<std::string_view>& names) {
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) out += i + 1 == names.size() ? " or " : ", ";
    out += names[i];
  }
  return out;
}

void report_kind(const Value& value, std::string_view what, Value::Kind wanted,
                 std::string_view example, Report& report) {
  report.error(value.where,
               fmt::format("{} is {}, not {}", what, kind_name(value.kind), kind_name(wanted)),
               fmt::format("write {}", example));
}

const Member* TableReader::take(std::string_view key) {
  asked_.push_back(key);
  return table_.find(key);
}

const Member* TableReader::take(std::string_view key, Value::Kind kind, std::string_view example) {
  const Member* member = take(key);
  if (member == nullptr || member->value.kind == kind) return member;
  report_kind(member->value, fmt::format("`{}`", key), kind, example, report_);
  return nullptr;
}

std::optional<std::int64_t> TableReader::integer_of(std::string_view key, IntegerRange range) {
  const std::string help =
      fmt::format("a number from {} to {}", bound(range.least, range.hex_digits),
                  bound(range.most, range.hex_digits));
  const Member* member = take(key, Value::Kind::integer, fmt::format("{}, without quotes", help));
  if (member == nullptr) return std::nullopt;
  const std::int64_t value = member->value.integer;
  if (value < range.least || value > range.most) {
    report_.error(member->value.where, fmt::format("`{}` is out of range", key), "write " + help);
    return std::nullopt;
  }
  return value;
}

bool TableReader::boolean(std::string_view key, bool& out) {
  const Member* member = take(key, Value::Kind::boolean, "true or false, without quotes");
  if (member == nullptr) return false;
  out = member->value.boolean;
  return true;
}

bool TableReader::errc(std::string_view key, Errc& out) {
  const auto found = text(key, "\"ENOSPC\" or \"EUSERS\"");
  if (!found) return false;
  const auto code = errc_from_symbol(found->value);
  if (!code) {
    report_.error(
        found->where, fmt::format("`{}` names no error that a client can be given", key),
        "write the errno's symbol, such as \"ENOSPC\" (the driver's own accounting) or \"EUSERS\" "
        "(the mdev core's counter)");
    return false;
  }
  out = *code;
  return true;
}

std::optional<Text> TableReader::text(std::string_view key, std::string_view example) {
  const Member* member = take(key, Value::Kind::string, example);
  if (member == nullptr) return std::nullopt;
  return Text(member->value.text, member->value.where);
}

std::optional<std::uint32_t> TableReader::repeat() {
  std::uint32_t count = 1;  // also when what is written is wrong: the table is meant to be repeated
  integer("repeat", {.least = 1, .most = kRepeatMax}, count);
  if (table_.find("repeat") == nullptr) return std::nullopt;
  return count;
}

void TableReader::missing(std::string_view key, std::string_view help) {
  if (!complete_) return;  // it may stand where the syntax error is
  report_.error(table_.where, fmt::format("{} has no `{}`", what_, key), std::string(help));
}

void TableReader::finish() {
  for (const Member& member : table_.members) {
    if (std::find(asked_.begin(), asked_.end(), member.key) != asked_.end()) continue;
    if (report_.is_full()) {
      report_.error(member.where, {}, {});
      continue;
    }
    const std::string_view near = nearest(member.key, asked_);
    std::vector<std::string_view> known = asked_;
    std::sort(known.begin(), known.end());
    known.erase(std::unique(known.begin(), known.end()), known.end());
    report_.error(member.where, fmt::format("{} has no key `{}`", what_, member.key),
                  near.empty() ? fmt::format("it may have {}", list_of(known))
                               : fmt::format("did you mean `{}`?", near));
  }
}

}  // namespace mdevsim::config
