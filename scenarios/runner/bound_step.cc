#include "scenarios/runner/bound_step.h"

#include <optional>
#include <string_view>
#include <utility>

#include "scenarios/runner/variables.h"

namespace mdevsim::scenario {
namespace {

class Binder {
 public:
  explicit Binder(const Saved& saved) : saved_(saved) {}

  Step bind(Step step) const {
    for (std::string* text : {&step.name, &step.action, &step.path, &step.text, &step.input})
      bind_text(*text);
    for (std::string& word : step.words) bind_text(word);
    for (auto& [name, value] : step.environment) bind_text(value);
    for (auto& [name, value] : step.fields) bind_text(value);
    bind_rule(step.expect.output);
    bind_rule(step.expect.diagnostics);
    bind_rule(step.expect.reason);
    if (step.expect.names) bind_all(*step.expect.names);
    bind_all(step.expect.has);
    bind_all(step.expect.lacks);
    return step;
  }

 private:
  void bind_text(std::string& text) const {
    if (text.find('{') == std::string::npos) return;
    text = replace_names(text, [&](std::string_view name) -> std::optional<std::string> {
      const auto found = saved_.find(name);
      return found == saved_.end() ? std::nullopt : std::optional(found->second);
    });
  }
  void bind_all(std::vector<std::string>& texts) const {
    for (std::string& text : texts) bind_text(text);
  }
  void bind_rule(TextRule& rule) const {
    if (rule.text) bind_text(*rule.text);
    bind_all(rule.regexes);
    for (auto& [pointer, value] : rule.json) {
      if (value.kind == config::Value::Kind::string) bind_text(value.text);
    }
  }

  const Saved& saved_;
};

}  // namespace

Step bound_step(Step step, const Saved& saved) { return Binder(saved).bind(std::move(step)); }

}  // namespace mdevsim::scenario
