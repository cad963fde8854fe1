#include "sim/model/model_name.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/limits.h"

namespace mdevsim::model {
namespace {

constexpr std::string_view kScheme = "https://";

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_domain_label(std::string_view label) {
  if (label.empty() || label.front() == '-' || label.back() == '-') return false;
  return std::all_of(label.begin(), label.end(),
                     [](char c) { return is_letter_or_digit(c) || c == '-'; });
}

bool is_path_component(std::string_view component) {
  constexpr std::string_view kMarks = "-._~+";
  if (component.empty() || component == "." || component == "..") return false;
  return std::all_of(component.begin(), component.end(), [&](char c) {
    return is_letter_or_digit(c) || kMarks.find(c) != std::string_view::npos;
  });
}

// Cuts the part before the separator off the text; all of it when there is none.
std::string_view take_part(std::string_view& text, char separator) {
  const std::size_t at = std::min(text.find(separator), text.size());
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return part;
}

}  // namespace

std::string_view without_scheme(std::string_view name) {
  if (name.substr(0, kScheme.size()) == kScheme) name.remove_prefix(kScheme.size());
  return name;
}

std::optional<std::string> check_model_name(std::string_view name) {
  if (name.size() > kNameBytesMax) return fmt::format("is longer than {} bytes", kNameBytesMax);
  name = without_scheme(name);
  const std::size_t slash = name.find('/');
  std::string_view domain = name.substr(0, slash);
  if (domain.find('.') == std::string_view::npos || domain.back() == '.')
    return "does not start with a domain name";
  while (!domain.empty()) {
    if (!is_domain_label(take_part(domain, '.'))) return "does not start with a domain name";
  }
  if (slash == std::string_view::npos) return "has no path behind the domain name";
  if (name.back() == '/') return "ends with a slash";
  std::string_view path = name.substr(slash + 1);
  while (!path.empty()) {
    if (!is_path_component(take_part(path, '/')))
      return "has a path component that is empty, or not of letters, digits and -._~+";
  }
  return std::nullopt;
}

}  // namespace mdevsim::model
