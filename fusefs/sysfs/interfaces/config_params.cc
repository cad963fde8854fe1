// config_params: the names of the active parameters with blanks between them. Written, it makes
// exactly these active: a name that is left out is turned off, which is how a target is told to be
// as a source that does not know a parameter.
#include <algorithm>
#include <vector>

#include "fusefs/sysfs/interfaces/subject.h"
#include "fusefs/sysfs/interfaces/table.h"

namespace mdevsim::sysfs::interfaces {
namespace {

constexpr std::string_view kBlanks = " \t";

Errc config_params_show(const View& view, std::string& out) {
  const Subject subject = subject_of(view);
  std::string text;
  for (const std::string_view name :
       active_names(subject.device_model(), subject.configuration())) {
    if (!text.empty()) text += ' ';
    text += name;
  }
  return line(out, text);
}

Result<Command> config_params_store(const View& view, std::string_view bytes) {
  const Subject subject = subject_of(view);
  TRY_SET(std::string_view text, written_line(bytes));
  std::vector<std::string_view> names;
  for (;;) {
    text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
    if (text.empty()) break;
    const std::size_t end = std::min(text.find_first_of(kBlanks), text.size());
    names.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  TRY_SET(model::Configuration wanted,
          with_active(subject.device_model(), subject.configuration(), names));
  return set_configuration(subject, std::move(wanted));
}

// A type that cannot be set to anything only tells.
bool is_written(const View& view) {
  return has(view, Interface::config_params) &&
         (owner_of(view) != Owner::type || has(view, Interface::type_attributes));
}
bool is_read(const View& view) { return has(view, Interface::config_params) && !is_written(view); }

}  // namespace

constinit const std::array<Row, 2> kConfigParams = {
    in_owner(read_write("config_params", kNoParent, config_params_show, config_params_store,
                        is_written)),
    in_owner(read_only("config_params", kNoParent, config_params_show, is_read)),
};

}  // namespace mdevsim::sysfs::interfaces
