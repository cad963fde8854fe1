// mdevsim vendor-tool: what a vendor's own tool does for its devices: tells their model and
// configuration, and sets it. It goes through the device's control files, there being no ioctl.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/commands.h"
#include "cli/options.h"
#include "fusefs/launch/fd.h"
#include "sim/base/json.h"
#include "sim/model/model_name.h"

namespace mdevsim::cli {
namespace {

namespace po = boost::program_options;

constexpr std::string_view kDevices = "/sys/kernel/mdevsim/devices/";

struct DeviceParameter {
  std::string name;
  std::map<std::string, std::string> facts;  // by their keys: "parmtype" and so on

  std::optional<std::string> fact(const std::string& key) const {
    const auto found = facts.find(key);
    return found == facts.end() ? std::nullopt : std::optional(found->second);
  }
};

struct DeviceMetadata {
  std::string text;                          // as the device gives it
  std::map<std::string, std::string> facts;  // "device_model" and so on
  std::vector<DeviceParameter> parameters;   // in the text's order
};

// The words of the text output and the keys of JSON, in their order.
struct Fact {
  const char* key;
  const char* json;
  const char* words;
};
constexpr Fact kDeviceFacts[] = {
    {"device_model", "model", "model:        "},
    {"device_api", "device_api", "device api:   "},
    {"device_description", "description", "description:  "},
    {"configuration", "configuration", "configuration:"},
    {"latest_configuration", "latest", "latest:       "},
};
constexpr Fact kParameterFacts[] = {
    {"parmvalue", "value", "= "},
    {"parmtype", "type", ""},
    {"parm", "description", ""},
    {"parminitial", "initial", "at first "},
    {"parmoff", "off", "off is "},
    {"parmallowed", "allowed", "may be "},
    {"parmrequires", "requires", "needs "},
};

DeviceMetadata parse_metadata(std::string text) {
  DeviceMetadata metadata;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t equals = std::min(line.find('='), line.size());
    const std::string key = line.substr(0, equals);
    std::string value = line.substr(std::min(equals + 1, line.size()));
    if (!key.starts_with("parm")) {
      metadata.facts[key] = std::move(value);
      continue;
    }
    const std::size_t colon = std::min(value.find(':'), value.size());
    const std::string name = value.substr(0, colon);
    if (metadata.parameters.empty() || metadata.parameters.back().name != name)
      metadata.parameters.push_back({name, {}});
    std::string& fact = metadata.parameters.back().facts[key];
    const std::string told = value.substr(std::min(colon + 1, value.size()));
    fact += (fact.empty() ? "" : " ") + told;
  }
  metadata.text = std::move(text);
  return metadata;
}

std::string control_directory(const std::string& device) {
  return device.find('/') == std::string::npos ? std::string(kDevices) + device : device;
}

int cannot(const std::string& what, const std::string& why) {
  fmt::print(stderr, "mdevsim: error: cannot {}: {}\n", what, why);
  return kExitFailed;
}

std::optional<DeviceMetadata> read_metadata(const std::string& directory) {
  std::ifstream file(directory + "/modinfo");
  std::ostringstream text;
  if (file) text << file.rdbuf();
  if (!file || text.str().empty()) {
    const bool is_device = ::access((directory + "/hold").c_str(), F_OK) == 0;
    cannot("read " + directory + "/modinfo",
           is_device
               ? "the device has no device model: give its type or function a `model`"
               : "it is no simulated device; they are in SYSROOT/kernel/mdevsim/devices, named "
                 "by uuid or PCI address");
    return std::nullopt;
  }
  return parse_metadata(text.str());
}

// ---- show ----

std::string metadata_text(const DeviceMetadata& metadata) {
  std::string out;
  for (const Fact& fact : kDeviceFacts) {
    const auto found = metadata.facts.find(fact.key);
    if (found != metadata.facts.end()) out += fmt::format("{} {}\n", fact.words, found->second);
  }
  for (const DeviceParameter& parameter : metadata.parameters) {
    std::string line;
    for (const Fact& fact : kParameterFacts) {
      const auto told = parameter.fact(fact.key);
      if (!told || told->empty()) continue;
      line += fmt::format("{}{}{}", line.empty() ? "" : "; ", fact.words, *told);
    }
    out += fmt::format("  {} {}\n", parameter.name, line);
  }
  return out;
}

std::string metadata_json(const DeviceMetadata& metadata) {
  std::string out = "{";
  for (const Fact& fact : kDeviceFacts) {
    const auto found = metadata.facts.find(fact.key);
    if (found == metadata.facts.end()) continue;
    out += fmt::format("\n  \"{}\": {},", fact.json, json_string(found->second));
  }
  out += "\n  \"parameters\": {";
  for (const DeviceParameter& parameter : metadata.parameters) {
    out += (&parameter == &metadata.parameters.front() ? "\n    " : ",\n    ") +
           json_string(parameter.name) + ": {";
    bool first = true;
    for (const Fact& fact : kParameterFacts) {
      const auto told = parameter.fact(fact.key);
      if (!told) continue;
      out += fmt::format("{}\"{}\": {}", first ? "" : ", ", fact.json, json_string(*told));
      first = false;
    }
    out += '}';
  }
  return out + "\n  }\n}\n";
}

int show(const std::string& device, const std::string& format) {
  const auto metadata = read_metadata(control_directory(device));
  if (!metadata) return kExitFailed;
  if (format == "json") {
    fmt::print("{}", metadata_json(*metadata));
  } else {
    fmt::print("{}", format == "modinfo" ? metadata->text : metadata_text(*metadata));
  }
  return kExitOk;
}

// ---- set-migration-config ----

struct Wanted {
  std::string device;
  std::string model;
  std::string version;            // empty: the one that the device has
  std::vector<std::string> sets;  // NAME=VALUE
};

// The configuration that was asked for: the parameters that were named have these values. Of the
// others, with a version, they are what it says; without, they are off, those that can be.
std::string configuration_of(const DeviceMetadata& metadata, const Wanted& wanted) {
  std::string text;
  const auto add = [&](std::string_view setting) {
    text += (text.empty() ? "" : ",") + std::string(setting);
  };
  if (!wanted.version.empty()) {
    add("version=" + wanted.version);
  } else if (const auto now = metadata.facts.find("configuration");
             now != metadata.facts.end() && now->second.starts_with("version=")) {
    add(now->second.substr(0, now->second.find(',')));
  }
  for (const DeviceParameter& parameter : metadata.parameters) {
    const bool is_set =
        std::any_of(wanted.sets.begin(), wanted.sets.end(),
                    [&](const std::string& set) { return set.starts_with(parameter.name + "="); });
    if (is_set || !wanted.version.empty()) continue;
    const auto off = parameter.fact("parmoff");
    add(parameter.name + "=" + (off ? *off : parameter.fact("parmvalue").value_or("")));
  }
  for (const std::string& set : wanted.sets) add(set);
  return text;
}

std::string reason(int error, const std::string& configuration) {
  switch (error) {
    case EBUSY:
      return "the device is open: it must not be used while its hardware interface changes";
    case ENODEV:
      return "no VFIO driver has the device: bind it first, such as with driverctl set-override "
             "ADDRESS vfio-pci";
    case EOPNOTSUPP:
    case EINVAL:
      return fmt::format("the model does not support \"{}\"; the simulator's log says why",
                         configuration);
    default:
      return std::strerror(error);
  }
}

int set(const Wanted& wanted) {
  const std::string directory = control_directory(wanted.device);
  const auto metadata = read_metadata(directory);
  if (!metadata) return kExitFailed;
  const std::string what = "set the configuration of " + wanted.device;
  const std::string& model = metadata->facts.at("device_model");
  if (model::without_scheme(wanted.model) != model::without_scheme(model))
    return cannot(what, fmt::format("it is a {}", model));
  const std::string configuration = configuration_of(*metadata, wanted);
  const launch::Fd file(::open((directory + "/configuration").c_str(), O_WRONLY | O_CLOEXEC));
  if (!file.is_open()) return cannot(what, std::strerror(errno));
  if (::write(file.get(), configuration.data(), configuration.size()) < 0)
    return cannot(what, reason(errno, configuration));
  return kExitOk;
}

Syntax syntax_of_vendor_tool() {
  Syntax syntax;
  syntax.usage =
      "mdevsim vendor-tool show --device DEVICE [--format text|json|modinfo]\n"
      "       mdevsim vendor-tool set-migration-config --device DEVICE --model NAME [--version N] "
      "[--set NAME=VALUE]...";
  syntax.purpose =
      "Tells the device model and the configuration of a simulated device, or sets it, as a "
      "vendor's\nown tool would: while a VFIO driver has the device and nobody has opened it. "
      "DEVICE is a uuid or\nPCI address inside `mdevsim run`, or SYSROOT/kernel/mdevsim/devices/"
      "NAME. Without --version,\nparameters that are not --set are disabled.";
  syntax.options.add_options()("device", po::value<std::string>()->value_name("DEVICE"),
                               "the device")(
      "format", po::value<std::string>()->default_value("text")->value_name("FORMAT"),
      "text, json, or modinfo: lines as in a module's .modinfo")(
      "model", po::value<std::string>()->value_name("NAME"), "the model that the device is of")(
      "version", po::value<std::string>()->value_name("N"), "the version of the model to present")(
      "set", po::value<std::vector<std::string>>()->value_name("NAME=VALUE"),
      "a parameter's value")("action", po::value<std::string>(), "");
  syntax.positional.add("action", 1);
  syntax.required = {"action", "device"};
  return syntax;
}

// What is wrong with the options together; empty: nothing.
std::string check_options(const Arguments& given) {
  const std::string action = given.text("action");
  if (action != "show" && action != "set-migration-config")
    return fmt::format("there is no action '{}'; write show or set-migration-config", action);
  const std::string format = given.text("format");
  if (format != "text" && format != "json" && format != "modinfo")
    return fmt::format("there is no format \"{}\"; write text, json or modinfo", format);
  const bool sets = given.has("model") || given.has("version") || given.has("set");
  if (action == "show" && sets)
    return "--model, --version and --set belong to set-migration-config";
  if (action != "show" && !given.has("model")) return "--model is missing";
  return {};
}

}  // namespace

int vendor_tool_main(std::span<char*> args) {
  const Syntax syntax = syntax_of_vendor_tool();
  const Arguments given = parse_arguments(syntax, args);
  if (given.exit_status) return *given.exit_status;
  if (const std::string wrong = check_options(given); !wrong.empty())
    return usage_error(syntax, wrong);
  if (given.text("action") == "show") return show(given.text("device"), given.text("format"));
  std::vector<std::string> sets;
  if (given.has("set")) sets = given.values["set"].as<std::vector<std::string>>();
  return set({given.text("device"), given.text("model"), given.text("version"), std::move(sets)});
}

}  // namespace mdevsim::cli
