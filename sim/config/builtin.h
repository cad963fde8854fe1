// The host files of scenarios/hosts, compiled in: "builtin:kernel-samples" works wherever a host
// file is asked for.
#pragma once

#include <span>
#include <string_view>

namespace mdevsim::config {

struct BuiltinFile {
  std::string_view name;  // "kernel-samples"
  std::string_view text;
};

// Sorted by name. Defined by a source file that cmake/EmbedHostFiles.cmake writes.
std::span<const BuiltinFile> builtin_files();

}  // namespace mdevsim::config
