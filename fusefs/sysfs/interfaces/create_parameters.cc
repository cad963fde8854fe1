// create-parameters: the configuration stands behind the uuid in the one write to `create`, as in
// UUID,version=2,rss=on, so nobody can come between. The type's files are read-only and tell what
// is supported: the versions, and the values of each parameter over all versions.
#include "fusefs/sysfs/interfaces/create_parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "fusefs/sysfs/interfaces/subject.h"
#include "fusefs/sysfs/interfaces/table.h"
#include "fusefs/sysfs/parse.h"

namespace mdevsim::sysfs::interfaces {
namespace {

constexpr std::string_view kAggregateKey = "aggregate=";

bool advertises(const View& view) {
  return owner_of(view) == Owner::type && has(view, Interface::create_parameters) &&
         !has(view, Interface::type_attributes);
}
bool advertises_versions(const View& view) {
  return advertises(view) && !subject_of(view).device_model().versions().empty();
}

void append_word(std::string& out, std::string_view word) {
  if (!out.empty()) out += ' ';
  out += word;
}

// "1-3 7": numbers that follow each other are a range.
Errc versions_show(const View& view, std::string& out) {
  const Subject subject = subject_of(view);
  const auto& versions = subject.device_model().versions();
  std::string text;
  for (std::size_t first = 0; first < versions.size();) {
    std::size_t last = first;
    while (last + 1 < versions.size() && versions[last + 1].number == versions[last].number + 1)
      ++last;
    append_word(text, first == last
                          ? std::to_string(versions[first].number)
                          : fmt::format("{}-{}", versions[first].number, versions[last].number));
    first = last + 1;
  }
  return line(out, text);
}

Errc supported_show(const View& view, std::string& out) {
  return line(out, supported_text(subject_of(view).parameter(place_of(view)), std::nullopt));
}

// A command line behind a uuid, taken apart.
struct CreateLine {
  std::string settings;  // without aggregate
  std::optional<std::string_view> units;
};

Result<CreateLine> split_line(std::string_view text) {
  CreateLine split;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    const std::string_view part = text.substr(0, comma);
    if (!part.starts_with(kAggregateKey)) {
      if (!split.settings.empty()) split.settings += ',';
      split.settings += part;
    } else if (split.units) {
      return fail(Errc::invalid, "`aggregate` is set twice");
    } else {
      split.units = part.substr(kAggregateKey.size());
    }
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
    if (text.empty()) return fail(Errc::invalid, "nothing stands behind the last comma");
  }
  return split;
}

Result<std::uint32_t> parse_units(const ModelledSpec& spec, std::string_view text) {
  if (!spec.aggregate) return fail(Errc::invalid, "`aggregate`: the type does not aggregate");
  TRY_SET(const std::uint64_t units, parse_unsigned(text));
  if (units < 1 || units > spec.aggregate->max) {
    return fail(Errc::invalid,
                fmt::format("`aggregate`: {} is not 1 to {}", units, spec.aggregate->max));
  }
  return static_cast<std::uint32_t>(units);
}

}  // namespace

std::string supported_text(const model::Parameter& parameter,
                           std::optional<std::uint32_t> version) {
  std::vector<std::string> words;
  for (const model::Allowed& item : parameter.allowed) {
    if (version && !item.versions.contains(*version)) continue;
    std::string word = numeric_text(item.least);
    if (item.least != item.most) word += "-" + numeric_text(item.most);
    if (std::find(words.begin(), words.end(), word) == words.end()) words.push_back(word);
  }
  if (parameter.allowed.empty() && parameter.kind == model::ValueKind::boolean)
    words = {"0", "1"};
  else if (parameter.allowed.empty())
    words = {std::string(kind_name(parameter.kind))};  // whatever is of that kind
  std::string text;
  for (const std::string& word : words) append_word(text, word);
  return text;
}

bool has_own_create(const View& type) {
  const ModelledSpec* spec = type.state.spec_of(TypeId(type.object())).modelled.get();
  return spec != nullptr && (spec->interfaces.has(Interface::create_parameters) ||
                             spec->interfaces.has(Interface::aggregation));
}

Result<Command> create_store(const View& type, std::string_view bytes) {
  constexpr std::size_t kUuidLength = Uuid::kTextLength;
  const auto id = TypeId(type.object());
  const ModelledSpec& spec = *type.state.spec_of(id).modelled;
  TRY_SET(const Uuid uuid, parse_create(bytes.substr(0, kUuidLength)));
  // The kernel's own rule: it never looks at the 37th byte.
  if (bytes.size() <= kUuidLength + 1) return Create{id, uuid};
  if (bytes[kUuidLength] != ',') return fail(Errc::invalid, "no comma stands behind the uuid");
  TRY_SET(const std::string_view text, written_line(bytes));
  TRY_SET(const CreateLine split, split_line(text.substr(kUuidLength + 1)));
  Create create{id, uuid};
  if (split.units) {
    TRY_SET(create.units, parse_units(spec, *split.units));
  }
  if (split.settings.empty()) return create;
  if (!spec.interfaces.has(Interface::create_parameters))
    return fail(Errc::invalid, "the type takes `aggregate` behind the uuid and nothing else");
  TRY_SET(model::Configuration wanted, parse_configuration(*spec.model, split.settings));
  create.configuration = std::make_shared<const model::Configuration>(std::move(wanted));
  return create;
}

constinit const Row kAdvertisedParameter =
    for_each_parameter(in_owner(read_only("", kNoParent, supported_show, advertises)));

constinit const std::array<Row, 1> kCreateParameters = {
    in_owner(read_only("version", kNoParent, versions_show, advertises_versions)),
};

}  // namespace mdevsim::sysfs::interfaces
