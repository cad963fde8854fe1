#include "sim/base/errc.h"

namespace mdevsim {

std::string_view errc_symbol(Errc code) {
  switch (code) {
    case Errc::ok:
      return "OK";
#define X(name, number, meaning) \
  case Errc::name:               \
    return #number;
      MDEVSIM_ERRC_TABLE(X)
#undef X
  }
  return "?";
}

std::string_view errc_meaning(Errc code) {
  switch (code) {
    case Errc::ok:
      return "success";
#define X(name, number, meaning) \
  case Errc::name:               \
    return meaning;
      MDEVSIM_ERRC_TABLE(X)
#undef X
  }
  return "?";
}

std::optional<Errc> errc_from_symbol(std::string_view symbol) {
#define X(name, number, meaning) \
  if (symbol == #number) return Errc::name;
  MDEVSIM_ERRC_TABLE(X)
#undef X
  return std::nullopt;
}

}  // namespace mdevsim
