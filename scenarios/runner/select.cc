#include "scenarios/runner/select.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <system_error>
#include <utility>

#include "scenarios/runner/load.h"
#include "sim/base/limits.h"
#include "sim/config/host_files.h"

namespace mdevsim::scenario {
namespace {

namespace fs = std::filesystem;

// FNV-1a, then mixed so that its low bits depend on all of the text.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3;
  }
  hash ^= hash >> 33;
  hash *= 0xff51afd7ed558ccd;
  return hash ^ (hash >> 33);
}

std::optional<std::size_t> number_of(std::string_view text) {
  std::size_t number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::optional<Shard> parse_shard(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto number = number_of(text.substr(0, slash));
  const auto of = number_of(text.substr(slash + 1));
  if (!number || !of || *number < 1 || *number > *of) return std::nullopt;
  return Shard{*number, *of};
}

bool is_in_shard(const Case& one, const Shard& shard) {
  return hash_of(one.key) % shard.of == shard.number - 1;
}

std::vector<Case> select(std::vector<Case> cases, const std::vector<std::string>& texts,
                         const Shard& shard) {
  std::erase_if(cases, [&](const Case& one) {
    const bool is_named = texts.empty() || std::any_of(texts.begin(), texts.end(), [&](auto& text) {
                            return one.id.find(text) != std::string::npos;
                          });
    return !is_named || !is_in_shard(one, shard);
  });
  return cases;
}

tl::expected<std::vector<std::string>, std::string> find_files(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return std::vector<std::string>{path};
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(path, error)) {
    if (entry.path().extension() == ".toml" && entry.is_regular_file(error))
      files.push_back(entry.path().string());
  }
  if (error) return tl::unexpected("cannot list " + path + ": " + error.message());
  std::sort(files.begin(), files.end());
  std::erase_if(files, [](const std::string& file) {
    const auto text = config::HostFiles().read(file, kHostFileBytesMax);
    return text && !may_be_scenario(*text);
  });
  return files;
}

}  // namespace mdevsim::scenario
