// What clients do with the tree. Each measurement runs in processes of its own, so that their CPU,
// their open files and their caches leave no trace in the next one.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/server_process.h"

namespace mdevsim::bench {

// One operation on one path; gives nothing and ends the process when it fails.
using Operation = std::function<void()>;

// The operations by name, each on `path`: what --client offers too, for measuring under
// umockdev-run.
//   open-read-close, read (on a file opened once), stat, missing (stat of a name that is not
//   there), write (of `text`, to a file opened once), list (all entries of a directory)
Operation make_operation(std::string_view name, const std::string& path);

// Runs `body` in a process of its own on these CPUs and gives what it returns.
double in_client(const Cpus& cpus, const std::function<double()>& body);

// The median time of one operation, in ns, over `count` of them.
double operation_ns(const Operation& operation, int count);

// Operations per second that `clients` processes achieve together in `duration_ms`, each on its own
// Operation.
double operations_per_s(int clients, int duration_ms,
                        const std::function<Operation(int client)>& make);

struct Walk {
  std::uint64_t nodes = 0;
  double seconds = 0;
};

// Goes through all directories below and including `path`, as find does; `with_stat` asks for each
// entry's attributes, as ls -l does. Links are not followed.
Walk walk(const std::string& path, bool with_stat);

// The time that `ls -lR path` takes, its output thrown away.
double ls_long_recursive_s(const std::string& path);

// The time that a command takes. It must succeed; its output goes to `output` (a file) or is thrown
// away.
double command_s(const std::vector<std::string>& command, const std::string& output = "/dev/null");

struct CreatePaths {
  std::string create;     // the attribute that a uuid is written to
  std::string directory;  // where the instance's directory appears
  Cpus writer;
  Cpus watcher;
};

// The median time, in ns, from before write() of a new uuid until another process, which keeps
// asking for it, sees the new directory. Each instance is removed again before the next.
double create_until_visible_ns(const CreatePaths& paths, int count);

}  // namespace mdevsim::bench
