// Any bytes as a scenario: loading ends, and either there are cases or it is said what is wrong.
// The text that a case hands to its simulators is read as the scenario's hosts were.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "scenarios/runner/load.h"
#include "scenarios/runner/text_rule.h"
#include "sim/config/loader.h"
#include "tests/support/memory_files.h"

namespace {

using mdevsim::config::MemoryFiles;
using mdevsim::scenario::Case;

constexpr std::size_t kCasesLookedAt = 4;

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "broken invariant: %s\n", what);
  std::abort();
}

void check_case(const Case& one) {
  MemoryFiles files({{"-", one.host_text}});
  const auto loaded = mdevsim::config::load(files, "-");
  if (!loaded.configuration) fail("a simulator would refuse the hosts of a valid scenario");
  if (loaded.configuration->hosts.size() != one.hosts.size()) fail("hosts got lost");
  if (one.steps.empty() && one.cleanup.empty()) return;
  mdevsim::scenario::check_text(
      one.steps.empty() ? one.cleanup.front().expect.output : one.steps.front().expect.output,
      "{\"a\": [1, 2]}\n");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  MemoryFiles files({{"s.toml", std::string(reinterpret_cast<const char*>(data), size)}});
  const auto loaded = mdevsim::scenario::load(files, "s.toml");
  if (loaded.cases.empty() == loaded.diagnostics.empty())
    fail("neither cases nor problems, or both");
  for (std::size_t i = 0; i < loaded.cases.size() && i < kCasesLookedAt; ++i)
    check_case(loaded.cases[i]);
  return 0;
}
