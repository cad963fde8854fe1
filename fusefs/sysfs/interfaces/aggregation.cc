// aggregation: one instance can have several units of a type that scales. `create` takes
// UUID,aggregate=N (see create_parameters.cc), and available_instances counts units.
#include "fusefs/sysfs/interfaces/subject.h"
#include "fusefs/sysfs/interfaces/table.h"

namespace mdevsim::sysfs::interfaces {
namespace {

bool of_type(const View& view) {
  return owner_of(view) == Owner::type && has(view, Interface::aggregation);
}
bool of_instance(const View& view) {
  return owner_of(view) == Owner::instance && has(view, Interface::aggregation);
}
const AggregateSpec& aggregate_of(const View& view) {
  return *view.state.modelled_spec(object_of(view))->aggregate;
}

// How many units an instance can have, and what one is.
Errc aggregation_show(const View& view, std::string& out) {
  return line(out, std::to_string(aggregate_of(view).max));
}
Errc aggregation_unit_show(const View& view, std::string& out) {
  return line(out, aggregate_of(view).unit);
}
Errc aggregated_instances_show(const View& view, std::string& out) {
  return line(out, std::to_string(view.state.units_of(InstanceId(view.object()))));
}

}  // namespace

constinit const std::array<Row, 3> kAggregation = {
    in_owner(read_only("aggregation", kNoParent, aggregation_show, of_type)),
    in_owner(read_only("aggregation_unit", kNoParent, aggregation_unit_show, of_type)),
    in_owner(read_only("aggregated_instances", kNoParent, aggregated_instances_show, of_instance)),
};

}  // namespace mdevsim::sysfs::interfaces
