#include "sim/config/loader.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "sim/base/clock.h"
#include "sim/base/limits.h"
#include "sim/model/configuration.h"
#include "sim/world/world.h"
#include "tests/support/memory_files.h"

namespace mdevsim::config {
namespace {

using std::string_literals::operator""s;

std::string said_about(const Loaded& loaded) {
  std::string said;
  for (const Diagnostic& problem : loaded.diagnostics) said += render(problem, false);
  return said;
}

Loaded load_text(const std::string& text) {
  MemoryFiles files({{"host.toml", text}});
  return load(files, "host.toml");
}

// The hosts of a text that has no problem.
std::vector<HostSpec> hosts_of(const std::string& text) {
  Loaded loaded = load_text(text);
  EXPECT_EQ(said_about(loaded), "");
  return loaded.configuration ? std::move(loaded.configuration->hosts) : std::vector<HostSpec>(1);
}

const char* const kFunction = R"(
[host.a.pci."0000:3b:00.0"]
vendor = 0x10de
device = 0x1eb8
class = 0x030200
)";

TEST(Load, AHostWithoutDevicesHasTheDefaults) {
  const auto hosts = hosts_of("[host.alpha]\n");
  EXPECT_EQ(hosts[0].name, "alpha");
  EXPECT_EQ(hosts[0].kernel, KernelRelease::v6_12);
  EXPECT_EQ(hosts[0].cpus, 2U);
  EXPECT_TRUE(hosts[0].functions.empty());
}

TEST(Load, ReadsEveryKeyOfAFunction) {
  const auto hosts = hosts_of(kFunction + R"(subsystem_vendor = 0x10df
subsystem_device = 0x12a2
revision = 0xa1
config_size = 4096
driver = "nvidia"
iommu_group = 12
numa_node = 1
irq = 16
bars = [
  { index = 3, kind = "memory64", prefetchable = true, base = 0x380000000000, size = "32MiB" },
  { index = 0, size = 4096 },
  { index = 2, kind = "io", size = 128 },
  { index = 6, size = "64KiB" },
]
reset_methods = ["flr", "bus"]
)"s);
  ASSERT_EQ(hosts[0].functions.size(), 1U);
  const PciFunctionSpec& function = hosts[0].functions[0];
  EXPECT_EQ(function.address.to_string(), "0000:3b:00.0");
  EXPECT_EQ(function.vendor, 0x10de);
  EXPECT_EQ(function.device, 0x1eb8);
  EXPECT_EQ(function.subsystem_vendor, 0x10df);
  EXPECT_EQ(function.subsystem_device, 0x12a2);
  EXPECT_EQ(function.class_code, 0x030200U);
  EXPECT_EQ(function.revision, 0xa1);
  EXPECT_EQ(function.config_bytes, 4096);
  EXPECT_EQ(function.driver, "nvidia");
  EXPECT_EQ(function.iommu_group, 12U);
  EXPECT_EQ(function.numa_node, 1);
  EXPECT_EQ(function.irq, 16U);
  EXPECT_EQ(function.reset_methods, (std::vector<std::string>{"flr", "bus"}));
  EXPECT_EQ(function.parent, nullptr);
  ASSERT_EQ(function.bars.size(), 4U);
  EXPECT_EQ(function.bars[0].index, 0);
  EXPECT_EQ(function.bars[0].kind, BarKind::memory32);
  EXPECT_EQ(function.bars[1].kind, BarKind::io);
  EXPECT_EQ(function.bars[2].index, 3);
  EXPECT_EQ(function.bars[2].kind, BarKind::memory64);
  EXPECT_TRUE(function.bars[2].prefetchable);
  EXPECT_EQ(function.bars[2].base, 0x380000000000U);
  EXPECT_EQ(function.bars[2].size, 32U << 20);
  EXPECT_EQ(function.bars[3].index, 6);
}

TEST(Load, ReadsEveryKeyOfAType) {
  const auto hosts = hosts_of(R"(
[host.a.virtual."mdpy/mdpy"]
mdev_driver = "display"
pool = { units = 16, exhausted = "EIO" }
mdev_types = [
  { id = "vga", name = "VGA", description = "one\ntwo", device_api = "vfio-ccw", units = 4, max_instances = 3, exhausted = "EINVAL", attributes = { "vendor/b" = "{uuid}", "other/a" = "" }, instances = [{ uuid = "83B8F4F2-509f-382f-3c1e-e6bfe0fa1001" }, { count = 2, seed = 7 }] },
  { id = "plain" },
]
)");
  ASSERT_EQ(hosts[0].virtual_devices.size(), 1U);
  EXPECT_EQ(hosts[0].virtual_devices[0].class_name, "mdpy");
  EXPECT_EQ(hosts[0].virtual_devices[0].name, "mdpy");
  const ParentSpec& parent = *hosts[0].virtual_devices[0].parent;
  EXPECT_EQ(parent.mdev_driver, "display");
  EXPECT_EQ(parent.pool->units, 16U);
  EXPECT_EQ(parent.pool->exhausted, Errc::io);
  ASSERT_EQ(parent.types.size(), 2U);
  const TypeSpec& type = parent.types[0];
  EXPECT_EQ(type.id, "vga");
  EXPECT_EQ(type.name, "VGA");
  EXPECT_EQ(type.description, "one\ntwo");
  EXPECT_EQ(type.device_api, "vfio-ccw");
  EXPECT_EQ(type.units, 4U);
  EXPECT_EQ(type.max_instances, 3U);
  EXPECT_EQ(type.exhausted, Errc::invalid);
  ASSERT_EQ(type.attributes.size(), 2U);
  EXPECT_EQ(type.attributes[0].group, "vendor");
  EXPECT_EQ(type.attributes[0].name, "b");
  EXPECT_EQ(type.attributes[0].text, "{uuid}");
  ASSERT_EQ(type.instances.size(), 2U);
  EXPECT_EQ(type.instances[0].uuid->to_string(), "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001");
  EXPECT_EQ(type.instances[1].count, 2U);
  EXPECT_EQ(type.instances[1].seed, 7U);
}

// What the devices of a file are at first, by their uuids' last digits.
std::map<std::string, std::string> configurations_of(const HostSpec& host) {
  class NoTime final : public Clock {
    std::int64_t uptime_ms() const override { return 0; }
  } const clock;
  const auto world = World::build(host, clock);
  EXPECT_TRUE(world.has_value());
  std::map<std::string, std::string> found;
  const World::Reading reading(**world);
  reading->instances.for_each([&](InstanceId id, const Instance& instance) {
    const auto has = reading->modelled({ObjectRef::Type::instance, raw(id)});
    found[instance.uuid.to_string().substr(35)] =
        to_text(has->device_model(), *has->configuration) + " x" +
        std::to_string(reading->units_of(id));
  });
  return found;
}

TEST(Load, InstancesFromTheStartMayBeOtherThanWhatTheirTypeMakes) {
  const auto hosts = hosts_of(R"(
[model."a.com/nic"]
params.rss = { type = "bool", off = false, since = 2 }
versions.1 = {}
versions.2 = { rss = true }
[host.a.virtual."mtty/mtty"]
mdev_types = [
  { id = "1", model = "a.com/nic", interfaces = ["aggregation"], aggregate = { unit = "1GiB", max = 4 }, instances = [
    { uuid = "00000000-0000-4000-8000-000000000001" },
    { uuid = "00000000-0000-4000-8000-000000000002", version = 1 },
    { uuid = "00000000-0000-4000-8000-000000000003", configuration = "version=2,rss=off", aggregate = 3 } ] },
]
)");
  EXPECT_EQ(configurations_of(hosts[0]),
            (std::map<std::string, std::string>{
                {"1", "version=2 x1"}, {"2", "version=1 x1"}, {"3", "version=2,rss=off x3"}}));
}

TEST(Load, ATypeHasTheKernelsDefaults) {
  const auto hosts = hosts_of("[host.a.virtual.\"mtty/mtty\"]\nmdev_types = [{ id = \"1\" }]\n");
  const TypeSpec& type = hosts[0].virtual_devices[0].parent->types[0];
  EXPECT_EQ(type.name, "1");
  EXPECT_EQ(type.description, std::nullopt);
  EXPECT_EQ(type.device_api, "vfio-pci");
  EXPECT_EQ(type.max_instances, std::nullopt);
  EXPECT_EQ(type.exhausted, Errc::users);
  EXPECT_EQ(type.units, 0U);
}

TEST(Load, AParentsMaxInstancesIsAPoolOfTheCoresOwn) {
  const auto hosts = hosts_of(
      "[host.a.virtual.\"mdpy/mdpy\"]\nmax_instances = 4\nmdev_types = [{ id = \"a\" }, { id = "
      "\"b\" }]\n");
  const ParentSpec& parent = *hosts[0].virtual_devices[0].parent;
  EXPECT_EQ(parent.pool->units, 4U);
  EXPECT_EQ(parent.pool->exhausted, Errc::users);
  EXPECT_EQ(parent.types[0].units, 1U);
  EXPECT_EQ(parent.types[1].units, 1U);
}

TEST(Load, AnIntegerOfInstancesIsALimit) {
  const auto hosts =
      hosts_of("[host.a.virtual.\"mdpy/mdpy\"]\nmdev_types = [{ id = \"a\", instances = 16 }]\n");
  EXPECT_EQ(hosts[0].virtual_devices[0].parent->types[0].max_instances, 16U);
}

TEST(Load, TypesKeepTheFilesOrder) {
  const auto hosts = hosts_of(
      "[host.a.virtual.\"m/m\"]\nmdev_types = [{ id = \"z\" }, { id = \"a\" }, { id = \"m-{i}\", "
      "repeat = 2 }]\n");
  const auto& types = hosts[0].virtual_devices[0].parent->types;
  ASSERT_EQ(types.size(), 4U);
  EXPECT_EQ(types[0].id + types[1].id + types[2].id + types[3].id, "zam-0m-1");
}

TEST(Load, FunctionsAreSortedByAddressAndVirtualDevicesAreNot) {
  const std::string f = "vendor = 1\ndevice = 1\nclass = 1\n";
  const auto hosts =
      hosts_of("[host.a.pci.\"0000:02:00.0\"]\n" + f + "[host.a.pci.\"0000:01:00.0\"]\n" + f +
               "[host.a.virtual.\"z/z\"]\n[host.a.virtual.\"a/a\"]\n");
  EXPECT_EQ(hosts[0].functions[0].address.bus, 1);
  EXPECT_EQ(hosts[0].virtual_devices[0].name, "z");
}

TEST(Load, ReadsDriversAndGroups) {
  const auto hosts = hosts_of(std::string(kFunction) + R"(
[host.a.driver."my-nic"]
module = "nic"
ids = [{ vendor = 1, device = 2 }, { vendor = 1, device = 3 }]
[host.a.iommu_group."0"]
type = "identity"
)");
  ASSERT_EQ(hosts[0].drivers.size(), 1U);
  EXPECT_EQ(hosts[0].drivers[0].name, "my-nic");
  EXPECT_EQ(hosts[0].drivers[0].module, "nic");
  EXPECT_EQ(hosts[0].drivers[0].ids.size(), 2U);
  ASSERT_EQ(hosts[0].iommu_groups.size(), 1U);
  EXPECT_EQ(hosts[0].iommu_groups[0].type, "identity");
  ASSERT_EQ(hosts[0].iommu_groups[0].reserved_regions.size(), 1U)
      << "the default stays when only the type is said";
  EXPECT_EQ(hosts[0].iommu_groups[0].reserved_regions[0].type, "msi");
}

TEST(Load, DottedKeysSayTheSameAsHeaders) {
  const auto hosts =
      hosts_of("host.a.kernel = \"6.1\"\nhost.a.virtual.\"m/m\".mdev_types = [{ id = \"1\" }]\n");
  EXPECT_EQ(hosts[0].kernel, KernelRelease::v6_1);
  EXPECT_EQ(hosts[0].virtual_devices[0].parent->types.size(), 1U);
}

// ---- repeat ----

TEST(Repeat, MultipliesHostsAndNumbersThem) {
  const auto hosts = hosts_of("[host.\"node{i:02}\"]\nrepeat = 3\n");
  ASSERT_EQ(hosts.size(), 3U);
  EXPECT_EQ(hosts[0].name, "node00");
  EXPECT_EQ(hosts[2].name, "node02");
}

TEST(Repeat, ParentsThatSayTheSameAreShared) {
  const auto hosts = hosts_of(R"(
[host."n{i}"]
repeat = 100
[host."n{i}".pci."0000:{i:02x}:00.0"]
repeat = 64
vendor = 1
device = 1
class = 1
driver = "d"
mdev_types = [{ id = "t{i}", instances = 1, repeat = 1000 }]
)");
  ASSERT_EQ(hosts.size(), 100U);
  std::set<const ParentSpec*> parents;
  for (const HostSpec& host : hosts) {
    ASSERT_EQ(host.functions.size(), 64U);
    for (const PciFunctionSpec& function : host.functions) parents.insert(function.parent.get());
  }
  ASSERT_EQ(parents.size(), 1U);
  EXPECT_EQ((*parents.begin())->types.size(), 1000U);
  EXPECT_EQ((*parents.begin())->types[999].id, "t999");
}

TEST(Repeat, ParentsThatNameTheirNumberAreNotShared) {
  const auto hosts = hosts_of(
      "[host.a.virtual.\"m/m{i}\"]\nrepeat = 2\nmdev_types = [{ id = \"1\", name = \"of {i}\" "
      "}]\n");
  ASSERT_EQ(hosts[0].virtual_devices.size(), 2U);
  EXPECT_EQ(hosts[0].virtual_devices[0].parent->types[0].name, "of 0");
  EXPECT_EQ(hosts[0].virtual_devices[1].parent->types[0].name, "of 1");
}

TEST(Repeat, TheNearestRepeatCounts) {
  const auto hosts = hosts_of(
      "[host.\"h{i}\"]\nrepeat = 2\n[host.\"h{i}\".virtual.\"m/m\"]\nmdev_types = [{ id = "
      "\"of-{i}\" }, { id = \"own-{i}\", repeat = 3 }]\n");
  const auto& types = hosts[1].virtual_devices[0].parent->types;
  ASSERT_EQ(types.size(), 4U);
  EXPECT_EQ(types[0].id, "of-1");
  EXPECT_EQ(types[3].id, "own-2");
}

TEST(Repeat, UuidsMayDependOnIt) {
  const auto hosts = hosts_of(
      "[host.a.virtual.\"m/m{i}\"]\nrepeat = 2\nmdev_types = [{ id = \"1\", instances = [{ uuid = "
      "\"00000000-0000-4000-8000-{i:012x}\" }] }]\n");
  EXPECT_EQ(hosts[0].virtual_devices[1].parent->types[0].instances[0].uuid->to_string(),
            "00000000-0000-4000-8000-000000000001");
}

TEST(Repeat, ConfigurationsMayDependOnIt) {
  const auto hosts = hosts_of(R"(
[model."a.com/nic"]
params.queues = { type = "int", off = 0 }
[host.a.virtual."m/m{i}"]
repeat = 2
mdev_types = [
  { id = "1", model = "a.com/nic", configuration = "queues={i}", instances = [{ uuid = "00000000-0000-4000-8000-00000000001{i}" }] },
  { id = "2", model = "a.com/nic", instances = [{ uuid = "00000000-0000-4000-8000-00000000002{i}", configuration = "queues=1{i}" }] },
  { id = "s{i}", repeat = 2, model = "a.com/nic", configuration = "queues=2{i}", instances = { count = 1 } },
]
)");
  const auto& first = *hosts[0].virtual_devices[0].parent;
  const auto& second = *hosts[0].virtual_devices[1].parent;
  const auto queues_of = [](const ConfigurationPtr& has) { return has->values[0].number; };
  EXPECT_EQ(queues_of(first.types[0].modelled->initial), 0);
  EXPECT_EQ(queues_of(second.types[0].modelled->initial), 1);
  EXPECT_EQ(queues_of(first.types[1].instances[0].configuration), 10);
  EXPECT_EQ(queues_of(second.types[1].instances[0].configuration), 11);
  EXPECT_EQ(queues_of(second.types[2].modelled->initial), 20);
  EXPECT_EQ(queues_of(second.types[3].modelled->initial), 21);
}

TEST(Repeat, TheSameUuidOnTwoHostsIsNoDuplicate) {
  const auto hosts = hosts_of(
      "[host.\"h{i}\"]\nrepeat = 2\n[host.\"h{i}\".virtual.\"m/m\"]\nmdev_types = [{ id = \"1\", "
      "instances = [{ uuid = \"00000000-0000-4000-8000-000000000001\" }] }]\n");
  EXPECT_EQ(hosts.size(), 2U);
}

TEST(Repeat, OfOneIsARepeat) { EXPECT_EQ(hosts_of("[host.\"n{i}\"]\nrepeat = 1\n")[0].name, "n0"); }

// ---- files ----

TEST(Include, MergesHostsOfSeveralFiles) {
  MemoryFiles files(
      {{"dir/main.toml", "include = [\"a.toml\", \"sub/b.toml\"]\n[host.x]\nkernel = \"6.1\"\n"},
       {"dir/a.toml", "[host.x.virtual.\"a/a\"]\n"},
       {"dir/sub/b.toml", "include = \"../a.toml\"\n[host.x]\ncpus = 8\n[host.y]\n"}});
  const Loaded loaded = load(files, "dir/main.toml");
  ASSERT_EQ(said_about(loaded), "");
  ASSERT_EQ(loaded.configuration->hosts.size(), 2U);
  EXPECT_EQ(loaded.configuration->hosts[0].name, "x");
  EXPECT_EQ(loaded.configuration->hosts[0].kernel, KernelRelease::v6_1);
  EXPECT_EQ(loaded.configuration->hosts[0].cpus, 8U);
  EXPECT_EQ(loaded.configuration->hosts[0].virtual_devices.size(), 1U);
  EXPECT_EQ(loaded.files,
            (std::vector<std::string>{"dir/main.toml", "dir/a.toml", "dir/sub/b.toml"}));
  EXPECT_EQ(files.reads, 3) << "a file that is included twice is read once";
}

TEST(Include, IsRelativeToTheFileThatSaysIt) {
  EXPECT_EQ(resolve_include("a/b/c.toml", "d.toml"), "a/b/d.toml");
  EXPECT_EQ(resolve_include("a/b/c.toml", "../d.toml"), "a/d.toml");
  EXPECT_EQ(resolve_include("a/b/c.toml", "../../../d.toml"), "../d.toml");
  EXPECT_EQ(resolve_include("c.toml", "./d//e.toml"), "d/e.toml");
  EXPECT_EQ(resolve_include("/a/c.toml", "../../d.toml"), "/d.toml");
  EXPECT_EQ(resolve_include("a/c.toml", "/x/../y.toml"), "/y.toml");
  EXPECT_EQ(resolve_include("a/c.toml", "builtin:minimal"), "builtin:minimal");
  EXPECT_EQ(resolve_include("builtin:minimal", "other.toml"), "builtin:other.toml");
}

TEST(Include, OfTooManyFilesIsRefused) {
  std::map<std::string, std::string> texts;
  for (std::size_t i = 0; i < kIncludeDepthMax + 2; ++i) {
    texts["f" + std::to_string(i)] = "include = \"f" + std::to_string(i + 1) + "\"\n";
  }
  MemoryFiles files(std::move(texts));
  EXPECT_EQ(load(files, "f0").diagnostics.size(), 1U);
}

TEST(Load, FilesThatCannotBeReadAreAProblemOfTheWhole) {
  MemoryFiles files;
  EXPECT_EQ(said_about(load(files, "gone.toml")),
            "gone.toml: error: cannot read gone.toml: No such file or directory\n"
            "  help: check the path; an include is relative to the file that says it\n");
}

TEST(Load, FilesThatAreTooBigAreRefused) {
  const Loaded loaded = load_text(std::string(kHostFileBytesMax + 1, '\n'));
  ASSERT_EQ(loaded.diagnostics.size(), 1U);
  EXPECT_NE(loaded.diagnostics[0].help.find("16 MiB"), std::string::npos);
}

TEST(Load, TakesWindowsLineEndsAndTheMarkOfUtf8) {
  const Loaded loaded = load_text("\xEF\xBB\xBF[host.a]\r\ncpus = 4\r\nkernel = 1\r\n");
  ASSERT_EQ(loaded.diagnostics.size(), 1U);
  EXPECT_EQ(loaded.diagnostics[0].line, 3U);
  EXPECT_EQ(loaded.diagnostics[0].column, 10U);
  EXPECT_EQ(loaded.diagnostics[0].line_text, "kernel = 1");
}

TEST(Load, ABinaryFileGivesDiagnosticsAndNoTerminalCodes) {
  const Loaded loaded = load_text(
      "\x7f"
      "ELF\x02\x01\x01\0\0\0\xff\xfe\n\x1b[31m\0\n"s);
  ASSERT_FALSE(loaded.configuration.has_value());
  for (const char c : said_about(loaded)) {
    EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 || c == '\n');
  }
}

