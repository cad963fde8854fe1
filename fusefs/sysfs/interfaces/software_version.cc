// software_version, compatible_* and dynamic_resources: what a target can do and what a source is,
// as sets that a client compares. A target suits a source when the major and minor numbers are
// equal or the target's minor is higher, and each compatible_ file of the source exists in the
// target and holds the source's values. Then every file that the target's dynamic_resources names
// is copied from the source, or emptied where the source has none.
//
// What decides about parameters here are the compatible_ files; a model's version, which is an
// alias of parameters, is the last number, by which the rule does not go.
#include <fmt/format.h>

#include "fusefs/sysfs/interfaces/create_parameters.h"
#include "fusefs/sysfs/interfaces/subject.h"
#include "fusefs/sysfs/interfaces/table.h"
#include "sim/model/model_name.h"

namespace mdevsim::sysfs::interfaces {
namespace {

bool is_on(const View& view) { return has(view, Interface::software_version); }

Errc software_version_show(const View& view, std::string& out) {
  const Subject subject = subject_of(view);
  return line(out,
              fmt::format("1.0.{}", subject.device_model().version_of(subject.configuration())));
}
Errc compatible_type_show(const View& view, std::string& out) {
  return line(out, model::without_scheme(subject_of(view).device_model().name()));
}
// The files of a device that are to be as the source's.
Errc dynamic_resources_show(const View& view, std::string& out) {
  const Subject subject = subject_of(view);
  std::string text;
  for (std::size_t i = 0; i < subject.configuration().values.size(); ++i) {
    if (subject.value(i).is_absent()) continue;
    text += (text.empty() ? "" : ",") + subject.parameter(i).name;
  }
  return line(out, text);
}

// Of a type what its devices can have, of a device what it has, when that matters to a target.
Errc compatible_show(const View& view, std::string& out) {
  const Subject subject = subject_of(view);
  const std::size_t place = place_of(view);
  if (!subject.is_type()) return line(out, numeric_text(subject.value(place)));
  return line(out, supported_text(subject.parameter(place),
                                  subject.device_model().version_of(subject.configuration())));
}
bool compatible_visible(const View& view) {
  if (!is_on(view) || !has_parameter(view)) return false;
  const Subject subject = subject_of(view);
  return subject.is_type() ||
         subject.parameter(place_of(view)).is_active(subject.value(place_of(view)));
}
void compatible_name(const View& view, std::string& out) {
  out += "compatible_";
  parameter_name(view, out);
}
constexpr Row compatible_parameter() {
  Row made = in_owner(read_only("", kNoParent, compatible_show, compatible_visible));
  made.name_of = compatible_name;
  return made;
}

}  // namespace

constinit const Row kCompatibleParameter = compatible_parameter();

constinit const std::array<Row, 3> kSoftwareVersion = {
    in_owner(read_only("software_version", kNoParent, software_version_show, is_on)),
    in_owner(read_only("compatible_type", kNoParent, compatible_type_show, is_on)),
    in_owner(read_only("dynamic_resources", kNoParent, dynamic_resources_show, is_on)),
};

}  // namespace mdevsim::sysfs::interfaces
