// A simulated host in a C++ program: lists what its parents offer.
//
//   c++ -std=c++20 host.cc $(pkg-config --cflags --libs mdevsim) -o host && ./host
//   builtin:kernel-samples
#include <mdevsim/simulation.h>

#include <cstdio>
#include <string>

int main(int argc, char** argv) {
  const std::string file = argc > 1 ? argv[1] : "builtin:kernel-samples";
  const auto simulation = mdevsim::Simulation::from_file(file);
  if (!simulation) {
    std::fputs(simulation.error().why.c_str(), stderr);
    return 1;
  }
  const auto parents = (*simulation)->list("class/mdev_bus");
  if (!parents) return 1;
  for (const std::string& parent : *parents) {
    const std::string types = "class/mdev_bus/" + parent + "/mdev_supported_types";
    const auto names = (*simulation)->list(types);
    if (!names) return 1;
    for (const std::string& type : *names) {
      const auto left = (*simulation)->read(types + "/" + type + "/available_instances");
      if (left) std::printf("%s %s %s", parent.c_str(), type.c_str(), left->c_str());
    }
  }
  return 0;
}