TEST(Load, LettersOfAnyScriptOutsideOfQuotesAreSyntaxErrors) {
  for (const std::string letter : {"é", "Ж", "あ", "漢", "\uFF01", "😀", "\u00A1"}) {
    for (const std::string& text : {letter + " = 1\n", "a = " + letter + "\n",
                                    "a = 1 " + letter + "\n", "[a] " + letter + "\n"}) {
      const Loaded loaded = load_text("[host.a]\n" + text);
      ASSERT_GE(loaded.diagnostics.size(), 1U) << text;
      EXPECT_EQ(loaded.diagnostics.back().line, 2U) << text;
    }
    EXPECT_EQ(hosts_of("[host.a] # " + letter + "\n[host.\"" + letter + "\"]\n").size(), 2U);
  }
}

TEST(Load, AThousandProblemsAreShownAndTheRestIsCounted) {
  std::string text;
  for (int i = 0; i < 1500; ++i) text += "[host.h" + std::to_string(i) + "]\ncpus = 0\n";
  const Loaded loaded = load_text(text);
  EXPECT_EQ(loaded.diagnostics.size(), kDiagnosticsMax + 1);
  EXPECT_NE(loaded.diagnostics.back().message.find("more problems are not shown"),
            std::string::npos);
}

TEST(Load, HugeRepeatsAreRefusedAtOnce) {
  const Loaded loaded = load_text(R"(
[host."h{i}"]
repeat = 1000
[host."h{i}".virtual."m/m-{i}"]
repeat = 50000
mdev_types = [{ id = "{i}", name = "{i}", repeat = 60000 }, { id = "x{i}" }]
)");
  ASSERT_EQ(loaded.diagnostics.size(), 1U) << said_about(loaded);
  EXPECT_NE(loaded.diagnostics[0].help.find("lower `repeat`"), std::string::npos);
}

TEST(Render, ShowsColoursOnlyWhenAsked) {
  const Loaded loaded = load_text("[host.a]\ncpus = 0\n");
  ASSERT_EQ(loaded.diagnostics.size(), 1U);
  EXPECT_EQ(render(loaded.diagnostics[0], false).find('\033'), std::string::npos);
  EXPECT_NE(render(loaded.diagnostics[0], true).find("\033[1;31merror:"), std::string::npos);
}

}  // namespace
}  // namespace mdevsim::config
