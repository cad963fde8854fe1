// Variables in a scenario: "{uuid}" becomes what [vars], [matrix] or an earlier step's `save` gave.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/config/diagnostic.h"
#include "sim/config/document.h"

namespace mdevsim::scenario {

using Variables = std::map<std::string, config::Value, std::less<>>;

// Whether a word can be a variable's name: letters, digits, _ and -, beginning with a letter.
bool is_variable_name(std::string_view name);

// A string, an integer or a boolean as the text that stands for it; nothing for other kinds.
std::optional<std::string> scalar_text(const config::Value& value);

// Puts the text that `find` gives in the place of each {NAME}; where it gives nothing the braces
// stay. A number can be given digits, as host files give them to {i}: {copy:02}, {i:012x}.
// "${NAME}" is a shell's and stays.
std::string replace_names(
    std::string_view text,
    const std::function<std::optional<std::string>(std::string_view name)>& find);

// Replaces in every text and key of the tree. A text that is "{NAME}" alone becomes the value, of
// whatever kind. What looks like a misspelt variable is reported; `later` are names that will have
// a value when the steps run, which stay as they are.
void substitute(config::Value& value, const Variables& variables,
                const std::vector<std::string_view>& later, config::Report& report);

}  // namespace mdevsim::scenario
