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

bool is_about_a_name(Operation operation) {
  switch (operation) {
    case Operation::lookup:
    case Operation::mknod:
    case Operation::mkdir:
    case Operation::unlink:
    case Operation::rmdir:
    case Operation::symlink:
    case Operation::rename:
    case Operation::create:
      return true;
    default:
      return false;
  }
}

std::string_view fault_name(Operation operation) {
  switch (operation) {
    case Operation::readdirplus:
      return operation_name(Operation::readdir);  // how the kernel asks is its own affair
    case Operation::lookup:
    case Operation::getattr:
    case Operation::setattr:
    case Operation::readlink:
    case Operation::open:
    case Operation::read:
    case Operation::write:
    case Operation::opendir:
    case Operation::readdir:
    case Operation::setxattr:
    case Operation::getxattr:
    case Operation::listxattr:
    case Operation::removexattr:
      return operation_name(operation);
    default:
      return {};
  }
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
