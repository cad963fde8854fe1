#include "tests/oracle/probe/race.h"

#include <cstdio>
#include <cstdlib>

#include "tests/clients/helper/commands.h"
#include "tests/oracle/probe/target.h"

namespace helper {

int run_race(std::span<const std::string> arguments) {
  const bool same = arguments[0] == "same";
  const std::string create = arguments[1] + "/create";
  const probe::Tally tally = probe::race(std::atoi(arguments[2].c_str()), nullptr, [&](int i, int) {
    const unsigned number = same ? 1 : static_cast<unsigned>(i) + 1;
    return probe::write_file(create, probe::uuid_number(number)).code();
  });
  puts(tally.shown().c_str());
  return 0;
}

}  // namespace helper
