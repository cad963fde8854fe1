// Whatever a host file says, loading ends and keeps its invariants; and what is right is accepted.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

#include "sim/config/loader.h"
#include "tests/support/config_invariants.h"
#include "tests/support/memory_files.h"

namespace mdevsim::config {
namespace {

Loaded load_text(std::string text) {
  MemoryFiles files({{"0", std::move(text)}});
  return load(files, "0");
}

// Pieces of host files, so that chance gets further than the first line.
rc::Gen<std::string> any_piece() {
  return rc::gen::oneOf(
      rc::gen::element<std::string>(
          "[host.a]\n", "[host.\"h{i}\"]\n", "[host.a.pci.\"0000:00:0{i}.0\"]\n",
          "[host.a.pci.\"0000:01:00.0\"]\n", "[host.a.virtual.\"m/m{i}\"]\n",
          "[host.a.virtual.\"m/m\"]\n", "[host.a.driver.d]\n", "[host.a.iommu_group.\"0\"]\n",
          "repeat = 2\n", "cpus = 4\n", "kernel = \"6.1\"\n", "vendor = 1\n", "device = 2\n",
          "class = 0x030000\n", "class = 0x060400\n", "driver = \"d\"\n", "secondary_bus = 1\n",
          "iommu_group = 0\n", "boot_vga = true\n", "max_instances = 3\n"),
      rc::gen::element<std::string>(
          "mdev_types = [{ id = \"t{i}\", repeat = 3 }, { id = \"u\", instances = 2 }]\n",
          "mdev_types = [{ id = \"1\", units = 2, instances = { count = 3, seed = 1 } }]\n",
          "pool = { units = 4, exhausted = \"EUSERS\" }\n",
          "bars = [{ index = 0, size = \"4KiB\" }, { index = 1, kind = \"memory64\", size = 64 "
          "}]\n",
          "include = \"0\"\n", "x = [\n", "\"\"\"", "{i}", "\n", "\r\n", "]", "}", "=", "\"", "'",
          "#"),
      rc::gen::arbitrary<std::string>());
}

RC_GTEST_PROP(ConfigLoad, EndsAndKeepsItsInvariantsForAnyPieces, ()) {
  std::string text;
  for (const std::string& piece : *rc::gen::container<std::vector<std::string>>(any_piece()))
    text += piece;
  RC_ASSERT(broken_invariant(load_text(text)) == "");
}

RC_GTEST_PROP(ConfigLoad, EndsAndKeepsItsInvariantsForAnyBytes, (const std::string& text)) {
  RC_ASSERT(broken_invariant(load_text(text)) == "");
}

RC_GTEST_PROP(ConfigLoad, AcceptsAPoolThatHoldsWhatExists, ()) {
  const auto units = *rc::gen::inRange<std::uint32_t>(1, 9);
  const auto count = *rc::gen::inRange<std::uint32_t>(1, 100);
  const auto room = *rc::gen::inRange<std::uint32_t>(0, 200);
  const Loaded loaded =
      load_text(fmt::format("[host.a.virtual.\"m/m\"]\npool = {{ units = {} }}\nmdev_types = [{{ "
                            "id = \"1\", units = {}, instances = {{ count = {} }} }}]\n",
                            units + room, units, count));
  RC_ASSERT(loaded.configuration.has_value() == (units * count <= units + room));
}

RC_GTEST_PROP(ConfigLoad, ShowsThePlaceOfAMistakeWhereverItIs, ()) {
  const auto lines_before = *rc::gen::inRange<std::uint32_t>(0, 50);
  const auto blanks_before = *rc::gen::inRange<std::uint32_t>(0, 200);
  const Loaded loaded = load_text("[host.a]\n" + std::string(lines_before, '\n') +
                                  std::string(blanks_before, ' ') + "cpu = 2\n");
  RC_ASSERT(loaded.diagnostics.size() == 1U);
  RC_ASSERT(loaded.diagnostics[0].line == lines_before + 2);
  RC_ASSERT(loaded.diagnostics[0].column == blanks_before + 1);
  RC_ASSERT(loaded.diagnostics[0].length == 3U);
}

}  // namespace
}  // namespace mdevsim::config
