// The name of a device model: a domain and a path, such as vendor-a.com/my-nic or
// qemu.org/pci/10ec/8139. It may be written as a URI, https://vendor-a.com/my-nic: the same name.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mdevsim::model {

// The name without its scheme: names are equal when these are.
std::string_view without_scheme(std::string_view name);

// What is wrong with a name; nothing: it can name a device model.
std::optional<std::string> check_model_name(std::string_view name);

}  // namespace mdevsim::model
