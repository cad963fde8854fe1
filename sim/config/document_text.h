// A document written as TOML again, for a reader in another process.
#pragma once

#include <string>
#include <string_view>

#include "sim/config/document.h"

namespace mdevsim::config {

// One line for each member of the table, everything below it in braces and brackets. Reading it
// gives the same tree, but for the places. Dates, which no file of ours holds, become empty texts.
std::string document_text(const Value& table);

// A TOML string in quotes.
std::string quoted(std::string_view text);

}  // namespace mdevsim::config
