#include "fusefs/sysfs/parse.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "sim/base/limits.h"

namespace mdevsim::sysfs {
namespace {

constexpr std::array<std::pair<std::string_view, Action>, 8> kActions = {{
    {"add", Action::add},
    {"remove", Action::remove},
    {"change", Action::change},
    {"move", Action::move},
    {"online", Action::online},
    {"offline", Action::offline},
    {"bind", Action::bind},
    {"unbind", Action::unbind},
}};

// A C string ends at its first NUL.
std::string_view c_string(std::string_view bytes) { return bytes.substr(0, bytes.find('\0')); }

bool is_hex_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// A word of letters and digits at the front of text, ended by delimiter or the end; empty when
// there is none.
std::string_view argument_word(std::string_view text, char delimiter) {
  std::size_t end = 0;
  while (end < text.size() && text[end] != delimiter) {
    if (!is_alnum(text[end])) return {};
    ++end;
  }
  return text.substr(0, end);
}

}  // namespace

Result<std::uint64_t> parse_unsigned(std::string_view bytes) {
  std::string_view text = c_string(bytes);
  if (text.starts_with('+')) text.remove_prefix(1);
  int base = 10;
  if (text.starts_with('0')) {
    const bool hex = text.size() > 2 && (text[1] == 'x' || text[1] == 'X') && is_hex_digit(text[2]);
    base = hex ? 16 : 8;
    if (hex) text.remove_prefix(2);
  }
  if (text.ends_with('\n')) text.remove_suffix(1);
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, base);
  if (error == std::errc::result_out_of_range)
    return fail(Errc::range, "the number exceeds 64 bits");
  if (error != std::errc{} || stop != end) return fail(Errc::invalid, "not a number");
  return value;
}

Result<std::int32_t> parse_int(std::string_view bytes) {
  const bool negative = bytes.starts_with('-');
  if (negative && (bytes.size() < 2 || !is_hex_digit(bytes[1])))
    return fail(Errc::invalid, "not a number");
  TRY_SET(const std::uint64_t magnitude, parse_unsigned(negative ? bytes.substr(1) : bytes));
  const std::uint64_t limit =
      std::uint64_t{std::numeric_limits<std::int32_t>::max()} + (negative ? 1 : 0);
  if (magnitude > limit) return fail(Errc::range, "the number exceeds 32 bits");
  const auto value = static_cast<std::int64_t>(magnitude);
  return static_cast<std::int32_t>(negative ? -value : value);
}

Result<bool> parse_bool(std::string_view bytes) {
  const std::string_view text = c_string(bytes);
  if (text.empty()) return fail(Errc::invalid, "empty");
  switch (text[0]) {
    case 'e':
    case 'E':
    case 'y':
    case 'Y':
    case 't':
    case 'T':
    case '1':
      return true;
    case 'd':
    case 'D':
    case 'n':
    case 'N':
    case 'f':
    case 'F':
    case '0':
      return false;
    case 'o':
    case 'O':
      if (text.size() > 1 && (text[1] == 'n' || text[1] == 'N')) return true;
      if (text.size() > 1 && (text[1] == 'f' || text[1] == 'F')) return false;
      break;
    default:
      break;
  }
  return fail(Errc::invalid, "not a boolean");
}

std::string_view parse_name(std::string_view bytes) {
  std::string_view name = c_string(bytes);
  if (name.ends_with('\n')) name.remove_suffix(1);
  return name;
}

Result<Uuid> parse_create(std::string_view bytes) {
  if (bytes.size() != Uuid::kTextLength && bytes.size() != Uuid::kTextLength + 1) {
    return fail(Errc::invalid, "a uuid has 36 characters, with at most one more behind it");
  }
  const auto uuid = Uuid::parse(bytes);
  if (!uuid) return fail(Errc::invalid, "not a uuid");
  return *uuid;
}

