// Any bytes as lines of the file `faults`.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "fusefs/sysfs/parse.h"
#include "sim/base/check.h"
#include "sim/model/fault_plan.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto change = mdevsim::sysfs::parse_faults(text);
  if (!change) return 0;
  mdevsim::model::FaultPlan plan;
  for (const mdevsim::model::FaultRule& rule : change->add) {
    const auto again = mdevsim::model::parse_fault(mdevsim::model::to_string(rule));
    CHECK(again && *again == rule);
  }
  if (!plan.add(change->add)) return 0;
  for (const mdevsim::model::FaultPoint point :
       {mdevsim::model::FaultPoint::operation, mdevsim::model::FaultPoint::create,
        mdevsim::model::FaultPoint::event}) {
    plan.decide({.point = point, .operation = "write", .path = text, .device = text});
  }
  CHECK(plan.empty() == plan.text().empty());
  return 0;
}
