// Where the benchmarks run: namespaces of their own, so that mounts, processes and uevents touch
// nothing of the machine and are gone however the run ends.
#pragma once

#include <functional>
#include <string>

namespace mdevsim::bench {

// Runs `body` in a process with private mount, PID and network namespaces (and a private user
// namespace for everybody but root). It gets an empty directory on a tmpfs of its own. Gives the
// body's exit status, or 128 + N when signal N ended it or was sent to us; everything that the body
// started has ended by then.
int run_in_sandbox(const std::function<int(const std::string& scratch)>& body);

}  // namespace mdevsim::bench
