// Threads beside those of the session.
#pragma once

#include <functional>
#include <thread>

namespace mdevsim::fusefs {

// Signals are the session's: the new thread inherits a mask that leaves it none.
std::thread start_without_signals(std::function<void()> body);

}  // namespace mdevsim::fusefs
