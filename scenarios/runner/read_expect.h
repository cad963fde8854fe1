// Reads what a step is expected to lead to.
#pragma once

#include <span>
#include <string_view>

#include "scenarios/runner/scenario.h"
#include "sim/config/reader.h"

namespace mdevsim::scenario {

// What can be expected of a kind of step.
enum class Facet : std::uint8_t {
  text,
  errno_,
  names,
  count,
  status,
  verdict,
  outcome,        // of a migration
  configuration,  // what became of it
};

// Reads `expect` of a step, if it is there. A plain value instead of a table is the facet's own.
void read_expect(config::TableReader& step, Facet facet, Expectation& out);

// Strings of an array, or one string.
std::vector<std::string> read_strings(config::TableReader& table, std::string_view key,
                                      std::string_view example);

// An errno's number by its symbol, of all that this system has; 0 when there is none.
int errno_by_symbol(std::string_view symbol);
std::string errno_symbol(int number);

}  // namespace mdevsim::scenario
