// Where a command's HOSTFILE comes from: the disk, or what is compiled in.
#pragma once

#include <cstddef>
#include <string>

#include "sim/config/loader.h"
#include "sim/config/source.h"

namespace mdevsim::config {

// "builtin:NAME" is a file of scenarios/hosts, "-" is the standard input, everything else a path.
class HostFiles final : public FileSource {
 public:
  Result<std::string> read(const std::string& path, std::size_t bytes_max) override;
};

// Any file: hosts, device models or both.
Loaded load_file(const std::string& path);

// What every command does with its HOSTFILE argument: a file without a host is a mistake.
Loaded load_host_file(const std::string& path);

}  // namespace mdevsim::config
