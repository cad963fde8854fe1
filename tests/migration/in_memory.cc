// mdevsim-in-memory c|c++ HOSTFILE FROM TO: migrates in this process, by the library's C or C++
// interface, and prints the digest of each device afterwards, the source's first.
#include <array>
#include <cstdio>
#include <string>
#include <string_view>

#include "library/mdevsim.h"
#include "library/simulation.h"

namespace {

int failed(std::string_view why) {
  std::fprintf(stderr, "%.*s\n", static_cast<int>(why.size()), why.data());
  return 1;
}

int in_c(const std::string& file, const std::string& from, const std::string& to) {
  mdevsim_simulation* simulation = nullptr;
  if (mdevsim_open_file(file.c_str(), &simulation) != 0) return failed(mdevsim_last_error());
  mdevsim_migration report;
  if (mdevsim_migrate(simulation, from.c_str(), to.c_str(), 0, 0, &report) != 0)
    return failed(mdevsim_last_error());
  if (mdevsim_write(simulation, (to + "/state").c_str(), "stop", 4) != 0)
    return failed(mdevsim_last_error());
  for (const std::string& device : {from, to}) {
    std::array<char, 64> digest;
    if (mdevsim_read(simulation, (device + "/digest").c_str(), digest.data(), digest.size()) < 0)
      return failed(mdevsim_last_error());
    std::fputs(digest.data(), stdout);
  }
  mdevsim_close(simulation);
  return 0;
}

int in_cxx(const std::string& file, const std::string& from, const std::string& to) {
  const auto simulation = mdevsim::Simulation::from_file(file);
  if (!simulation) return failed(simulation.error().why);
  const auto report = (*simulation)->migrate(from, to);
  if (!report) return failed(report.error().why);
  if (const auto stopped = (*simulation)->write(to + "/state", "stop"); !stopped)
    return failed(stopped.error().why);
  for (const std::string& device : {from, to}) {
    const auto digest = (*simulation)->read(device + "/digest");
    if (!digest) return failed(digest.error().why);
    std::fputs(digest->c_str(), stdout);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return failed("usage: mdevsim-in-memory c|c++ HOSTFILE FROM TO");
  return (std::string_view(argv[1]) == "c" ? in_c : in_cxx)(argv[2], argv[3], argv[4]);
}
