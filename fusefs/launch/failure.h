// What went wrong while preparing or supervising a simulated host, for people: what failed, why,
// what to do.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace mdevsim::launch {

struct Failure {
  enum class Cause {
    failed,          // it should have worked
    usage,           // the caller asked for something that is not offered
    invalid_file,    // the host file is wrong; the server has said how
    machine_cannot,  // this machine or this user lacks something
  };
  Cause cause = Cause::failed;
  std::string message;  // empty: somebody else has told already
};

template <typename T>
using Outcome = tl::expected<T, Failure>;
using Done = tl::expected<void, Failure>;

inline tl::unexpected<Failure> failed(std::string message) {
  return tl::unexpected<Failure>(Failure{Failure::Cause::failed, std::move(message)});
}
inline tl::unexpected<Failure> machine_cannot(std::string message) {
  return tl::unexpected<Failure>(Failure{Failure::Cause::machine_cannot, std::move(message)});
}

// "WHAT: STRERROR" of the present errno.
std::string with_errno(std::string what);

// Prints "mdevsim: error: MESSAGE" on stderr, or nothing when the failure has been told already.
void print(const Failure& failure);

}  // namespace mdevsim::launch
