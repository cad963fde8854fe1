#include "fusefs/fuse/observer.h"

#include <array>
#include <fstream>

namespace mdevsim::fusefs {

std::string_view operation_name(Operation operation) {
  static constexpr std::array kNames = {
#define X(name) std::string_view(#name),
      MDEVSIM_OPERATIONS(X)
#undef X
  };
  return kNames[static_cast<std::size_t>(operation)];
}

std::string RequestFacts::command() const {
  std::ifstream file("/proc/" + std::to_string(pid) + "/comm");
  std::string name;
  if (!std::getline(file, name) || name.empty()) return "?";
  return name;
}

void ObserverChain::after(const RequestFacts& facts, Errc errc, std::uint64_t bytes) const {
  const Answer answer{errc, bytes, std::chrono::steady_clock::now() - facts.begin};
  for (Observer* observer : observers_) observer->after(facts, answer);
}

}  // namespace mdevsim::fusefs
