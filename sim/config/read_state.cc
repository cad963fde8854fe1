#include "sim/config/read_state.h"

#include <fmt/format.h>

#include <array>
#include <string_view>
#include <utility>

#include "sim/base/limits.h"
#include "sim/config/reader.h"

namespace mdevsim::config {
namespace {

using Kind = Value::Kind;
using Place = model::Fault::Place;

constexpr std::string_view kSectionsExample =
    "sections = [ { name = \"rss-table\", size = \"4KiB\", when = \"rss\" } ]";
constexpr std::string_view kFeaturesExample = "features = [\"stop-copy\", \"p2p\", \"pre-copy\"]";
constexpr std::string_view kCompressionExample = "compression = [\"lz4\", \"zstd\"]";
constexpr std::string_view kBurstExample = "burst = { every_ms = 1000, for_ms = 100 }";
constexpr IntegerRange kBurstRange = {.least = 1, .most = 3'600'000};

// Sections that have a key of their own.
constexpr std::string_view kUsualSections[] = {"memory", "queues", "registers"};

struct PatternName {
  std::string_view name;
  model::WritePattern pattern;
};
constexpr PatternName kPatterns[] = {{"uniform", model::WritePattern::uniform},
                                     {"hot-set", model::WritePattern::hot_set},
                                     {"sequential", model::WritePattern::sequential},
                                     {"burst", model::WritePattern::burst}};

// A word of a list, and what it switches on.
struct Switch {
  std::string_view name;
  bool* on;
};

class StateReader {
 public:
  StateReader(const Member& state, bool complete, ModelDraft& draft, Report& report)
      : table_(state.value, "a state", complete, report),
        complete_(complete),
        draft_(draft),
        report_(report) {
    at(Place::state, state.where);
  }

  void run() {
    for (const std::string_view name : kUsualSections) read_usual_section(name);
    read_sections();
    read_workload();
    read_switches("features", kFeaturesExample, Place::features,
                  {{"stop-copy", &state_.features.stop_copy},
                   {"p2p", &state_.features.p2p},
                   {"pre-copy", &state_.features.pre_copy}});
    read_switches("compression", kCompressionExample, Place::state,
                  {{"lz4", &state_.stream.lz4}, {"zstd", &state_.stream.zstd}});
    table_.boolean("delta", state_.stream.delta);
    table_.boolean("unchecked", state_.stream.unchecked);
    table_.integer("seed", {}, state_.seed);
    table_.integer("zero_pages", {.least = 0, .most = 100}, state_.zero_percent);
    table_.boolean("sparse", state_.sparse);
    table_.finish();
    if (sound_) draft_.spec.state = std::move(state_);
  }

 private:
  void at(Place place, Region where, std::size_t index = 0) {
    draft_.places.emplace(ModelPlace{place, {}, 0, index}, where);
  }

  // Bytes, or bytes a second with their suffix "/s".
  std::optional<std::uint64_t> size_of(const Value& value, std::string_view suffix = {}) {
    std::optional<std::uint64_t> size;
    std::string_view text = value.text;
    if (value.kind == Kind::integer && value.integer >= 0)
      size = static_cast<std::uint64_t>(value.integer);
    if (value.kind == Kind::string && text.size() > suffix.size() && text.ends_with(suffix))
      size = parse_size(text.substr(0, text.size() - suffix.size()));
    if (!size) {
      report_.error(value.where, suffix.empty() ? "this is no size" : "this is no rate",
                    suffix.empty()
                        ? "write bytes, or a string such as \"64KiB\", \"16MiB\" or \"1GiB\""
                        : "write bytes a second, or a string such as \"200MiB/s\"");
      sound_ = false;
    }
    return size;
  }

  void add_section(model::SectionSpec section, Region where, Region size) {
    at(Place::section, where, state_.sections.size());
    at(Place::section_size, size, state_.sections.size());
    state_.sections.push_back(std::move(section));
  }

  void read_usual_section(std::string_view name) {
    const Member* member = table_.take(name);
    if (member == nullptr) return;
    if (const auto bytes = size_of(member->value))
      add_section({std::string(name), *bytes, {}}, member->where, member->value.where);
  }

