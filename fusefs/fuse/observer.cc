#include "fusefs/fuse/observer.h"

#include <algorithm>
#include <array>

namespace mdevsim::fusefs {

std::string_view operation_name(Operation operation) {
  static constexpr std::array kNames = {
#define X(name) std::string_view(#name),
      MDEVSIM_OPERATIONS(X)
#undef X
  };
  return kNames[static_cast<std::size_t>(operation)];
}

Detail::Detail(std::string_view text)
    : size_(static_cast<std::uint8_t>(std::min(text.size(), kBytesMax))) {
  std::copy_n(text.data(), size_, bytes_.data());
}

void ObserverChain::after(const RequestFacts& facts, Errc errc, std::uint64_t bytes) const {
  const Answer answer{errc, bytes, std::chrono::steady_clock::now() - facts.begin};
  for (Observer* observer : observers_) observer->after(facts, answer);
}

}  // namespace mdevsim::fusefs
