// What `create` takes behind the uuid, and how values that are supported are listed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "fusefs/sysfs/table.h"
#include "sim/model/parameter.h"

namespace mdevsim::sysfs::interfaces {

// Whether the type's `create` takes more than the kernel's.
bool has_own_create(const View& type);

// UUID, or UUID,version=2,rss=on,aggregate=4 as far as the type's interfaces have it. Without a
// comma it is the kernel's rule. Errors: EINVAL, EOPNOTSUPP for an unknown version.
Result<Command> create_store(const View& type, std::string_view bytes);

// "0 32 64-256": the values of a parameter in a version, or in all; "int" or "string" for one that
// may be anything.
std::string supported_text(const model::Parameter& parameter, std::optional<std::uint32_t> version);

}  // namespace mdevsim::sysfs::interfaces