  void read_sections() {
    const Member* sections = table_.take("sections", Kind::array, kSectionsExample);
    if (sections == nullptr) return;
    for (const Value& item : sections->value.items) {
      if (item.kind != Kind::table) {
        report_kind(item, "an item of `sections`", Kind::table, kSectionsExample, report_);
        sound_ = false;
      } else {
        read_section(item);
      }
    }
  }

  void read_section(const Value& item) {
    TableReader table(item, "a section", complete_, report_);
    const auto name = table.text("name", "name = \"rss-table\"");
    const Member* size = table.take("size");
    const auto when = table.text("when", "when = \"rss\"");
    table.finish();
    if (item.find("name") == nullptr) table.missing("name", "write name = \"rss-table\"");
    if (size == nullptr) table.missing("size", "write size = \"4KiB\"");
    const auto bytes = size != nullptr ? size_of(size->value) : std::nullopt;
    if (!name || !bytes) {
      sound_ = false;
      return;
    }
    if (when) at(Place::section_when, when->where, state_.sections.size());
    add_section({name->value, *bytes, when ? when->value : std::string()}, name->where,
                size->value.where);
  }

  void read_workload() {
    model::WorkloadSpec& workload = state_.workload;
    if (const Member* rate = table_.take("dirty_rate")) {
      at(Place::workload, rate->where);
      if (const auto bytes = size_of(rate->value, "/s")) workload.dirty_bytes_per_s = *bytes;
    }
    if (const auto text = table_.text("pattern", "pattern = \"uniform\"")) {
      at(Place::workload, text->where);
      read_pattern(*text);
    }
    if (const Member* hot = table_.take("hot_set")) {
      at(Place::workload, hot->where);
      if (const auto bytes = size_of(hot->value)) workload.hot_set_bytes = *bytes;
    }
    const Member* burst = table_.take("burst", Kind::table, kBurstExample);
    if (burst == nullptr) return;
    at(Place::workload, burst->where);
    TableReader table(burst->value, "a burst", complete_, report_);
    const bool every = table.integer("every_ms", kBurstRange, workload.burst_every_ms);
    const bool lasts = table.integer("for_ms", kBurstRange, workload.burst_ms);
    table.finish();
    if (burst->value.find("every_ms") == nullptr)
      table.missing("every_ms", fmt::format("write {}", kBurstExample));
    if (burst->value.find("for_ms") == nullptr)
      table.missing("for_ms", fmt::format("write {}", kBurstExample));
    sound_ = sound_ && every && lasts;
  }

  void read_pattern(const Text& text) {
    std::vector<std::string_view> names;
    for (const PatternName& known : kPatterns) {
      names.push_back(known.name);
      if (known.name != text.value) continue;
      state_.workload.pattern = known.pattern;
      return;
    }
    report_.error(text.where, "this is no pattern of writes",
                  fmt::format("write {}", list_of(names)));
    sound_ = false;
  }

  // A list of words, each at most once. With the key all that are not in it are off.
  void read_switches(std::string_view key, std::string_view example, Place place,
                     std::vector<Switch> switches) {
    const Member* words = table_.take(key, Kind::array, example);
    if (words == nullptr) return;
    at(place, words->where);
    std::vector<std::string_view> names;
    for (const Switch& known : switches) {
      names.push_back(known.name);
      *known.on = false;
    }
    for (const Value& item : words->value.items) {
      bool known_word = false;
      for (const Switch& known : switches) {
        if (item.kind != Kind::string || item.text != known.name) continue;
        known_word = true;
        *known.on = true;
      }
      if (known_word) continue;
      report_.error(item.where, fmt::format("an item of `{}` is something else", key),
                    fmt::format("write {}", list_of(names)));
      sound_ = false;
    }
  }

  TableReader table_;
  bool complete_;
  ModelDraft& draft_;
  Report& report_;
  model::StateSpec state_;
  bool sound_ = true;  // false: what there is must not be checked
};

}  // namespace

void read_state(const Member& state, bool complete, ModelDraft& draft, Report& report) {
  StateReader(state, complete, draft, report).run();
}

}  // namespace mdevsim::config
