// migration_version: a string that is read from the source and written to the target. Success says
// that the target can take the source's state as it is. The string is opaque to clients; it is the
// model's name, the active parameters and, of an instance that aggregates, its units:
// vendor-a.com/my-nic@rss=on,rx-filter-size=64,aggregate=2
#include <fmt/format.h>

#include "fusefs/sysfs/interfaces/subject.h"
#include "fusefs/sysfs/interfaces/table.h"
#include "sim/model/description.h"
#include "sim/model/verdict.h"

namespace mdevsim::sysfs::interfaces {
namespace {

constexpr std::string_view kAggregateKey = "aggregate=";

bool is_on(const View& view) { return has(view, Interface::migration_version); }
bool aggregates(const View& view) {
  return owner_of(view) == Owner::instance && has(view, Interface::aggregation);
}
std::string units_text(const View& view) {
  return fmt::format("{}{}", kAggregateKey, view.state.units_of(InstanceId(view.object())));
}

Errc migration_version_show(const View& view, std::string& out) {
  const Subject subject = subject_of(view);
  std::string text = model::describe({subject.device_model(), subject.configuration()});
  if (aggregates(view)) text += (text.ends_with('@') ? "" : ",") + units_text(view);
  return line(out, text);
}

// Takes "aggregate=N" off the end of the text.
std::string_view take_units(std::string_view& text) {
  const std::size_t at = text.find_last_of(",@");
  if (at == std::string_view::npos || !text.substr(at + 1).starts_with(kAggregateKey)) return {};
  const std::string_view units = text.substr(at + 1);
  text = text.substr(0, text[at] == '@' ? at + 1 : at);
  return units;
}

std::string reasons_of(const model::Verdict& verdict, const model::Device& source,
                       const model::Device& target) {
  std::string why;
  for (const model::Reason& reason : verdict.reasons)
    why += (why.empty() ? "" : "; ") + to_text(reason, source, target);
  for (const model::Step& step : verdict.steps)
    why += (why.empty() ? "only after: " : ", ") + to_text(step);
  return why;
}

Result<Command> migration_version_store(const View& view, std::string_view bytes) {
  const Subject subject = subject_of(view);
  TRY_SET(std::string_view text, written_line(bytes));
  const std::string_view units = take_units(text);
  if (aggregates(view) && units != units_text(view)) {
    return fail(Errc::invalid, fmt::format("the source has {}, the target {}",
                                           units.empty() ? "no units" : units, units_text(view)));
  }
  TRY_SET(const model::DescribedDevice source,
          model::read_description(text, subject.device_model()));
  const model::Device described{source.model, source.configuration};
  const model::Device target{subject.device_model(), subject.configuration()};
  const model::Verdict verdict = decide(described, target);
  if (verdict.answer == model::Answer::identical || verdict.answer == model::Answer::compatible)
    return Nothing{};
  return fail(Errc::invalid, reasons_of(verdict, described, target));
}

}  // namespace

constinit const std::array<Row, 1> kMigrationVersion = {
    in_owner(read_write("migration_version", kNoParent, migration_version_show,
                        migration_version_store, is_on)),
};

}  // namespace mdevsim::sysfs::interfaces
