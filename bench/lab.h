// What every benchmark is given: where the servers are, where to put things, and whom to tell.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/floor_tree.h"
#include "bench/report.h"
#include "bench/server_process.h"

namespace mdevsim::bench {

// What one write to `create` entails in mdevsim-server besides its reply; the floor server does the
// same.
struct CreateCost {
  unsigned expires = 0;
  unsigned invalidates = 0;
  unsigned messages = 0;
};

class Lab {
 public:
  Lab(std::string binaries, std::string scratch, bool quick, Report& report);

  bool quick() const { return quick_; }
  Report& report() const { return report_; }
  const std::string& scratch() const { return scratch_; }
  std::string binary(std::string_view name) const { return binaries_ + "/" + std::string(name); }

  // Rounds of a measurement; the medians are taken over them.
  int repetitions() const { return quick_ ? 5 : 9; }
  int cpus() const;

  // Writes a host file for this benchmark and gives its path.
  std::string host_file(std::string_view name, std::string_view text) const;

  // The path of a host file that the project ships.
  static std::string shipped_host(std::string_view name);
  // The path of a script of the benchmarks.
  static std::string script(std::string_view name);

  std::vector<std::string> server_command(const std::string& host_file,
                                          const std::string& mountpoint) const;
  std::vector<std::string> floor_command(FloorShape shape, CreateCost cost,
                                         const std::string& mountpoint) const;

  std::unique_ptr<ServerProcess> start_server(
      const std::string& host_file, const Cpus& cpus,
      const std::vector<std::string>& further_options = {}) const;
  std::unique_ptr<ServerProcess> start_floor(FloorShape shape, const Cpus& cpus,
                                             CreateCost cost = {}) const;
  // A floor server on the plain transport, whatever the server under test uses.
  std::unique_ptr<ServerProcess> start_plain_floor(FloorShape shape) const;

  // What mdevsim-server says of how its requests travel, such as "io_uring".
  const std::string& transport() const { return transport_; }
  bool uses_uring() const { return transport_ == "io_uring"; }

 private:
  std::string new_mountpoint() const;

  const std::string binaries_;
  const std::string scratch_;
  const bool quick_;
  Report& report_;
  const std::string transport_;
  mutable int mountpoints_ = 0;
};

// Where server and client run. The client's CPU is always the first.
struct Placement {
  std::string_view name;
  Cpus server;
  Cpus client;
};
// Same CPU, and where there is more than one, across CPUs.
std::vector<Placement> placements(const Lab& lab);

// A host of PCI parents, each with the same number of types, shaped like the floor server's tree.
std::string bench_host(FloorShape shape);

// The path of a function, or of a type, in the server's tree and in the floor's alike.
std::string function_path(const ServerProcess& server, std::uint32_t function);
std::string type_path(const ServerProcess& server, std::uint32_t function, std::uint32_t type);

}  // namespace mdevsim::bench
