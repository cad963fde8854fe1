#include "sim/model/modinfo.h"

#include <fmt/format.h>

#include "sim/model/configuration.h"

namespace mdevsim::model {
namespace {

// A description may have several lines; a line of metadata is one.
std::string one_line(std::string_view text) {
  std::string line(text);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  return line;
}

void add(std::string& out, std::string_view key, std::string_view text) {
  if (!text.empty()) out += fmt::format("{}={}\n", key, one_line(text));
}

std::string allowed_words(const Parameter& parameter, std::uint32_t version) {
  std::string words;
  for (const Allowed& item : parameter.allowed) {
    if (!item.versions.contains(version)) continue;
    if (!words.empty()) words += ' ';
    words += to_text(item.least);
    if (item.least != item.most) words += "-" + to_text(item.most);
  }
  return words;
}

void add_parameter(std::string& out, const Parameter& parameter, const Value& value,
                   std::uint32_t version) {
  const auto line = [&](std::string_view key, std::string_view text) {
    out += fmt::format("{}={}:{}\n", key, parameter.name, one_line(text));
  };
  line("parm", parameter.description);
  line("parmtype", kind_name(parameter.kind));
  line("parmvalue", to_text(value));
  line("parminitial", to_text(parameter.initial));
  if (parameter.off) line("parmoff", to_text(*parameter.off));
  if (!parameter.allowed.empty()) line("parmallowed", allowed_words(parameter, version));
  for (const std::string& other : parameter.requires_active) line("parmrequires", other);
}

}  // namespace

std::string to_modinfo(const Device& device) {
  const auto& [model, configuration] = device;
  std::string out;
  add(out, "device_model", model.name());
  add(out, "device_api", model.device_api());
  add(out, "device_description", model.description());
  add(out, "configuration", to_text(model, configuration));
  add(out, "latest_configuration", to_text(model, latest_configuration(model)));
  for (std::size_t i = 0; i < configuration.values.size(); ++i) {
    if (configuration.values[i].is_absent()) continue;
    add_parameter(out, model.parameters()[i], configuration.values[i],
                  model.version_of(configuration));
  }
  return out;
}

}  // namespace mdevsim::model
