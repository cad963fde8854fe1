#include "sim/config/diagnostic.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "sim/base/limits.h"

namespace mdevsim::config {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// The bytes of the UTF-8 sequence that starts here, or 0 when it is not one.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  const std::size_t length = first < 0x80                     ? 1
                             : first >= 0xC2 && first <= 0xDF ? 2
                             : (first & 0xF0) == 0xE0         ? 3
                             : first >= 0xF0 && first <= 0xF4 ? 4
                                                              : 0;
  if (length == 0 || length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  return length;
}

bool is_control(std::string_view sequence) {
  if (sequence.size() == 1) return sequence[0] < 0x20 || sequence[0] == 0x7f;
  // U+0080 to U+009F, and the marks that change the direction of writing.
  if (sequence.size() == 2)
    return sequence[0] == '\xC2' && static_cast<unsigned char>(sequence[1]) < 0xA0;
  return sequence == "\xE2\x80\xAE" || sequence == "\xE2\x80\xAD";
}

// Cuts a long line to what surrounds the place; both are changed together.
void cut_to_window(std::string& line, std::size_t& column) {
  constexpr std::size_t kBefore = 60;
  constexpr std::size_t kWidth = 120;
  std::vector<std::size_t> starts;
  for (std::size_t at = 0; at < line.size();) {
    starts.push_back(at);
    at += std::max<std::size_t>(1, sequence_length(std::string_view(line).substr(at)));
  }
  if (starts.size() <= kWidth) return;
  const std::size_t first =
      column > kBefore ? std::min(column - kBefore, starts.size() - kWidth) : 0;
  const std::size_t last = std::min(first + kWidth, starts.size());
  const std::size_t end = last == starts.size() ? line.size() : starts[last];
  std::string window = line.substr(starts[first], end - starts[first]);
  if (last != starts.size()) window += "...";
  if (first > 0) window = "..." + window;
  column = column - first + (first > 0 ? 3 : 0);
  line = std::move(window);
}

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

struct Palette {
  std::string_view strong, error, help, off;
};
constexpr Palette kPlain{};
constexpr Palette kColours{"\033[1m", "\033[1;31m", "\033[1;36m", "\033[0m"};

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    const std::string_view sequence = text.substr(0, std::max<std::size_t>(length, 1));
    if (sequence == "\t") {
      out += ' ';  // one column, as it is counted
    } else if (length == 0 || is_control(sequence)) {
      out += kReplacement;
    } else {
      out += sequence;
    }
    text.remove_prefix(sequence.size());
  }
  return out;
}

std::string render(const Diagnostic& diagnostic, bool colour) {
  const Palette& paint = colour ? kColours : kPlain;
  std::string out;
  if (diagnostic.line == 0) {
    out = fmt::format("{}{}: {}error:{} {}\n", paint.strong, diagnostic.file, paint.error,
                      paint.off, diagnostic.message);
  } else {
    std::string line = diagnostic.line_text;
    std::size_t column = diagnostic.column == 0 ? 0 : diagnostic.column - 1;
    cut_to_window(line, column);
    const std::size_t width = code_points(line);
    const std::size_t left = width > column ? width - column : 1;
    const std::size_t carets = std::clamp<std::size_t>(diagnostic.length, 1, left);
    out = fmt::format("{}{}:{}:{}: {}error:{} {}\n", paint.strong, diagnostic.file, diagnostic.line,
                      diagnostic.column, paint.error, paint.off, diagnostic.message);
    out += fmt::format("{:>5} | {}\n", diagnostic.line, line);
    out +=
        fmt::format("      | {:{}}{}{:^>{}}{}\n", "", column, paint.error, "", carets, paint.off);
  }
  if (!diagnostic.help.empty())
    out += fmt::format("  {}help:{} {}\n", paint.help, paint.off, diagnostic.help);
  return out;
}

std::uint32_t Report::add_file(std::string name, std::string text) {
  File file{printable(name), std::move(text), {0}};
  for (std::size_t i = 0; i < file.text.size(); ++i) {
    if (file.text[i] == '\n') file.line_starts.push_back(i + 1);
  }
  files_.push_back(std::move(file));
  return static_cast<std::uint32_t>(files_.size() - 1);
}

bool Report::is_full() const { return found_.size() >= kDiagnosticsMax; }

void Report::error(Region where, std::string message, std::string help) {
  if (is_full()) {
    ++dropped_;
    return;
  }
  found_.push_back({where, printable(message), printable(help)});
}

std::string Report::place(Region where) const {
  const std::string& name = files_[where.file].name;
  return where.line == 0 ? name : fmt::format("{}:{}:{}", name, where.line, where.column);
}

std::string Report::line_text(const File& file, std::uint32_t line) const {
  if (line == 0 || line > file.line_starts.size()) return {};
  const std::size_t start = file.line_starts[line - 1];
  std::string_view text = std::string_view(file.text).substr(start);
  text = text.substr(0, text.find('\n'));
  if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
  if (line == 1 && text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);  // the mark of UTF-8
  return printable(text);
}

std::vector<Diagnostic> Report::take() {
  const auto key = [](const Found& found) {
    return std::tie(found.where.file, found.where.line, found.where.column);
  };
  std::stable_sort(found_.begin(), found_.end(),
                   [&](const Found& a, const Found& b) { return key(a) < key(b); });
  std::vector<Diagnostic> out;
  const Found* last = nullptr;
  for (Found& found : found_) {
    if (last != nullptr && key(*last) == key(found) && last->message == found.message) continue;
    last = &found;
    const File& file = files_[found.where.file];
    out.push_back({.file = file.name,
                   .line = found.where.line,
                   .column = found.where.column,
                   .line_text = line_text(file, found.where.line),
                   .length = found.where.length,
                   .message = found.message,
                   .help = found.help});
  }
  if (dropped_ > 0) {
    out.push_back({.file = files_.front().name,
                   .line_text = {},
                   .message = fmt::format("{} more problems are not shown", dropped_),
                   .help = "mend those above first"});
  }
  found_.clear();
  dropped_ = 0;
  return out;
}

std::string_view nearest(std::string_view wanted, const std::vector<std::string_view>& known) {
  constexpr std::size_t kLongest = 64;
  if (wanted.size() > kLongest) return {};
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(1, wanted.size() / 3) + 1;
  for (const std::string_view candidate : known) {
    // Levenshtein's distance, one row at a time.
    std::vector<std::size_t> row(candidate.size() + 1);
    for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      std::size_t diagonal = row[0];
      row[0] = i + 1;
      for (std::size_t j = 0; j < candidate.size(); ++j) {
        const std::size_t replaced = diagonal + (wanted[i] == candidate[j] ? 0 : 1);
        diagonal = row[j + 1];
        row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
      }
    }
    if (row.back() < best_distance) {
      best_distance = row.back();
      best = candidate;
    }
  }
  return best;
}

}  // namespace mdevsim::config
