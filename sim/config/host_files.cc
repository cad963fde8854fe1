#include "sim/config/host_files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "sim/config/builtin.h"

namespace mdevsim::config {
namespace {

constexpr std::string_view kBuiltin = "builtin:";
constexpr std::string_view kSuffix = ".toml";

Result<std::string> read_builtin(std::string_view name) {
  if (name.size() > kSuffix.size() && name.substr(name.size() - kSuffix.size()) == kSuffix)
    name.remove_suffix(kSuffix.size());
  std::vector<std::string_view> names;
  for (const BuiltinFile& file : builtin_files()) {
    if (file.name == name) return std::string(file.text);
    names.push_back(file.name);
  }
  return fail(Errc::no_entry,
              fmt::format("the built-in host files are {}", fmt::join(names, ", ")));
}

struct Closer {
  void operator()(std::FILE* file) const {
    if (file != stdin) std::fclose(file);
  }
};

tl::unexpected<Error> system_failure(int number) {
  return fail(number == ENOENT ? Errc::no_entry : Errc::io,
              std::generic_category().message(number));
}

}  // namespace

Result<std::string> HostFiles::read(const std::string& path, std::size_t bytes_max) {
  if (path.rfind(kBuiltin, 0) == 0)
    return read_builtin(std::string_view(path).substr(kBuiltin.size()));
  if (path.find('\0') != std::string::npos) return fail(Errc::no_entry, "a path has no NUL byte");
  const std::unique_ptr<std::FILE, Closer> file(path == "-" ? stdin
                                                            : std::fopen(path.c_str(), "rbe"));
  if (!file) return system_failure(errno);
  std::string text;
  std::vector<char> chunk(std::size_t{1} << 16);
  while (true) {
    const std::size_t count = std::fread(chunk.data(), 1, chunk.size(), file.get());
    text.append(chunk.data(), count);
    if (text.size() > bytes_max) return fail(Errc::file_too_big, "it is too big");
    if (count == chunk.size()) continue;
    if (std::ferror(file.get()) != 0) return system_failure(errno);
    return text;
  }
}

Loaded load_file(const std::string& path) {
  HostFiles files;
  return load(files, path);
}

Loaded load_host_file(const std::string& path) {
  Loaded loaded = load_file(path);
  if (!loaded.configuration || !loaded.configuration->hosts.empty()) return loaded;
  loaded.configuration.reset();
  Diagnostic problem;
  problem.file = path;
  problem.message = "the file describes device models, but no host";
  problem.help = "add a table such as [host.alpha]; `mdevsim-host(5)` tells what it may hold";
  loaded.diagnostics.push_back(std::move(problem));
  return loaded;
}

}  // namespace mdevsim::config
