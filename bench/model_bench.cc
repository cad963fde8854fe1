// The verdict on very many pairs: a model of 1000 versions and 64 parameters, on one CPU. Beside it
// the naive way: maps of strings, compared pair by pair.
#include <fmt/format.h>

#include <charconv>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "bench/benches.h"
#include "bench/client_ops.h"
#include "bench/fatal.h"
#include "bench/statistics.h"
#include "sim/model/configuration.h"
#include "sim/model/destinations.h"
#include "sim/model/matrix.h"
#include "sim/model/verdict.h"

namespace mdevsim::bench {
namespace {

using model::Allowed;
using model::Configuration;
using model::DeviceModel;
using model::Parameter;
using model::Value;
using model::ValueKind;

constexpr std::uint32_t kVersions = 1000;
constexpr int kHosts = 100;
// Pairs of the naive way are measured on this many sources, and scaled.
constexpr std::size_t kNaiveSources = 10;

Allowed range(std::int64_t least, std::int64_t most, std::uint32_t since = 1) {
  return {Value::integer(least), Value::integer(most), {.since = since}};
}

Allowed text(const char* name, std::uint32_t since = 1) {
  return {Value::string(name), Value::string(name), {.since = since}};
}

// One of 16 like it: a switch, a number in ranges that grow with the versions, a number that cannot
// be disabled, a text that needs the switch.
std::vector<Parameter> four_parameters(std::uint32_t i) {
  Parameter feature;
  feature.name = fmt::format("feature-{:02}", i);
  feature.off = feature.initial = Value::boolean(false);
  feature.versions.since = 1 + 40 * i;
  Parameter size;
  size.name = fmt::format("size-{:02}", i);
  size.kind = ValueKind::integer;
  size.off = size.initial = Value::integer(0);
  size.allowed = {range(0, 0), range(32, 256), range(257, 1024, 300 + i), range(4096, 65536, 700)};
  Parameter queues;
  queues.name = fmt::format("queues-{:02}", i);
  queues.kind = ValueKind::integer;
  queues.initial = Value::integer(1);
  queues.allowed = {range(1, 8), range(9, 64, 500)};
  Parameter format;
  format.name = fmt::format("format-{:02}", i);
  format.kind = ValueKind::string;
  format.off = format.initial = Value::string("none");
  format.allowed = {text("none"), text("split"), text("packed", 400)};
  format.versions.since = feature.versions.since;
  format.requires_active = {feature.name};
  return {feature, size, queues, format};
}

DeviceModel build_model() {
  model::ModelSpec spec;
  spec.name = "bench.example/family";
  for (std::uint32_t i = 0; i < 16; ++i) {
    for (Parameter& parameter : four_parameters(i)) spec.parameters.push_back(std::move(parameter));
  }
  spec.family = model::FamilySpec{kVersions, {}, 7};
  auto built = DeviceModel::build(std::move(spec));
  if (!built) fatal(built.error().why, "the benchmark's model");
  return std::move(*built);
}

// ---- the naive way ----

using Texts = std::map<std::string, std::string>;

struct NaiveTarget {
  Texts values;
  std::map<std::string, std::vector<std::string>> allowed;
  Texts off;
};

Texts texts_of(const DeviceModel& model, const Configuration& configuration) {
  Texts texts;
  for (std::size_t i = 0; i < configuration.values.size(); ++i) {
    if (!configuration.values[i].is_absent())
      texts[model.parameters()[i].name] = to_text(configuration.values[i]);
  }
  return texts;
}

NaiveTarget naive_target(const DeviceModel& model, const model::Version& version) {
  NaiveTarget target;
  target.values = texts_of(model, version.configuration);
  for (const Parameter& parameter : model.parameters()) {
    if (parameter.off) target.off[parameter.name] = to_text(*parameter.off);
    std::vector<std::string>& items = target.allowed[parameter.name];
    for (const Allowed& item : parameter.allowed) {
      if (!item.versions.contains(version.number)) continue;
      items.push_back(item.least == item.most
                          ? to_text(item.least)
                          : fmt::format("{}-{}", item.least.number, item.most.number));
    }
  }
  return target;
}

bool naive_contains(const std::string& item, const std::string& value) {
  const std::size_t dash = item.find('-');
  if (dash == std::string::npos || dash == 0) return item == value;
  const auto number = [](const char* first, const char* last) {
    std::int64_t result = -1;
    std::from_chars(first, last, result);
    return result;
  };
  const char* const text = item.data();
  const std::int64_t asked = number(value.data(), value.data() + value.size());
  return number(text, text + dash) <= asked && asked <= number(text + dash + 1, text + item.size());
}

// Whether the target is, or can be made, as the source.
bool naive_is_compatible(const Texts& source, const Texts& source_off, const NaiveTarget& target) {
  for (const auto& [name, value] : source) {
    const auto off = source_off.find(name);
    if (off != source_off.end() && off->second == value) continue;
    if (target.values.find(name) == target.values.end()) return false;
    const auto& items = target.allowed.at(name);
    bool contained = items.empty();
    for (const std::string& item : items) contained = contained || naive_contains(item, value);
    if (!contained) return false;
  }
  for (const auto& [name, value] : target.values) {
    if (source.find(name) == source.end() && target.off.find(name) == target.off.end())
      return false;
  }
  return true;
}

struct Naive {
  std::vector<Texts> sources;
  std::vector<NaiveTarget> targets;

