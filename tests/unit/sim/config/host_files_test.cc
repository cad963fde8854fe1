// The host files that are shipped: kernel-samples against the recordings, the others for what they
// promise.
#include "sim/config/host_files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <memory>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "sim/config/builtin.h"
#include "sim/world/pci_config.h"
#include "sim/world/world.h"

namespace mdevsim::config {
namespace {

class StoppedClock final : public Clock {
 public:
  std::int64_t uptime_ms() const override { return 0; }
};

std::vector<HostSpec> builtin_hosts(const std::string& name) {
  Loaded loaded = load_host_file("builtin:" + name);
  for (const Diagnostic& problem : loaded.diagnostics) ADD_FAILURE() << render(problem, false);
  return loaded.configuration ? loaded.configuration->hosts : std::vector<HostSpec>(1);
}

std::unique_ptr<World> world_of(const HostSpec& host) {
  static const StoppedClock clock;
  auto world = World::build(host, clock);
  if (!world) {
    ADD_FAILURE() << world.error().why;
    return nullptr;
  }
  return std::move(*world);
}

std::string join(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

// As in tests/golden/recorded-pci-functions.txt, sorted.
std::set<std::string> lines_of(const PciFunctionSpec& function) {
  std::set<std::string> lines;
  const auto add = [&](const std::string& text) {
    lines.insert(function.address.to_string() + " " + text);
  };
  add(fmt::format("vendor 0x{:04x}", function.vendor));
  add(fmt::format("device 0x{:04x}", function.device));
  add(fmt::format("class 0x{:06x}", function.class_code));
  add(fmt::format("subsystem_vendor 0x{:04x}", function.subsystem_vendor));
  add(fmt::format("subsystem_device 0x{:04x}", function.subsystem_device));
  add(fmt::format("revision 0x{:02x}", function.revision));
  add(fmt::format("config {} bytes", function.config_bytes));
  add(fmt::format("irq {}", function.irq));
  add(fmt::format("numa_node {}", function.numa_node));
  add(fmt::format("iommu_group {}", function.iommu_group.value_or(UINT32_MAX)));
  if (!function.driver.empty()) add("driver " + function.driver);
  if (function.boot_vga) add("boot_vga 1");
  if (!function.reset_methods.empty()) add("reset_method " + join(function.reset_methods));
  for (const BarSpec& bar : function.bars) {
    add(fmt::format("resource{} 0x{:016x} 0x{:016x} 0x{:016x}", bar.index, bar.base,
                    bar.base + bar.size - 1, resource_flags(Bar{.spec = bar, .base = bar.base})));
  }
  return lines;
}

TEST(KernelSamples, HasTheFunctionsOfTheRecordedMachine) {
  std::set<std::string> recorded;
  std::ifstream file("tests/golden/recorded-pci-functions.txt");
  for (std::string line; std::getline(file, line);) recorded.insert(line);
  std::set<std::string> ours;
  const auto hosts = builtin_hosts("kernel-samples");
  for (const PciFunctionSpec& function : hosts[0].functions) ours.merge(lines_of(function));

  ASSERT_GT(recorded.size(), 100U);
  EXPECT_EQ(ours, recorded);
}

// What the lines "SECTION.PATH<TAB>…"TEXT"" of a recording say of the paths that match.
std::map<std::string, std::string> recorded_texts(const std::string& file, const std::regex& path) {
  std::map<std::string, std::string> texts;
  std::ifstream lines("tests/oracle/recordings/6.12/" + file);
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    const std::string name = line.substr(0, line.find('\t'));
    if (!std::regex_match(name, match, path)) continue;
    const std::size_t quote = line.find('"');
    if (quote == std::string::npos) continue;
    texts[match[1].str()] = line.substr(quote + 1, line.rfind('"') - quote - 1);
  }
  return texts;
}

// The text attributes of all types of a parent, as a recording spells them: "mtty-1/name" ->
// "Single port serial\n".
std::map<std::string, std::string> type_texts(const State& state, const std::string& device) {
  std::map<std::string, std::string> texts;
  for (const Parent& parent : state.parents) {
    if (!parent.virtual_device || state.virtual_devices[raw(*parent.virtual_device)].name != device)
      continue;
    for (std::uint32_t i = 0; i < parent.spec->types.size(); ++i) {
      const TypeSpec& type = parent.spec->types[i];
      const std::string directory = state.type_directory(parent, i) + "/";
      texts[directory + "name"] = type.name + "\\n";
      texts[directory + "device_api"] = type.device_api + "\\n";
      texts[directory + "available_instances"] = fmt::format("{}\\n", state.available(parent, i));
      if (type.description) texts[directory + "description"] = *type.description + "\\n";
    }
  }
  return texts;
}

class SampleParent : public testing::TestWithParam<std::string> {};

TEST_P(SampleParent, ShowsTheTypesOfTheRecording) {
  const auto world = world_of(builtin_hosts("kernel-samples")[0]);
  const World::Reading reading(*world);
  const std::string recording = GetParam() == "mtty" ? "mtty-2.golden" : "mdpy-vga.golden";
  const auto recorded = recorded_texts(
      recording, std::regex(R"(tree0\.PARENT/mdev_supported_types/([^/]+/[a-z_]+))"));

  ASSERT_GE(recorded.size(), 6U);
  EXPECT_EQ(type_texts(reading.state(), GetParam()), recorded);
}

INSTANTIATE_TEST_SUITE_P(KernelSamples, SampleParent, testing::Values("mtty", "mdpy"));

TEST(KernelSamples, MbochsSharesItsMemory) {
  const auto world = world_of(builtin_hosts("kernel-samples")[0]);
  const World::Reading reading(*world);
  const auto texts = type_texts(reading.state(), "mbochs");
  EXPECT_EQ(texts.at("mbochs-small/available_instances"), "64\\n");
  EXPECT_EQ(texts.at("mbochs-medium/available_instances"), "16\\n");
  EXPECT_EQ(texts.at("mbochs-large/available_instances"), "4\\n");
  EXPECT_EQ(texts.at("mbochs-large/description"), "virtual display, 64 MB video memory\\n");
}

TEST(KernelSamples, HasTheReservedRegionsOfTheRecording) {
  const auto recorded = recorded_texts(
      "mtty-2.golden", std::regex(R"(tree1\.kernel/iommu_groups/([0-8])/reserved_regions)"));
  const auto world = world_of(builtin_hosts("kernel-samples")[0]);
  const World::Reading reading(*world);
  std::map<std::string, std::string> ours;
  for (const auto& [number, group] : reading.state().groups) {
    std::string& text = ours[std::to_string(number)];
    for (const ReservedRegion& region : group.spec.reserved_regions) {
      text += fmt::format("0x{:016x} 0x{:016x} {}\\n", region.first, region.last, region.type);
    }
  }
  ASSERT_EQ(recorded.size(), 9U);
  EXPECT_EQ(ours, recorded);
}

TEST(ManyTypes, IsAsLargeAsItSays) {
  const auto hosts = builtin_hosts("many-types");
  std::set<const ParentSpec*> parents;
  std::uint64_t instances = 0;
  const auto count = [&](const ParentSpec& parent) {
    for (const TypeSpec& type : parent.types) {
      for (const InstanceSpec& instance : type.instances) instances += instance.count;
    }
  };
  for (const PciFunctionSpec& function : hosts[0].functions) {
    EXPECT_EQ(function.parent->types.size(), 1000U);
    parents.insert(function.parent.get());
    count(*function.parent);
  }
  count(*hosts[0].virtual_devices[0].parent);
  EXPECT_EQ(hosts[0].functions.size(), 64U);
  EXPECT_EQ(parents.size(), 1U) << "the parents share their types";
  EXPECT_EQ(instances, 10'000U);
}

class Builtin : public testing::TestWithParam<std::string> {};

TEST_P(Builtin, MakesAWorld) {
  const auto hosts = builtin_hosts(GetParam());
  for (const HostSpec& host : hosts) EXPECT_NE(world_of(host), nullptr);
}

TEST_P(Builtin, IsTheFileOfTheSourceTree) {
  HostFiles files;
  EXPECT_EQ(*files.read("builtin:" + GetParam(), SIZE_MAX),
            *files.read("scenarios/hosts/" + GetParam() + ".toml", SIZE_MAX));
}

INSTANTIATE_TEST_SUITE_P(HostFiles, Builtin,
                         testing::Values("kernel-samples", "many-types", "migration-pair",
                                         "minimal", "nvidia-t4", "rss-pair"),
                         [](const testing::TestParamInfo<std::string>& tested) {
                           std::string name = tested.param;
                           for (char& c : name) c = c == '-' ? '_' : c;
                           return name;
                         });

TEST(HostFiles, AllBuiltinFilesAreTested) { EXPECT_EQ(builtin_files().size(), 6U); }

TEST(HostFiles, AnUnknownBuiltinNamesTheOthers) {
  const auto read = HostFiles().read("builtin:kernel-sample", SIZE_MAX);
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().why,
            "the built-in host files are kernel-samples, many-types, migration-pair, minimal, "
            "nvidia-t4, rss-pair");
}

TEST(HostFiles, TellsTheSystemsReason) {
  HostFiles files;
  EXPECT_EQ(files.read("tests/nowhere.toml", SIZE_MAX).error().why, "No such file or directory");
  EXPECT_EQ(files.read("tests", SIZE_MAX).error().why, "Is a directory");
  EXPECT_EQ(files.read(std::string("a\0b", 3), SIZE_MAX).error().why, "a path has no NUL byte");
}

TEST(HostFiles, StopsReadingAtTheLimit) {
  EXPECT_EQ(HostFiles().read("/dev/zero", 1'000'000).error().code, Errc::file_too_big);
}

}  // namespace
}  // namespace mdevsim::config
