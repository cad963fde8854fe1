// What `mdevsim compat` says of two sides: the verdict, and what to write where, by each interface
// of the target.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/compat_side.h"

namespace mdevsim::cli {

// The writes of one interface.
struct Plan {
  std::optional<Interface> interface;  // nothing: of none, since only an instance is to be created
  std::vector<Write> writes;
};

// Every interface of the target that can do a verdict's steps, the best first. None when the
// verdict is incompatible, when nothing is to be done, or when no interface can do it.
std::vector<Plan> plans_of(const Side& target, const model::Verdict& verdict,
                           std::string_view uuid);

// Why a destination was chosen: the types that there were, and how many of each answer.
struct Choosing {
  std::span<const Side> types;
  std::size_t full = 0;  // without room for another instance
  std::size_t answers[4] = {};
  std::size_t fixed = 0;  // would have to be configured, which none of their interfaces can
};

// One verdict as it is to be told.
struct Told {
  const Side& source;
  const Side& target;
  const model::Verdict& verdict;
  std::string_view uuid = "UUID";
  const Choosing* choosing = nullptr;  // null: the user named the target
  const Plan* done = nullptr;          // null: nothing was written
};

std::string verdict_text(const Told& told);
std::string verdict_csv(const Told& told);
std::string verdict_json(const Told& told);
// A heat map of the parameters, or of the types that there were; and the text.
std::string verdict_page(const Told& told);

// The same when none of the types can be chosen.
std::string none_text(const Side& source, const Choosing& choosing);
std::string none_csv(const Side& source, const Choosing& choosing);
std::string none_json(const Side& source, const Choosing& choosing);
std::string none_page(const Side& source, const Choosing& choosing);

}  // namespace mdevsim::cli
