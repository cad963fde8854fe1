// type-attributes, the first proposal of the discussion: the type is set to a version and to
// parameters, and `create` then makes what it is set to. Two clients that do so at once get each
// other's configuration; that is the proposal's nature, and here to be seen. A device is configured
// through the same files in its own directory.
#include "fusefs/sysfs/interfaces/subject.h"
#include "fusefs/sysfs/interfaces/table.h"

namespace mdevsim::sysfs::interfaces {
namespace {

// All parameters become that version's. EOPNOTSUPP for one that there is not.
Result<Command> version_store(const View& view, std::string_view bytes) {
  const Subject subject = subject_of(view);
  TRY_SET(const std::string_view text, written_line(bytes));
  TRY_SET(model::Configuration wanted, version_configuration(subject.device_model(), text));
  return set_configuration(subject, std::move(wanted));
}
bool version_visible(const View& view) {
  return has(view, Interface::type_attributes) &&
         !subject_of(view).device_model().versions().empty();
}

Result<Command> parameter_store(const View& view, std::string_view bytes) {
  const Subject subject = subject_of(view);
  TRY_SET(const model::Value value, parse_lenient(subject, place_of(view), bytes));
  return set_value(subject, place_of(view), value);
}
bool parameter_visible(const View& view) { return takes_parameters(view) && has_parameter(view); }

}  // namespace

constinit const Row kWritableParameter = for_each_parameter(
    in_owner(read_write("", kNoParent, parameter_show, parameter_store, parameter_visible)));

constinit const std::array<Row, 1> kTypeAttributes = {
    in_owner(read_write("version", kNoParent, version_show, version_store, version_visible)),
};

}  // namespace mdevsim::sysfs::interfaces