Result<SynthesizedEvent> parse_uevent(std::string_view bytes) {
  if (bytes.ends_with('\n') || bytes.ends_with('\0')) bytes.remove_suffix(1);
  if (bytes.empty()) return fail(Errc::invalid, "no action");
  const std::size_t space = bytes.find(' ');
  const std::string_view word = bytes.substr(0, space);
  const auto known = std::find_if(kActions.begin(), kActions.end(),
                                  [&](const auto& entry) { return entry.first == word; });
  if (known == kActions.end()) return fail(Errc::invalid, "unknown action");
  SynthesizedEvent event;
  event.action = known->second;
  if (space == std::string_view::npos) return event;

  std::string_view rest = bytes.substr(space + 1);
  if (!Uuid::parse(rest)) return fail(Errc::invalid, "the second word is not a uuid");
  event.uuid = rest.substr(0, Uuid::kTextLength);
  rest.remove_prefix(Uuid::kTextLength);
  while (!rest.empty()) {
    if (rest[0] != ' ') return fail(Errc::invalid, "arguments are separated by one space");
    rest.remove_prefix(1);
    const std::string_view key = argument_word(rest, '=');
    if (key.empty() || key.size() >= rest.size())
      return fail(Errc::invalid, "an argument is KEY=VALUE");
    rest.remove_prefix(key.size() + 1);
    const std::string_view value = argument_word(rest, ' ');
    if (value.empty()) return fail(Errc::invalid, "an argument's value is letters and digits");
    rest.remove_prefix(value.size());
    if (event.arguments.size() >= kUeventVariablesMax / 2)
      return fail(Errc::no_memory, "too many arguments");
    event.arguments.emplace_back(key, value);
  }
  return event;
}

Result<std::string> parse_driver_override(std::string_view bytes) {
  if (bytes.size() >= kStoreBytesMax - 1)
    return fail(Errc::invalid, "too long for a driver's name");
  return std::string(bytes.substr(0, bytes.find('\n')));
}

Result<PciId> parse_pci_id(std::string_view bytes) {
  const std::string_view text = c_string(bytes);
  std::array<std::uint32_t, 6> fields{};
  std::size_t count = 0;
  for (std::size_t at = 0; count < fields.size();) {
    while (at < text.size() && (text[at] == ' ' || text[at] == '\n' || text[at] == '\t')) ++at;
    std::size_t begin = at;
    if (text.substr(begin).starts_with("0x")) begin += 2;
    const auto [stop, error] =
        std::from_chars(text.data() + begin, text.data() + text.size(), fields[count], 16);
    if (error != std::errc{}) break;
    at = static_cast<std::size_t>(stop - text.data());
    ++count;
  }
  if (count < 2) return fail(Errc::invalid, "at least a vendor and a device id are needed");
  PciId id{.vendor = fields[0], .device = fields[1]};
  if (count > 2) id.subsystem_vendor = fields[2];
  if (count > 3) id.subsystem_device = fields[3];
  if (count > 4) id.class_code = fields[4];
  if (count > 5) id.class_mask = fields[5];
  return id;
}

Result<ChangeFaults> parse_faults(std::string_view bytes) {
  constexpr std::string_view kRemove = "remove=";
  ChangeFaults change;
  while (!bytes.empty()) {
    std::string_view line = bytes.substr(0, bytes.find('\n'));
    bytes.remove_prefix(std::min(line.size() + 1, bytes.size()));
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (line.empty() || line.front() == '#') continue;
    if (!line.starts_with(kRemove)) {
      TRY_SET(model::FaultRule rule, model::parse_fault(line));
      change.add.push_back(std::move(rule));
      continue;
    }
    line.remove_prefix(kRemove.size());
    std::uint32_t id = 0;
    const auto [stop, error] = std::from_chars(line.data(), line.data() + line.size(), id);
    const bool is_number = error == std::errc{} && stop == line.data() + line.size();
    if (is_number) {
      change.remove.push_back(id);
    } else if (line == "all") {
      change.remove_all = true;
    } else {
      return fail(Errc::invalid, "remove= takes the id of a rule, or all");
    }
  }
  return change;
}

std::string_view action_name(Action action) {
  const auto known = std::find_if(kActions.begin(), kActions.end(),
                                  [&](const auto& entry) { return entry.second == action; });
  return known->first;
}

}  // namespace mdevsim::sysfs