  explicit Naive(const DeviceModel& model) {
    for (const model::Version& version : model.versions()) {
      sources.push_back(texts_of(model, version.configuration));
      targets.push_back(naive_target(model, version));
    }
  }

  // Every one of the sources taken, with all targets.
  std::uint64_t count_compatible(std::size_t& pairs) const {
    std::uint64_t count = 0;
    pairs = 0;
    for (std::size_t i = 0; i < kNaiveSources; ++i) {
      const Texts& source = sources[i * sources.size() / kNaiveSources];
      for (const NaiveTarget& target : targets) {
        count += naive_is_compatible(source, target.off, target) ? 1U : 0U;
        ++pairs;
      }
    }
    return count;
  }
};

// The time of all pairs, in seconds, by the way that is measured on some of them.
double naive_matrix_s(const DeviceModel& model, const Naive& naive) {
  std::size_t pairs = 0;
  const std::uint64_t start = monotonic_ns();
  const std::uint64_t compatible = naive.count_compatible(pairs);
  const std::uint64_t end = monotonic_ns();
  const model::VersionMatrix matrix(model);
  std::uint64_t expected = 0;
  for (std::size_t i = 0; i < kNaiveSources; ++i) {
    for (std::size_t target = 0; target < matrix.size(); ++target)
      expected += matrix.is_compatible(i * matrix.size() / kNaiveSources, target) ? 1U : 0U;
  }
  if (compatible != expected) fatal("counts other pairs than the matrix", "the naive way");
  const auto all = static_cast<double>(matrix.size() * matrix.size());
  return static_cast<double>(end - start) / 1e9 * all / static_cast<double>(pairs);
}

// ---- ours ----

double matrix_s(const DeviceModel& model) {
  const std::uint64_t start = monotonic_ns();
  const model::VersionMatrix matrix(model);
  const std::uint64_t end = monotonic_ns();
  if (matrix.size() != kVersions) fatal("has another size", "the matrix");
  return static_cast<double>(end - start) / 1e9;
}

// Every verdict with its steps and reasons.
double verdicts_s(const DeviceModel& model) {
  std::size_t said = 0;
  const std::uint64_t start = monotonic_ns();
  for (const model::Version& source : model.versions()) {
    for (const model::Version& target : model.versions()) {
      const model::Verdict verdict =
          model::decide({model, source.configuration}, {model, target.configuration});
      said += verdict.steps.size() + verdict.reasons.size();
    }
  }
  const std::uint64_t end = monotonic_ns();
  if (said == 0) fatal("say nothing", "the verdicts");
  return static_cast<double>(end - start) / 1e9;
}

// Configurations that are asked for: the versions as they are, or each with numbers that none of
// them has.
std::vector<std::string> sources_of(const DeviceModel& model, bool as_versions) {
  std::vector<std::string> sources;
  for (const model::Version& version : model.versions()) {
    std::string source = fmt::format("version={}", version.number);
    const Value other = Value::integer(40 + static_cast<std::int64_t>(version.number % 100));
    for (const Parameter& parameter : model.parameters()) {
      if (!as_versions && parameter.off && parameter.accepts(other, version.number))
        source += fmt::format(",{}={}", parameter.name, to_text(other));
    }
    sources.push_back(std::move(source));
  }
  return sources;
}

// From when the text has been read.
double best_ns(const DeviceModel& model, const model::Destinations& destinations,
               const std::vector<std::string>& sources) {
  std::uint64_t ns = 0;
  for (const std::string& text : sources) {
    const auto source = model::parse_configuration(model, text);
    if (!source) fatal(source.error().why, text);
    const std::uint64_t start = monotonic_ns();
    const auto choice = destinations.best({model, *source});
    ns += monotonic_ns() - start;
    if (!choice) fatal("has no destination", text);
  }
  return static_cast<double>(ns) / static_cast<double>(sources.size());
}

// A verdict on each of the destinations, for one source.
double best_by_verdicts_ns(const DeviceModel& model, const std::vector<model::Device>& devices,
                           const Configuration& source) {
  std::size_t compatible = 0;
  const std::uint64_t start = monotonic_ns();
  for (const model::Device& device : devices) {
    const model::Verdict verdict = model::decide({model, source}, device);
    compatible += verdict.answer != model::Answer::incompatible ? 1U : 0U;
  }
  const std::uint64_t end = monotonic_ns();
  if (compatible == 0) fatal("is nowhere to be found", "a destination");
  return static_cast<double>(end - start);
}

double parse_ns(const DeviceModel& model, const std::string& text) {
  constexpr int kCount = 1000;
  const std::uint64_t start = monotonic_ns();
  for (int i = 0; i < kCount; ++i) {
    if (!model::parse_configuration(model, text)) fatal("is not read", text);
  }
  return static_cast<double>(monotonic_ns() - start) / kCount;
}

void measure_destinations(const Lab& lab, const DeviceModel& model) {
  std::vector<model::Device> devices;
  for (int host = 0; host < kHosts; ++host) {
    for (const model::Version& version : model.versions())
      devices.push_back({model, version.configuration});
  }
  const std::uint64_t start = monotonic_ns();
  const model::Destinations destinations(devices);
  const double built_ms = static_cast<double>(monotonic_ns() - start) / 1e6;
  struct Sources {
    const char* name;
    std::vector<std::string> list;
  };
  const Sources kinds[] = {{"that one has", sources_of(model, true)},
                           {"that none has", sources_of(model, false)}};
  for (const Sources& sources : kinds) {
    const Pair pair = interleaved(
        lab.repetitions(), [&] { return best_ns(model, destinations, sources.list); },
        [&] {
          return best_by_verdicts_ns(model, devices,
                                     *model::parse_configuration(model, sources.list.back()));
        });
    lab.report().add(
        fmt::format("compat: best of {} hosts x {} types for a configuration {} (floor: a verdict "
                    "on each)",
                    kHosts, kVersions, sources.name),
        "ns", pair, value_at_most(1000));
  }
  lab.report().add("compat: getting the types of all hosts ready for that", "ms", built_ms);
}

}  // namespace

void measure_verdicts(const Lab& lab) {
  const DeviceModel model = build_model();
  const Naive naive(model);
  const auto naively_s = [&] { return naive_matrix_s(model, naive); };
  const std::string pairs =
      fmt::format("{0} x {0} versions of {1} parameters", kVersions, model.parameters().size());
  Pair matrix = interleaved(
      lab.repetitions(), [&] { return matrix_s(model); }, naively_s);
  lab.report().add(fmt::format("compat: yes or no for {} (floor: compared as text)", pairs), "ms",
                   {matrix.value * 1e3, matrix.floor * 1e3}, value_at_most(1));
  const Pair verdicts = interleaved(
      lab.quick() ? 3 : 5, [&] { return verdicts_s(model); }, naively_s);
  lab.report().add(
      fmt::format("compat: steps and reasons for {} (floor: yes or no, as text)", pairs), "s",
      verdicts, value_at_most(1));
  measure_destinations(lab, model);
  lab.report().add(
      "compat: reading version=900,size-03=64,queues-05=4,feature-01=off,format-01=none", "ns",
      parse_ns(model, "version=900,size-03=64,queues-05=4,feature-01=off,format-01=none"));
}

}  // namespace mdevsim::bench
