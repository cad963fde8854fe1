// What holds of every fault rule and every plan.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

#include "sim/model/fault_plan.h"

namespace mdevsim::model {
namespace {

// A rule out of words that mostly go together.
rc::Gen<std::string> any_line() {
  const auto word = rc::gen::element<std::string>(
      "at=create", "at=event", "at=remove", "operation=write", "operation=*", "errno=EIO",
      "errno=EBUSY", "delay=3ms", "event=lost", "event=late", "instance=vanishes", "instance=stuck",
      "instance=untyped", "after=2", "every=2", "times=3", "probability=0.5", "probability=0.125",
      "seed=9", "path=*/c?eate", "device=a*", "action=add");
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(word),
                      [](const std::vector<std::string>& words) {
                        std::string line;
                        for (const std::string& part : words) line += part + ' ';
                        return line;
                      });
}

RC_GTEST_PROP(FaultRuleProperty, WhatIsReadIsWrittenAndReadAgainTheSame, ()) {
  const std::string line = *any_line();
  const auto rule = parse_fault(line);
  if (!rule) return;
  const auto again = parse_fault(to_string(*rule));
  RC_ASSERT(again.has_value());
  RC_ASSERT(*again == *rule);
}

RC_GTEST_PROP(FaultPlanProperty, TheSameSeedDecidesTheSame, (std::uint32_t seed)) {
  const auto make = [&] {
    FaultPlan plan;
    const auto first =
        parse_fault("at=create errno=EIO probability=0.5 seed=" + std::to_string(seed));
    const auto second = parse_fault("at=create device=b* delay=1ms probability=0.3 times=5");
    RC_ASSERT(plan.add({*first, *second}).has_value());
    return plan;
  };
  FaultPlan one = make();
  FaultPlan other = make();
  const auto devices =
      *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>("a", "b", "bb"));
  for (const std::string& device : devices) {
    const FaultOccurrence occurrence{.point = FaultPoint::create, .device = device};
    RC_ASSERT(one.decide(occurrence).rule == other.decide(occurrence).rule);
  }
  RC_ASSERT(one.text() == other.text());
}

}  // namespace
}  // namespace mdevsim::model
