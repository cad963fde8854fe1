#include <fmt/format.h>

#include <algorithm>

#include "cli/compat_output.h"
#include "sim/base/json.h"
#include "sim/model/matrix.h"

namespace mdevsim::cli {
namespace {

constexpr std::string_view kSymbols = "=+~.";  // of the answers, in their order

// The versions' numbers from top to bottom, above the columns.
std::string column_heads(const model::DeviceModel& model, std::size_t width) {
  std::string heads;
  for (std::size_t digit = 0; digit < width; ++digit) {
    std::string line(width + 1, ' ');
    for (const model::Version& version : model.versions()) {
      line += fmt::format("{:>{}}", version.number, width)[digit];
    }
    line.erase(line.find_last_not_of(' ') + 1);
    heads += line + "\n";
  }
  return heads;
}

}  // namespace

std::string matrix_text(const model::DeviceModel& model) {
  const std::size_t width = fmt::format("{}", model.newest()).size();
  std::string rows;
  for_each_pair(model, [&](std::size_t source, std::size_t target, const model::Verdict& verdict) {
    if (target == 0) rows += fmt::format("{:>{}} ", model.versions()[source].number, width);
    rows += kSymbols[static_cast<std::size_t>(verdict.answer)];
    if (target + 1 == model.versions().size()) rows += '\n';
  });
  const std::size_t size = model.versions().size();
  return fmt::format(
      "{}: the source's version in rows, the target's in columns\n"
      "{} identical   {} compatible as it is   {} compatible after configuration   "
      "{} incompatible\n\n{}{}\n{} of {} pairs are compatible\n",
      model.name(), kSymbols[0], kSymbols[1], kSymbols[2], kSymbols[3], column_heads(model, width),
      rows, model::VersionMatrix(model).count_compatible(), size * size);
}

std::string matrix_csv(const model::DeviceModel& model) {
  std::string out = "source";
  for (const model::Version& version : model.versions()) out += fmt::format(",{}", version.number);
  for_each_pair(model, [&](std::size_t source, std::size_t target, const model::Verdict& verdict) {
    if (target == 0) out += fmt::format("\n{}", model.versions()[source].number);
    out += ',';
    out += model::answer_name(verdict.answer);
  });
  return out + '\n';
}

std::string matrix_json(const model::DeviceModel& model) {
  std::string versions;
  for (const model::Version& version : model.versions()) {
    versions += fmt::format("{}{}", versions.empty() ? "" : ", ", version.number);
  }
  std::string answers;
  for (std::size_t i = 0; i < kSymbols.size(); ++i) {
    answers +=
        (i == 0 ? "" : ", ") + json_string(model::answer_name(static_cast<model::Answer>(i)));
  }
  std::string rows;
  for_each_pair(model, [&](std::size_t source, std::size_t target, const model::Verdict& verdict) {
    if (target == 0) rows += source == 0 ? "\n    [" : "],\n    [";
    rows += fmt::format("{}{}", target == 0 ? "" : ", ", static_cast<int>(verdict.answer));
  });
  if (!rows.empty()) rows += "]";
  return fmt::format(
      "{{\n  \"model\": {},\n  \"versions\": [{}],\n  \"verdicts\": [{}],\n"
      "  \"compatible_pairs\": {},\n  \"matrix\": [{}\n  ]\n}}\n",
      json_string(model.name()), versions, answers, model::VersionMatrix(model).count_compatible(),
      rows);
}

}  // namespace mdevsim::cli
