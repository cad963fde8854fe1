#include "sim/config/text.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "sim/base/limits.h"

namespace mdevsim::config {
namespace {

// Where the next "{i}" or "{i:…}" starts.
std::size_t find_index(std::string_view text, std::size_t from) {
  while (true) {
    const std::size_t at = text.find("{i", from);
    if (at == std::string_view::npos || at + 2 >= text.size()) return std::string_view::npos;
    if (text[at + 2] == '}' || text[at + 2] == ':') return at;
    from = at + 2;
  }
}

struct Format {
  bool zeros = false;
  std::uint32_t width = 0;
  char base = 'd';  // d, x or X
};

// What stands between the colon and the brace: [0][width][d|x|X].
std::optional<Format> parse_format(std::string_view text) {
  constexpr std::uint32_t kWidthMax = 32;
  Format format;
  if (!text.empty() && text.front() == '0') {
    format.zeros = true;
    text.remove_prefix(1);
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), format.width);
  if (error == std::errc::result_out_of_range || format.width > kWidthMax) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text.empty()) return format;
  if (text != "d" && text != "x" && text != "X") return std::nullopt;
  format.base = text.front();
  return format;
}

void append_number(std::string& out, std::uint32_t number, const Format& format) {
  const std::string digits = format.base == 'x'   ? fmt::format("{:x}", number)
                             : format.base == 'X' ? fmt::format("{:X}", number)
                                                  : fmt::format("{}", number);
  if (digits.size() < format.width)
    out.append(format.width - digits.size(), format.zeros ? '0' : ' ');
  out += digits;
}

}  // namespace

Text::Text(std::string text, Region place)
    : value(std::move(text)), where(place), uses_index(find_index(value, 0) != std::string::npos) {}

std::optional<std::string> expand(const Text& text, Index index, Report& report) {
  if (!text.uses_index) return text.value;
  if (!index) {
    report.error(text.where,
                 "{i} stands for the number of a repetition, but nothing is repeated here",
                 "add `repeat = N` to the table, or write the number itself");
    return std::nullopt;
  }
  std::string out;
  std::string_view rest = text.value;
  for (std::size_t at = find_index(rest, 0); at != std::string_view::npos;
       at = find_index(rest, 0)) {
    out += rest.substr(0, at);
    rest.remove_prefix(at + 2);
    const std::size_t close = rest.find('}');
    const auto format =
        close == std::string_view::npos
            ? std::nullopt
            : parse_format(rest.substr(rest[0] == ':' ? 1 : 0, close - (rest[0] == ':' ? 1 : 0)));
    if (!format) {
      report.error(text.where, "the number's format is not understood",
                   "write {i}, {i:03} for decimal digits, or {i:02x} for hexadecimal ones");
      return std::nullopt;
    }
    append_number(out, *index, *format);
    rest.remove_prefix(close + 1);
  }
  out += rest;
  return out;
}

std::string with_index(const Text& text, Index index) {
  if (!text.uses_index || !index) return {};
  return fmt::format(" (with i = {})", *index);
}

std::optional<NameFault> check_file_name(std::string_view name) {
  if (name.empty()) return NameFault{"is empty", "give it a name"};
  if (name == "." || name == "..")
    return NameFault{"cannot be a directory's name", "give it another name"};
  if (name.size() > kNameBytesMax) {
    return NameFault{fmt::format("is longer than {} bytes", kNameBytesMax), "shorten it"};
  }
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '/')
      return NameFault{"has a slash", "the kernel shows a slash in a name as `!`: write that"};
    if (byte <= 0x20 || byte == 0x7f) {
      return NameFault{"has a blank or a control character",
                       "use letters, digits, `-`, `_`, `.` and the like"};
    }
  }
  return std::nullopt;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  struct Suffix {
    std::string_view text;
    unsigned shift;
  };
  static constexpr Suffix kSuffixes[] = {{"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"TiB", 40}};
  unsigned shift = 0;
  for (const Suffix& suffix : kSuffixes) {
    if (text.size() > 3 && text.substr(text.size() - 3) == suffix.text) {
      shift = suffix.shift;
      text.remove_suffix(3);
      while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
      break;
    }
  }
  const bool hex = text.substr(0, 2) == "0x";
  if (hex) text.remove_prefix(2);
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, hex ? 16 : 10);
  if (error != std::errc{} || stop != end || number > (UINT64_MAX >> shift)) return std::nullopt;
  return number << shift;
}

}  // namespace mdevsim::config
