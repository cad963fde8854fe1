// TOML in, hosts and device models out. A file is taken whole or not at all: either there is a
// configuration and nothing was wrong, or there are diagnostics, all of them at once.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/config/diagnostic.h"
#include "sim/config/document.h"
#include "sim/config/source.h"
#include "sim/model/catalog.h"
#include "sim/world/spec.h"

namespace mdevsim::config {

struct Configuration {
  // Hosts or models: at least one of either.
  std::vector<HostSpec> hosts;  // in the order of their first mention; names are unique
  std::shared_ptr<const model::Catalog> catalog;  // never null
};

struct Loaded {
  std::optional<Configuration> configuration;
  std::vector<Diagnostic> diagnostics;  // empty exactly when there is a configuration
  std::vector<std::string> files;       // that were read, in order; for those who watch them
};

Loaded load(FileSource& files, const std::string& path);

// The same for a file that holds more than hosts and models: `prepare` takes out of the first
// file's document what is not the loader's, and may change the rest.
using Prepare = std::function<void(Document& document, Report& report)>;
Loaded load(FileSource& files, const std::string& path, const Prepare& prepare);

// How `include` is understood: relative to the file that says it; "a/../b" is "b".
std::string resolve_include(const std::string& from, const std::string& include);

}  // namespace mdevsim::config
