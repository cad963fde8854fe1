#include "cli/compat_best.h"

#include <tuple>

#include "sim/model/destinations.h"

namespace mdevsim::cli {
namespace {

using model::Answer;
using model::Choice;

// Those types that can be configured, or those that cannot; each by its place among all.
class Half {
 public:
  Half(const std::vector<Side>& types, bool can_be_configured) {
    for (std::size_t i = 0; i < types.size(); ++i) {
      if (types[i].can_be_configured() == can_be_configured) places_.push_back(i);
    }
    std::vector<model::Device> devices;
    devices.reserve(places_.size());
    for (const std::size_t place : places_) devices.push_back(types[place].as_device());
    model::Destinations destinations(devices);
    for (std::size_t i = 0; i < places_.size(); ++i) {
      if (!types[places_[i]].is_free) destinations.set_free(i, false);
    }
    destinations_.emplace(std::move(destinations));
  }

  std::optional<Choice> best(const model::Device& source) const {
    auto choice = destinations_->best(source);
    if (choice) choice->destination = places_[choice->destination];
    return choice;
  }

 private:
  std::vector<std::size_t> places_;
  std::optional<model::Destinations> destinations_;
};

Choosing counts(const std::vector<Side>& types, const model::Device& source) {
  Choosing counted;
  counted.types = types;
  for (const Side& type : types) {
    const Answer answer = model::decide(source, type.as_device()).answer;
    ++counted.answers[static_cast<std::size_t>(answer)];
    if (answer == Answer::configurable && !type.can_be_configured()) ++counted.fixed;
    if (!type.is_free) ++counted.full;
  }
  return counted;
}

}  // namespace

Best best_of(const std::vector<Side>& types, const Side& source) {
  Best best;
  best.why = counts(types, source.as_device());
  auto fixed = Half(types, false).best(source.as_device());
  if (fixed && fixed->answer == Answer::configurable) fixed.reset();
  const auto free = Half(types, true).best(source.as_device());
  const auto rank = [](const Choice& choice) {
    return std::tuple(choice.answer, choice.steps, choice.destination);
  };
  if (free && (!fixed || rank(*free) < rank(*fixed))) {
    best.type = free->destination;
  } else if (fixed) {
    best.type = fixed->destination;
  }
  return best;
}

}  // namespace mdevsim::cli
