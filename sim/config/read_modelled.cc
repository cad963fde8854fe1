// What a type or a PCI function says of its device model.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/config/read.h"

namespace mdevsim::config {
namespace {

using Kind = Value::Kind;

constexpr std::string_view kModelExample = "model = \"vendor-a.com/my-nic\"";
constexpr std::string_view kInterfacesExample = "interfaces = [\"type-attributes\"]";
constexpr std::string_view kAggregateExample = "aggregate = { unit = \"64MiB\", max = 16 }";

// Interfaces that say the opposite of each other.
struct Opposites {
  Interface one;
  Interface other;
  std::string_view why;
};
constexpr Opposites kOpposites[] = {
    {Interface::type_attributes, Interface::version_per_type,
     "a type is either set to a version, or stands for one"},
    {Interface::create_parameters, Interface::version_per_type,
     "an instance's version is either written to `create`, or its type's"},
};

// What has a meaning only where instances are created.
constexpr Interface kOfTypes[] = {Interface::create_parameters, Interface::version_per_type,
                                  Interface::aggregation};

std::string_view name_of(Interface one) { return kInterfaceNames[static_cast<std::size_t>(one)]; }

class ModelledReader {
 public:
  ModelledReader(TableReader& table, const Value& value, ModelOwner owner)
      : table_(table), value_(value), owner_(owner), report_(table.report()) {}

  std::optional<ModelledDraft> run() {
    draft_.where = value_.where;
    draft_.of_function = owner_ == ModelOwner::function;
    const auto model = table_.text("model", kModelExample);
    const auto each =
        owner_ == ModelOwner::type
            ? table_.text("each_version_of", "each_version_of = \"vendor-a.com/my-nic\"")
            : std::nullopt;
    draft_.initial = read_configuration(table_, value_);
    if (const Member* interfaces = table_.take("interfaces", Kind::array, kInterfacesExample))
      read_interfaces(*interfaces);
    if (owner_ == ModelOwner::type) {
      if (const Member* aggregate = table_.take("aggregate", Kind::table, kAggregateExample))
        read_aggregate(*aggregate);
    }
    if (model && each) {
      report_.error(each->where, "`model` makes one type, `each_version_of` makes many",
                    "remove one of them");
    } else if (each && draft_.initial.is_said()) {
      report_.error(draft_.initial.where(), "each of the types has a version of its own",
                    "remove the key, or write `model` instead of `each_version_of`");
    }
    if (!model && !each) {
      say_needs_model();
      return std::nullopt;
    }
    draft_.model = model ? *model : *each;
    draft_.each_version = !model;
    check_interfaces();
    return std::move(draft_);
  }

 private:
  void read_interfaces(const Member& member) {
    draft_.interfaces_where = member.value.where;
    for (const Value& item : member.value.items) {
      if (item.kind != Kind::string) {
        report_kind(item, "an item of `interfaces`", Kind::string, kInterfacesExample, report_);
        continue;
      }
      const auto* const found =
          std::find(kInterfaceNames.begin(), kInterfaceNames.end(), item.text);
      if (found == kInterfaceNames.end()) {
        const std::vector<std::string_view> names(kInterfaceNames.begin(), kInterfaceNames.end());
        const std::string_view near = nearest(item.text, names);
        report_.error(item.where, fmt::format("there is no interface `{}`", printable(item.text)),
                      near.empty() ? "write one of " + list_of(names)
                                   : fmt::format("did you mean `{}`?", near));
        continue;
      }
      const auto one = static_cast<Interface>(found - kInterfaceNames.begin());
      if (draft_.interfaces.has(one))
        report_.error(item.where, "the interface is there already", "remove one of them");
      draft_.interfaces.add(one);
    }
  }

  void read_aggregate(const Member& member) {
    TableReader table(member.value, "an aggregate", table_.complete(), report_);
    AggregateSpec aggregate;
    const auto unit = table.text("unit", kAggregateExample);
    table.integer("max", {.least = 1, .most = INT32_MAX}, aggregate.max);
    table.finish();
    for (const std::string_view key : {"unit", "max"}) {
      if (member.value.find(key) == nullptr)
        table.missing(key, fmt::format("write {}", kAggregateExample));
    }
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20; };
    if (unit && (unit->value.empty() || unit->value.size() > 255 ||
                 std::any_of(unit->value.begin(), unit->value.end(), is_control))) {
      report_.error(unit->where, "the unit is one line of 1 to 255 bytes",
                    fmt::format("write {}", kAggregateExample));
    } else if (unit) {
      aggregate.unit = unit->value;
    }
    draft_.aggregate = std::move(aggregate);
  }

  void say_needs_model() {
    if (!table_.complete()) return;
    for (const std::string_view key : {"version", "configuration", "interfaces", "aggregate"}) {
      const Member* member = value_.find(key);
      if (member == nullptr || value_.find("model") != nullptr ||
          value_.find("each_version_of") != nullptr)
        continue;
      if (key == "aggregate" && owner_ != ModelOwner::type) continue;  // not one of its keys
      report_.error(member->where,
                    fmt::format("`{}` is about a device model, but none is named", key),
                    fmt::format("add {}", kModelExample));
    }
  }

  void check_interfaces() {
    const InterfaceSet& set = draft_.interfaces;
    for (const Opposites& pair : kOpposites) {
      if (set.has(pair.one) && set.has(pair.other)) {
        report_.error(draft_.interfaces_where,
                      fmt::format("`{}` and `{}` contradict each other: {}", name_of(pair.one),
                                  name_of(pair.other), pair.why),
                      "remove one of them");
      }
    }
    for (const Interface one : kOfTypes) {
      if (owner_ == ModelOwner::function && set.has(one)) {
        report_.error(draft_.interfaces_where,
                      fmt::format("`{}` is about creating instances, but the function is there",
                                  name_of(one)),
                      "remove it, or put it into a type of `mdev_types`");
      }
    }
    if (set.has(Interface::aggregation) && value_.find("aggregate") == nullptr) {
      report_.error(draft_.interfaces_where, "nothing says what `aggregation` aggregates",
                    fmt::format("add {}", kAggregateExample));
    }
    if (draft_.aggregate && !set.has(Interface::aggregation)) {
      report_.error(value_.find("aggregate")->where,
                    "`aggregate` has no effect without the interface `aggregation`",
                    "add interfaces = [\"aggregation\"]");
    }
  }

  TableReader& table_;
  const Value& value_;
  ModelOwner owner_;
  Report& report_;
  ModelledDraft draft_;
};

}  // namespace

ConfigurationDraft read_configuration(TableReader& table, const Value& value) {
  ConfigurationDraft draft;
  std::uint32_t number = 0;
  if (table.integer("version", {.least = 1, .most = UINT32_MAX - 1}, number))
    draft.version = {number, value.find("version")->value.where};
  draft.text = table.text("configuration", "configuration = \"version=2,rss=on\"");
  if (draft.version && draft.text) {
    table.report().error(draft.version->second,
                         "`version` and `configuration` both say what a device is at first",
                         "write configuration = \"version=2,rss=on\" alone");
  }
  return draft;
}

std::optional<ModelledDraft> read_modelled(TableReader& table, const Value& value,
                                           ModelOwner owner) {
  return ModelledReader(table, value, owner).run();
}

}  // namespace mdevsim::config
