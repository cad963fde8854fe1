// How the kernel reads what is written to an attribute. Pure, and total: any bytes are answered.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/base/result.h"
#include "sim/world/command.h"

namespace mdevsim::sysfs {

// kstrtoull(text, 0, …): decimal, 0x or 0 prefix, one leading '+', one trailing newline; ends at a
// NUL. Errors: EINVAL, ERANGE above 64 bits.
Result<std::uint64_t> parse_unsigned(std::string_view bytes);

// kstrtoint(text, 0, …): as above with a leading '-'.
Result<std::int32_t> parse_int(std::string_view bytes);

// kstrtobool: the first one or two characters decide.
Result<bool> parse_bool(std::string_view bytes);

// What sysfs_streq compares: up to a NUL, without one trailing newline.
std::string_view parse_name(std::string_view bytes);

// uuid_parse behind create_store: 36 or 37 bytes, the 37th is never looked at.
Result<Uuid> parse_create(std::string_view bytes);

// kobject_synth_uevent: ACTION [UUID [KEY=VALUE]...].
struct SynthesizedEvent {
  Action action = Action::add;
  std::string uuid = "0";
  std::vector<std::pair<std::string, std::string>> arguments;
};
Result<SynthesizedEvent> parse_uevent(std::string_view bytes);

// driver_set_override: up to the first newline; empty clears. EINVAL for 4095 bytes and more.
Result<std::string> parse_driver_override(std::string_view bytes);

// new_id and remove_id: up to six hexadecimal fields, at least two.
Result<PciId> parse_pci_id(std::string_view bytes);

// What is written to `faults`: a rule a line, or remove=ID, or remove=all. Empty lines and those
// that begin with # are passed over.
Result<ChangeFaults> parse_faults(std::string_view bytes);

std::string_view action_name(Action action);

}  // namespace mdevsim::sysfs
