// What the files of the proposed interfaces speak for: a type, an instance or a PCI function that
// has a device model. How values are read and written in them. Nothing here decides what a model
// allows: sim/model does.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "fusefs/sysfs/table.h"
#include "sim/model/configuration.h"

namespace mdevsim::sysfs::interfaces {

enum class Owner : std::uint8_t { type, instance, function };

struct Subject {
  Owner owner;
  ObjectRef object;
  Modelled has;

  const model::DeviceModel& device_model() const { return has.device_model(); }
  const model::Configuration& configuration() const { return *has.configuration; }
  const model::Parameter& parameter(std::size_t place) const {
    return device_model().parameters()[place];
  }
  const model::Value& value(std::size_t place) const { return configuration().values[place]; }
  bool is_type() const { return owner == Owner::type; }
};

// Of a node of one of the three kinds of interface files; its object exists.
Owner owner_of(const View& view);
ObjectRef object_of(const View& view);
Subject subject_of(const View& view);
// The directory that shows the files.
NodeId owner_node(const View& view);

bool has(const View& view, Interface one);

// Whether the type, the instance or the function shows its model's parameters under their own
// names, and whether they can be written there.
bool shows_parameters(const View& view);
bool takes_parameters(const View& view);

// The parameter that a node with an index is about, and whether its owner has it now.
inline std::size_t place_of(const View& view) { return view.node.index(); }
bool has_parameter(const View& view);
void parameter_name(const View& view, std::string& out);

// A row that lies in that directory.
constexpr Row held_by(Row row, NodeId (*holder)(const View& view)) {
  row.holder = holder;
  return row;
}
// In the owner's own one.
constexpr Row in_owner(Row row) { return held_by(row, owner_node); }
// A row for each parameter; the directory that holds it lists it.
constexpr Row for_each_parameter(Row row) {
  row.name_of = parameter_name;
  return row;
}

// The text and a newline; EOVERFLOW when that is more than a page holds.
Errc line(std::string& out, std::string_view text);

// What was written, without its newline. Errors: EINVAL for as much as a page or more, of which the
// kernel may have cut the end, and for a NUL.
Result<std::string_view> written_line(std::string_view bytes);

// As the interfaces of November 2020 write values: a bool is 1 or 0.
std::string numeric_text(const model::Value& value);

// As they read them: a bool is a decimal number, anything but 0 is on, and garbage is 0. An empty
// line and the model's disable_string disable the parameter. Errors: EINVAL.
Result<model::Value> parse_lenient(const Subject& subject, std::size_t place,
                                   std::string_view bytes);

// As the documents v2 and v3 read them: on or off, a decimal number, or a text. Errors: EINVAL.
Result<model::Value> parse_strict(const Subject& subject, std::size_t place,
                                  std::string_view bytes);

// Files that several proposals have.
Errc version_show(const View& view, std::string& out);
Errc parameter_show(const View& view, std::string& out);

// The subject with one parameter, or all, changed: a command for its kind.
Result<Command> set_value(const Subject& subject, std::size_t place, const model::Value& value);
Command set_configuration(const Subject& subject, model::Configuration configuration);

}  // namespace mdevsim::sysfs::interfaces
