// migration-info, the third version of the document on VFIO device migration: a type tells its
// model and parameters in migration_info.json, a device has a file for each parameter in
// migration/. The file is one text of sysfs as long as it fits into a page; a longer one is a
// binary attribute with its real size, as the kernel would have to make it.
#include <fmt/format.h>

#include <string>
#include <utility>

#include "fusefs/sysfs/interfaces/subject.h"
#include "fusefs/sysfs/interfaces/table.h"
#include "sim/base/json.h"
#include "sim/base/limits.h"
#include "sim/model/model_name.h"

namespace mdevsim::sysfs::interfaces {
namespace {

std::string json_of(const model::Value& value) {
  if (value.kind == model::ValueKind::boolean) return value.number != 0 ? "true" : "false";
  if (value.kind == model::ValueKind::integer) return std::to_string(value.number);
  return json_string(value.text);
}

std::string_view type_name(model::ValueKind kind) {
  return kind == model::ValueKind::string ? "str" : kind_name(kind);
}

// [0, 32, "64-256"]
std::string allowed_json(const model::Parameter& parameter, std::uint32_t version) {
  std::string out;
  for (const model::Allowed& item : parameter.allowed) {
    if (!item.versions.contains(version)) continue;
    if (!out.empty()) out += ", ";
    out += item.least == item.most
               ? json_of(item.least)
               : json_string(fmt::format("{}-{}", to_text(item.least), to_text(item.most)));
  }
  return "[" + out + "]";
}

std::string parameter_json(const model::Parameter& parameter, const model::Value& initial,
                           std::uint32_t version) {
  std::string out = "{";
  if (!parameter.allowed.empty())
    out += "\"allowed_values\": " + allowed_json(parameter, version) + ", ";
  if (!parameter.description.empty())
    out += "\"description\": " + json_string(parameter.description) + ", ";
  out += "\"init_value\": " + json_of(initial);
  if (parameter.off) out += ", \"off_value\": " + json_of(*parameter.off);
  return out + fmt::format(", \"type\": \"{}\"}}", type_name(parameter.kind));
}

std::string info_json(const Subject& subject) {
  const model::DeviceModel& model = subject.device_model();
  std::string out = fmt::format("{{\"models\": {{{}: {{\"params\": {{",
                                json_string(model::without_scheme(model.name())));
  bool first = true;
  for (std::size_t i = 0; i < model.parameters().size(); ++i) {
    if (subject.value(i).is_absent()) continue;
    const model::Parameter& parameter = model.parameters()[i];
    out += fmt::format("{}\n  {}: ", first ? "" : ",", json_string(parameter.name));
    out += parameter_json(parameter, subject.value(i), model.version_of(subject.configuration()));
    first = false;
  }
  return out + "}}}}\n";
}

bool tells_info(const View& view) {
  return owner_of(view) != Owner::instance && has(view, Interface::migration_info);
}
std::uint64_t info_size(const View& view) { return info_json(subject_of(view)).size(); }
bool fits(const View& view) { return tells_info(view) && info_size(view) <= kShowBytesMax; }
bool does_not_fit(const View& view) { return tells_info(view) && info_size(view) > kShowBytesMax; }

Errc info_show(const View& view, std::string& out) {
  out += info_json(subject_of(view));
  return Errc::ok;
}
Errc info_read(const View& view, std::uint64_t offset, std::size_t size, const Caller&,
               std::string& out) {
  const std::string text = info_json(subject_of(view));
  if (offset < text.size()) out.append(text, offset, size);
  return Errc::ok;
}
constexpr Row binary_info() {
  return {.name = "migration_info.json",
          .mode = 0444,
          .file = FileKind::binary,
          .visible = does_not_fit,
          .size = info_size,
          .read = info_read};
}

// ---- migration/PARAM ----

Errc migration_parameter_show(const View& view, std::string& out) {
  return line(out, to_text(subject_of(view).value(place_of(view))));
}
Result<Command> parameter_store(const View& view, std::string_view bytes) {
  const Subject subject = subject_of(view);
  TRY_SET(const model::Value value, parse_strict(subject, place_of(view), bytes));
  return set_value(subject, place_of(view), value);
}
bool parameter_visible(const View& view) {
  return owner_of(view) != Owner::type && has(view, Interface::migration_info) &&
         has_parameter(view);
}
NodeId migration_directory(const View& view) { return view.node.at(row::migration); }

}  // namespace

constinit const Row kMigrationParameter =
    held_by(for_each_parameter(read_write("", kNoParent, migration_parameter_show, parameter_store,
                                          parameter_visible)),
            migration_directory);

constinit const std::array<Row, 2> kMigrationInfo = {
    in_owner(read_only("migration_info.json", kNoParent, info_show, fits)),
    in_owner(binary_info()),
};

}  // namespace mdevsim::sysfs::interfaces
