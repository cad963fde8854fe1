#include "sim/config/expand_modelled.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "sim/config/reader.h"
#include "sim/config/taken_names.h"
#include "sim/model/configuration.h"
#include "sim/model/model_name.h"

namespace mdevsim::config {
namespace {

// What to write instead of a configuration that the model does not support.
std::string help_with(const model::DeviceModel& model, std::string_view text) {
  std::vector<std::string_view> names;
  for (const model::Parameter& parameter : model.parameters()) names.push_back(parameter.name);
  names.push_back("version");
  while (!text.empty()) {
    const std::string_view setting = text.substr(0, text.find(','));
    const std::string_view name = setting.substr(0, setting.find('='));
    text.remove_prefix(std::min(setting.size() + 1, text.size()));
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    const std::string_view near = nearest(name, names);
    return near.empty() ? "write " + list_of(names) : fmt::format("did you mean `{}`?", near);
  }
  return "write what the model supports, as its table says";
}

// The files in a device's own directory that are of the parameter.
std::vector<std::string> own_files_of(const model::Parameter& parameter,
                                      const InterfaceSet& interfaces) {
  constexpr Interface kWithOwnFiles[] = {Interface::type_attributes, Interface::create_parameters,
                                         Interface::version_per_type, Interface::config_params,
                                         Interface::software_version};
  std::vector<std::string> files;
  if (std::any_of(std::begin(kWithOwnFiles), std::end(kWithOwnFiles),
                  [&](Interface one) { return interfaces.has(one); }))
    files.push_back(parameter.name);
  if (interfaces.has(Interface::software_version)) files.push_back("compatible_" + parameter.name);
  return files;
}

}  // namespace

const model::DeviceModel* ModelledExpander::model_of(const ModelledDraft& draft) {
  const std::string_view name = model::without_scheme(draft.model.value);
  if (const model::DeviceModel* found = catalog_.find(name)) {
    if (draft.each_version && found->versions().empty()) {
      report_.error(draft.model.where, fmt::format("the model `{}` has no versions", name),
                    "add versions to it, or write `model` for a type of its newest parameters");
      return nullptr;
    }
    return found;
  }
  std::vector<std::string_view> known;
  for (const ModelDraft& model : drafts_.models)
    known.push_back(model::without_scheme(model.spec.name));
  const bool is_described = std::find(known.begin(), known.end(), name) != known.end();
  if (is_described || !drafts_.complete) return nullptr;  // said of the model itself
  const std::string_view near = nearest(name, known);
  report_.error(draft.model.where, fmt::format("no model `{}` is described", name),
                near.empty() ? "add a table [model.\"NAME\"], or include the file that has it"
                             : fmt::format("did you mean `{}`?", near));
  return nullptr;
}

ConfigurationPtr ModelledExpander::configuration_of(const ConfigurationDraft& draft, Index index,
                                                    const model::DeviceModel& model) {
  const auto text = draft.version ? fmt::format("version={}", draft.version->first)
                                  : config::expand(*draft.text, index, report_);
  if (!text) return nullptr;
  auto configuration = model::parse_configuration(model, *text);
  if (configuration) return std::make_shared<const model::Configuration>(std::move(*configuration));
  report_.error(draft.where(), configuration.error().why, help_with(model, *text));
  return nullptr;
}

ConfigurationPtr ModelledExpander::initial_of(const ModelledDraft& draft, Index index,
                                              const model::DeviceModel& model,
                                              std::optional<std::uint32_t> version) {
  if (draft.initial.is_said()) return configuration_of(draft.initial, index, model);
  return std::make_shared<const model::Configuration>(
      version ? model.find_version(*version)->configuration : model::latest_configuration(model));
}

// Parameters become files, under their own names, behind compatible_ or in migration/.
bool ModelledExpander::check_names(const ModelledDraft& draft, const model::DeviceModel& model) {
  const InterfaceSet& interfaces = draft.interfaces;
  for (const model::Parameter& parameter : model.parameters()) {
    for (const std::string& name : own_files_of(parameter, interfaces)) {
      const bool is_parameter = name != parameter.name && model.find_parameter(name);
      const bool is_taken = draft.of_function
                                ? is_taken_in_function(name)
                                : is_taken_in_type(name) || is_taken_in_instance(name);
      if (is_taken || is_parameter) return say_name_is_taken(draft, parameter, name);
    }
    if (interfaces.has(Interface::migration_info) && is_taken_in_migration(parameter.name))
      return say_name_is_taken(draft, parameter, "migration/" + parameter.name);
  }
  return true;
}

bool ModelledExpander::say_name_is_taken(const ModelledDraft& draft,
                                         const model::Parameter& parameter, std::string_view file) {
  report_.error(draft.interfaces_where,
                fmt::format("the parameter `{}` would be the file `{}`, which is there already",
                            parameter.name, file),
                "give the parameter another name, or choose other interfaces");
  return false;
}

bool has_instance_file(const ModelledSpec& spec, std::string_view name) {
  if (spec.interfaces.empty()) return false;
  const auto& parameters = spec.model->parameters();
  return is_taken_in_instance(name) ||
         std::any_of(parameters.begin(), parameters.end(), [&](const model::Parameter& parameter) {
           const auto files = own_files_of(parameter, spec.interfaces);
           return std::find(files.begin(), files.end(), name) != files.end();
         });
}

std::shared_ptr<const ModelledSpec> ModelledExpander::make(const ModelledDraft& draft, Index index,
                                                           std::optional<std::uint32_t> version) {
  const model::DeviceModel* const model = model_of(draft);
  if (model == nullptr) return nullptr;
  ConfigurationPtr initial = initial_of(draft, index, *model, version);
  if (initial == nullptr || !check_names(draft, *model)) return nullptr;
  return std::make_shared<const ModelledSpec>(
      ModelledSpec{model, std::move(initial), draft.interfaces, draft.aggregate});
}

std::shared_ptr<const ModelledSpec> ModelledExpander::expand(const ModelledDraft& draft,
                                                             Index index,
                                                             std::optional<std::uint32_t> version) {
  const bool depends = draft.initial.text && draft.initial.text->uses_index;
  const auto [at, is_new] =
      made_.try_emplace({&draft, version.value_or(0), depends ? index : std::nullopt}, nullptr);
  if (is_new) at->second = make(draft, index, version);
  return at->second;
}

}  // namespace mdevsim::config
