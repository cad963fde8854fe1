// Errors are values. A Result either holds what was asked for or says which errno a client gets and
// why (for the log).
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

#include "sim/base/errc.h"

namespace mdevsim {

struct Error {
  Errc code = Errc::invalid;
  std::string why;  // what failed, on which object, and why; for people, never compared
};

template <typename T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
};

inline tl::unexpected<Error> fail(Errc code, std::string why = {}) {
  return tl::unexpected<Error>(Error{code, std::move(why)});
}

// TRY_SET(auto x, f()); sets x to the value of f(), or returns its error from the enclosing
// function.
#define MDEVSIM_CONCAT_(a, b) a##b
#define MDEVSIM_CONCAT(a, b) MDEVSIM_CONCAT_(a, b)
#define TRY_SET(lhs, expression) TRY_SET_(MDEVSIM_CONCAT(try_result_, __LINE__), lhs, expression)
#define TRY_SET_(temporary, lhs, expression)                           \
  auto temporary = (expression);                                       \
  if (!temporary) return tl::unexpected(std::move(temporary).error()); \
  lhs = std::move(*temporary)

}  // namespace mdevsim
