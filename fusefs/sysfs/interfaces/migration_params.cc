// migration-params, the second version of the document: a type tells its model in migration/model;
// in a device what is written to migration/params/PARAM has no effect before 1 is written to
// migration/applied, and the device cannot be opened before that. 0 undoes it. No versions.
#include "fusefs/sysfs/interfaces/subject.h"
#include "fusefs/sysfs/interfaces/table.h"

namespace mdevsim::sysfs::interfaces {
namespace {

bool is_on(const View& view) { return has(view, Interface::migration_params); }
bool of_device(const View& view) { return is_on(view) && owner_of(view) != Owner::type; }
bool of_type_or_function(const View& view) {
  return is_on(view) && owner_of(view) != Owner::instance;
}

Errc model_show(const View& view, std::string& out) {
  return line(out, subject_of(view).device_model().name());
}

bool is_applied(const View& view) {
  const DeviceSettings* settings = view.state.settings(object_of(view));
  return settings != nullptr && settings->applied;
}
Errc applied_show(const View& view, std::string& out) {
  return line(out, is_applied(view) ? "1" : "0");
}
Result<Command> applied_store(const View& view, std::string_view bytes) {
  TRY_SET(const std::string_view text, written_line(bytes));
  if (text != "0" && text != "1")
    return fail(Errc::invalid, "1 applies the parameters, 0 resets them");
  return ApplyStaged{object_of(view), text == "1"};
}

// Parameters that nobody wrote are as the device was made.
const model::Configuration& made_of(const View& view) {
  const DeviceSettings* settings = view.state.settings(object_of(view));
  if (settings != nullptr && settings->made) return *settings->made;
  return *view.state.modelled_spec(object_of(view))->initial;
}
const model::Configuration& staged_of(const View& view) {
  const DeviceSettings* settings = view.state.settings(object_of(view));
  return settings != nullptr && settings->staged ? *settings->staged : made_of(view);
}

bool parameter_visible(const View& view) {
  return of_device(view) && place_of(view) < staged_of(view).values.size() &&
         !staged_of(view).values[place_of(view)].is_absent();
}
Errc staged_parameter_show(const View& view, std::string& out) {
  return line(out, to_text(staged_of(view).values[place_of(view)]));
}
// Nothing, or an empty line, is the default.
Result<Command> parameter_store(const View& view, std::string_view bytes) {
  const Subject subject = subject_of(view);
  TRY_SET(const std::string_view text, written_line(bytes));
  model::Value value = made_of(view).values[place_of(view)];
  if (!text.empty()) {
    TRY_SET(value, parse_strict(subject, place_of(view), bytes));
  }
  TRY_SET(model::Configuration staged,
          with_value(subject.device_model(), staged_of(view), place_of(view), value));
  return StageConfiguration{subject.object,
                            std::make_shared<const model::Configuration>(std::move(staged))};
}
NodeId staged_directory(const View& view) { return view.node.at(row::staged); }

}  // namespace

constinit const Row kStagedParameter =
    held_by(for_each_parameter(read_write("", kNoParent, staged_parameter_show, parameter_store,
                                          parameter_visible)),
            staged_directory);
constinit const Row kStaged = directory("params", row::migration, of_device);

constinit const std::array<Row, 2> kMigrationParams = {
    read_only("model", row::migration, model_show, of_type_or_function),
    read_write("applied", row::migration, applied_show, applied_store, of_device),
};

}  // namespace mdevsim::sysfs::interfaces
