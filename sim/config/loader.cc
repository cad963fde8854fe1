#include "sim/config/loader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "sim/base/limits.h"
#include "sim/config/document.h"
#include "sim/config/expand.h"
#include "sim/config/expand_model.h"
#include "sim/config/read.h"

namespace mdevsim::config {
namespace {

constexpr std::string_view kBuiltin = "builtin:";

std::string unreadable_help(const std::string& path, Errc code) {
  if (code == Errc::file_too_big) {
    return fmt::format("host files have at most {} MiB together: use `repeat`",
                       kHostFileBytesMax >> 20);
  }
  if (path.rfind(kBuiltin, 0) == 0) return "write one of these names, or the path of a file";
  return "check the path; an include is relative to the file that says it";
}

class Loader {
 public:
  Loader(FileSource& source, const Prepare& prepare) : source_(source), prepare_(prepare) {}

  Loaded run(const std::string& path) {
    read_file(path, nullptr);
    if (!drafts_.complete) {
      for (HostDraft& host : drafts_.hosts)
        host.complete = false;  // more may be said of any of them
    }
    const auto catalog = std::make_shared<const model::Catalog>(build_catalog(drafts_, report_));
    std::vector<HostSpec> hosts = expand_hosts(drafts_, catalog, report_);
    assign_faults(drafts_, hosts, report_);
    if (hosts.empty() && catalog->models().empty() && !report_.has_errors()) {
      report_.error({}, "the file describes no host",
                    "add a table such as [host.alpha]; `mdevsim-host(5)` tells what it may hold");
    }
    Loaded loaded;
    loaded.files = std::move(paths_);
    if (!report_.has_errors()) loaded.configuration = Configuration{std::move(hosts), catalog};
    loaded.diagnostics = report_.take();
    return loaded;
  }

 private:
  // `from` is the include that asks for the file; null for the first.
  void read_file(const std::string& path, const Text* from) {
    const auto unable = [&](const std::string& message, const std::string& help) {
      drafts_.complete = false;
      if (from == nullptr) report_.add_file(path, "");
      report_.error(from == nullptr ? Region{} : from->where, message, help);
    };
    if (const auto at = std::find(open_.begin(), open_.end(), path); at != open_.end()) {
      std::string chain;
      for (auto step = at; step != open_.end(); ++step) chain += *step + " -> ";
      return unable(fmt::format("the file includes itself: {}{}", chain, path),
                    "remove one of the includes of the chain");
    }
    if (std::find(paths_.begin(), paths_.end(), path) != paths_.end())
      return;  // what it says is known
    if (open_.size() >= kIncludeDepthMax || paths_.size() >= kIncludedFilesMax) {
      return unable(fmt::format("more than {} files include one another, or {} altogether",
                                kIncludeDepthMax, kIncludedFilesMax),
                    "include fewer files");
    }
    const std::size_t left = kHostFileBytesMax - std::min(bytes_read_, kHostFileBytesMax);
    const Result<std::string> text = source_.read(path, left);
    if (!text)
      return unable(fmt::format("cannot read {}: {}", path, text.error().why),
                    unreadable_help(path, text.error().code));
    bytes_read_ += text->size();
    paths_.push_back(path);
    open_.push_back(path);
    read_text(path, *text);
    open_.pop_back();
  }

  void read_text(const std::string& path, const std::string& text) {
    Document document = parse_document(report_.add_file(path, text), report_);
    if (prepare_ && open_.size() == 1) prepare_(document, report_);
    for (const Text& include : read_includes(document, report_)) {
      if (include.value.empty()) {
        report_.error(include.where, "the include names no file",
                      "write include = [\"common.toml\"]");
        continue;
      }
      read_file(resolve_include(path, include.value), &include);
    }
    read_tables(document, drafts_, report_);
  }

  FileSource& source_;
  const Prepare& prepare_;
  Report report_;
  Drafts drafts_;
  std::vector<std::string> paths_;  // read so far
  std::vector<std::string> open_;   // whose includes are being read
  std::size_t bytes_read_ = 0;
};

// "a/./b/../c" is "a/c"; leading ".." stay.
std::string normal(std::string_view path) {
  std::vector<std::string_view> parts;
  const bool absolute = !path.empty() && path.front() == '/';
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, slash);
    path.remove_prefix(std::min(slash + 1, path.size()));
    if (part.empty() || part == ".") continue;
    if (part == ".." && !parts.empty() && parts.back() != "..")
      parts.pop_back();
    else if (part != ".." || !absolute)
      parts.push_back(part);
  }
  return fmt::format("{}{}", absolute ? "/" : "", fmt::join(parts, "/"));
}

}  // namespace

std::string resolve_include(const std::string& from, const std::string& include) {
  if (include.rfind(kBuiltin, 0) == 0) return include;
  if (include.front() == '/') return normal(include);
  const bool builtin = from.rfind(kBuiltin, 0) == 0;
  const std::string path = builtin ? from.substr(kBuiltin.size()) : from;
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : path.substr(0, slash + 1);
  return (builtin ? std::string(kBuiltin) : "") + normal(folder + include);
}

Loaded load(FileSource& files, const std::string& path) { return load(files, path, {}); }

Loaded load(FileSource& files, const std::string& path, const Prepare& prepare) {
  return Loader(files, prepare).run(path);
}

}  // namespace mdevsim::config
