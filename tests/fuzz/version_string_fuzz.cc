// Any bytes as configurations, of the source in the first line, of the target in the second: they
// are refused with a reason, or have a canonical form that says the same, and a verdict that keeps
// its promises.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sim/base/check.h"
#include "sim/model/configuration.h"
#include "sim/model/verdict.h"
#include "tests/support/sample_models.h"

namespace {

namespace model = mdevsim::model;

std::optional<model::Configuration> read(const model::DeviceModel& model, std::string_view text) {
  const auto read = model::parse_configuration(model, text);
  if (!read) {
    CHECK(!read.error().why.empty());
    return std::nullopt;
  }
  const auto again = model::parse_configuration(model, model::to_text(model, *read));
  CHECK(again.has_value() && *again == *read);
  return *read;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const model::DeviceModel models[] = {
      mdevsim::testing::built(mdevsim::testing::my_nic_spec()),
      mdevsim::testing::built(mdevsim::testing::family_spec())};
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t line_end = input.find('\n');
  for (const model::DeviceModel& model : models) {
    const auto source = read(model, input.substr(0, line_end));
    const auto target =
        read(model,
             line_end == std::string_view::npos ? std::string_view() : input.substr(line_end + 1));
    if (!source || !target) continue;
    const model::Verdict verdict = model::decide({model, *source}, {model, *target});
    if (verdict.answer == model::Answer::incompatible) continue;
    const model::Configuration changed = model::apply(model, *target, verdict.steps);
    CHECK(model::decide({model, *source}, {model, changed}).steps.empty());
  }
  return 0;
}
