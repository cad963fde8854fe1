// Names that a parameter cannot have where it becomes a file: the directory has such an entry
// already.
#pragma once

#include <string_view>

namespace mdevsim::config {

// Of parameters as files of a type, of an instance or of a PCI function.
bool is_taken_in_type(std::string_view name);
bool is_taken_in_instance(std::string_view name);
bool is_taken_in_function(std::string_view name);

// Of parameters as files of migration/, which they share with two proposals' own.
bool is_taken_in_migration(std::string_view name);

}  // namespace mdevsim::config
