// What types, instances and PCI functions show of their model, whichever interface made them: the
// model's name, the version, the latest one, and the parameters with their values. An instance and
// a function that was never created have the same files as a type, so that nobody must remember how
// a device was made.
#include "fusefs/sysfs/interfaces/subject.h"
#include "fusefs/sysfs/interfaces/table.h"

namespace mdevsim::sysfs::interfaces {
namespace {

bool has_versions(const View& view) {
  return shows_parameters(view) && !subject_of(view).device_model().versions().empty();
}
// Types that take parameters in `create` say what they support instead.
bool advertises(const View& view) {
  return owner_of(view) == Owner::type && has(view, Interface::create_parameters);
}

Errc model_show(const View& view, std::string& out) {
  return line(out, subject_of(view).device_model().name());
}

// version=5, or all parameters of a model without versions.
Errc latest_show(const View& view, std::string& out) {
  const model::DeviceModel& model = *view.state.modelled_spec(object_of(view))->model;
  return line(out, to_text(model, latest_configuration(model)));
}

bool version_visible(const View& view) {
  return has_versions(view) && !has(view, Interface::type_attributes) && !advertises(view);
}

bool parameter_visible(const View& view) {
  return shows_parameters(view) && !takes_parameters(view) && !advertises(view) &&
         has_parameter(view);
}

}  // namespace

constinit const Row kParameter =
    for_each_parameter(in_owner(read_only("", kNoParent, parameter_show, parameter_visible)));

constinit const std::array<Row, 3> kExposure = {
    in_owner(read_only("model", kNoParent, model_show, shows_parameters)),
    in_owner(read_only("latest", kNoParent, latest_show, shows_parameters)),
    in_owner(read_only("version", kNoParent, version_show, version_visible)),
};

}  // namespace mdevsim::sysfs::interfaces
