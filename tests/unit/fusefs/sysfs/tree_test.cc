// The tree of a world, without any file system: what is where, what it says, and what follows from
// a write.
#include "fusefs/sysfs/tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <sstream>
#include <utility>

#include "fusefs/sysfs/name_hash.h"
#include "tests/support/sample_host.h"

namespace mdevsim::sysfs {
namespace {

using testing::build_world;
using testing::sample_host;
using testing::uuid_text;

class Collected : public BatchSink {
 public:
  void post(Batch batch) override { batches.push_back(std::move(batch)); }
  void posted() override {
    if (on_posted) on_posted();
  }
  std::vector<Batch> batches;
  std::function<void()> on_posted;
};

class TreeTest : public ::testing::Test {
 protected:
  explicit TreeTest(KernelRelease kernel = KernelRelease::v6_12) {
    std::vector<std::unique_ptr<World>> worlds;
    worlds.push_back(build_world(sample_host(kernel)));
    tree_ = std::make_unique<Tree>(std::move(worlds), sink_);
  }

  // Follows names, not links.
  std::optional<NodeId> find(const std::string& path) {
    NodeId at = tree_->root();
    std::istringstream parts(path);
    for (std::string part; std::getline(parts, part, '/');) {
      Entry entry;
      if (tree_->lookup(at, part, entry) != Errc::ok) return std::nullopt;
      at = entry.node;
    }
    return at;
  }
  NodeId node(const std::string& path) {
    const auto found = find(path);
    EXPECT_TRUE(found.has_value()) << path;
    return found.value_or(NodeId());
  }
  std::string read(const std::string& path) {
    std::string out;
    const Errc errc = tree_->show(node(path), out);
    return errc == Errc::ok ? out : std::string(errc_symbol(errc));
  }
  std::string link(const std::string& path) {
    std::string out;
    EXPECT_EQ(tree_->readlink(node(path), out), Errc::ok) << path;
    return out;
  }
  // The errno of a write, wherever its answer comes from.
  Errc write(NodeId at, std::string_view bytes, std::uint64_t request = 1) {
    const Stored stored = tree_->store(at, bytes, 0, {}, {request, bytes.size()});
    if (stored.answered) return stored.errc;
    for (const Batch& batch : sink_.batches) {
      for (const Completion& completion : batch.completions) {
        if (completion.ticket.request == request) return completion.errc;
      }
    }
    return Errc::again;  // not answered yet
  }
  Errc write(const std::string& path, std::string_view bytes) {
    sink_.batches.clear();
    return write(node(path), bytes);
  }
  std::vector<std::string> names(const std::string& path) {
    std::vector<DirectoryEntry> entries;
    EXPECT_EQ(tree_->list(node(path), entries), Errc::ok);
    std::vector<std::string> out;
    for (const DirectoryEntry& entry : entries) out.push_back(entry.name);
    return out;
  }
  std::vector<std::string> uevents() {
    std::vector<std::string> out;
    for (const Batch& batch : sink_.batches) {
      for (const Notice& notice : batch.notices) {
        const auto* event = std::get_if<Uevent>(&notice);
        if (event == nullptr) continue;
        std::string text = fmt::format("{}@{}|{}", event->action, event->devpath, event->subsystem);
        for (const auto& [key, value] : event->variables) text += fmt::format("|{}={}", key, value);
        out.push_back(text);
      }
    }
    return out;
  }
  std::vector<NodeId> invalidated() {
    std::vector<NodeId> out;
    for (const Notice& notice : sink_.batches.at(0).notices) {
      if (const auto* invalidate = std::get_if<InvalidateAttributes>(&notice))
        out.push_back(invalidate->node);
    }
    return out;
  }

  Collected sink_;
  std::unique_ptr<Tree> tree_;
};

const std::string kTypes = "devices/virtual/mtty/mtty/mdev_supported_types/";
const std::string kU = "c0ffee00-1234-4abc-8def-000000000001";
const std::string kInstance = "devices/virtual/mtty/mtty/" + kU + "/";

TEST_F(TreeTest, SinkIsWokenOnceTheWorldIsUnlocked) {
  std::string seen;
  sink_.on_posted = [&] { seen = read(kTypes + "mtty-2/available_instances"); };  // takes the lock
  ASSERT_EQ(write(kTypes + "mtty-2/create", kU), Errc::ok);
  EXPECT_EQ(seen, "11\n");
}

TEST_F(TreeTest, LinksOfAnInstanceAreWrittenAsTheKernelWritesThem) {
  ASSERT_EQ(write(kTypes + "mtty-2/create", kU), Errc::ok);
  const std::pair<std::string, std::string> expected[] = {
      {kInstance + "mdev_type", "../mdev_supported_types/mtty-2"},
      {kInstance + "subsystem", "../../../../../bus/mdev"},
      {kInstance + "driver", "../../../../../bus/mdev/drivers/mtty"},
      {kInstance + "iommu_group", "../../../../../kernel/iommu_groups/2"},
      {kInstance + "vfio-dev/vfio0/device", "../../../" + kU},
      {kInstance + "vfio-dev/vfio0/subsystem", "../../../../../../../class/vfio-dev"},
      {kTypes + "mtty-2/devices/" + kU, "../../../" + kU},
      {"bus/mdev/devices/" + kU, "../../../devices/virtual/mtty/mtty/" + kU},
      {"bus/mdev/drivers/mtty/" + kU, "../../../../devices/virtual/mtty/mtty/" + kU},
      {"bus/mdev/drivers/mtty/module", "../../../../module/mtty"},
      {"class/mdev_bus/mtty", "../../devices/virtual/mtty/mtty"},
      {"class/mdev_bus/0000:3b:00.0", "../../devices/pci0000:3b/0000:3b:00.0"},
      {"class/vfio-dev/vfio0", "../../devices/virtual/mtty/mtty/" + kU + "/vfio-dev/vfio0"},
      {"class/vfio/2", "../../devices/virtual/vfio/2"},
      {"kernel/iommu_groups/2/devices/" + kU, "../../../../devices/virtual/mtty/mtty/" + kU},
      {"kernel/iommu_groups/0/devices/0000:3b:00.0", "../../../../devices/pci0000:3b/0000:3b:00.0"},
      {"devices/virtual/mtty/mtty/subsystem", "../../../../class/mtty"},
      {"bus/pci/devices/0000:3b:00.1", "../../../devices/pci0000:3b/0000:3b:00.1"},
      {"bus/pci/drivers/nvidia/0000:3b:00.0", "../../../../devices/pci0000:3b/0000:3b:00.0"},
      {"devices/pci0000:3b/0000:3b:00.0/iommu_group", "../../../kernel/iommu_groups/0"},
      {"devices/pci0000:3b/pci_bus/0000:3b/device", "../../../pci0000:3b"},
      {"module/mtty/drivers/mdev:mtty", "../../../bus/mdev/drivers/mtty"},
      {"kernel/mdevsim/devices/" + kU + "/device", "../../../../devices/virtual/mtty/mtty/" + kU},
  };
  for (const auto& [path, target] : expected) EXPECT_EQ(link(path), target) << path;
}

TEST_F(TreeTest, AttributesReadAsRecorded) {
  ASSERT_EQ(write(kTypes + "mtty-2/create", kU), Errc::ok);
  const std::pair<std::string, std::string> expected[] = {
      {kTypes + "mtty-1/name", "Single port serial\n"},
      {kTypes + "mtty-1/device_api", "vfio-pci\n"},
      {kTypes + "mtty-1/available_instances", "22\n"},
      {kTypes + "mtty-1/create", "EIO"},
      {"devices/virtual/mdpy/mdpy/mdev_supported_types/mdpy-vga/description",
       "virtual display, 640x480 framebuffer\n"},
      {kInstance + "uevent", "DRIVER=mtty\n"},
      {kInstance + "vendor/sample_mdev_dev", "This is MDEV " + kU + "\n"},
      {kInstance + "power/control", "auto\n"},
      {kInstance + "power/autosuspend_delay_ms", "EIO"},
      {"devices/virtual/mtty/mtty/uevent", ""},
      {"kernel/iommu_groups/2/name", "vfio-noiommu\n"},
      {"kernel/iommu_groups/2/type", "unknown\n"},
      {"kernel/iommu_groups/0/reserved_regions", "0x00000000fee00000 0x00000000feefffff msi\n"},
      {"devices/virtual/vfio/2/uevent", "MAJOR=511\nMINOR=0\nDEVNAME=vfio/2\n"},
      {"devices/pci0000:3b/0000:3b:00.0/vendor", "0x10de\n"},
      {"devices/pci0000:3b/0000:3b:00.0/class", "0x030200\n"},
      {"devices/pci0000:3b/0000:3b:00.0/driver_override", "(null)\n"},
      {"devices/pci0000:3b/0000:3b:00.0/power/runtime_active_time", "7656\n"},
      {"devices/pci0000:3b/0000:3b:00.0/uevent",
       "DRIVER=nvidia\nPCI_CLASS=30200\nPCI_ID=10DE:1EB8\nPCI_SUBSYS_ID=0000:0000\n"
       "PCI_SLOT_NAME=0000:3b:00.0\nMODALIAS=pci:"
       "v000010DEd00001EB8sv00000000sd00000000bc03sc02i00\n"},
  };
  for (const auto& [path, text] : expected) EXPECT_EQ(read(path), text) << path;
  EXPECT_FALSE(find(kTypes + "mtty-1/description")) << "absent rather than empty";
}

TEST_F(TreeTest, EventsOfACreateNameTheDevicesAsTheKernelDoes) {
  ASSERT_EQ(write(kTypes + "mtty-2/create", kU), Errc::ok);
  const std::string u = "/devices/virtual/mtty/mtty/" + kU;
  EXPECT_EQ(uevents(), (std::vector<std::string>{
                           "add@" + u + "|mdev",
                           "add@/devices/virtual/vfio/2|vfio|MAJOR=511|MINOR=0|DEVNAME=vfio/2",
                           "add@" + u + "/vfio-dev/vfio0|vfio-dev",
                           "bind@" + u + "|mdev|DRIVER=mtty",
                       }));
}

TEST_F(TreeTest, EventsOfARemoveStillNameWhatIsGone) {
  write(kTypes + "mtty-2/create", kU);
  ASSERT_EQ(write(kInstance + "remove", "1"), Errc::ok);
  const std::string u = "/devices/virtual/mtty/mtty/" + kU;
  EXPECT_EQ(uevents(), (std::vector<std::string>{
                           "remove@" + u + "/vfio-dev/vfio0|vfio-dev",
                           "remove@/devices/virtual/vfio/2|vfio|MAJOR=511|MINOR=0|DEVNAME=vfio/2",
                           "unbind@" + u + "|mdev",
                           "remove@" + u + "|mdev",
                       }));
}

TEST_F(TreeTest, ARemoveExpiresEveryNameByWhichTheInstanceWasKnown) {
  write(kTypes + "mtty-2/create", kU);
  const std::vector<std::pair<NodeId, std::string>> expected = {
      {node("devices/virtual/mtty/mtty"), kU},
      {node("bus/mdev/devices"), kU},
      {node("bus/mdev/drivers/mtty"), kU},
      {node(kTypes + "mtty-2/devices"), kU},
      {node("class/vfio-dev"), "vfio0"},
      {node("class/vfio"), "2"},
      {node("devices/virtual/vfio"), "2"},
      {node("kernel/iommu_groups"), "2"},
      {node("kernel/mdevsim/devices"), kU},
      {node(kInstance.substr(0, kInstance.size() - 1)), "uevent"},
  };
  write(kInstance + "remove", "1");
  for (const auto& [directory, name] : expected) {
    bool found = false;
    for (const Notice& notice : sink_.batches.at(0).notices) {
      const auto* expired = std::get_if<ExpireEntry>(&notice);
      found =
          found || (expired != nullptr && expired->directory == directory && expired->name == name);
    }
    EXPECT_TRUE(found) << name;
  }
}

TEST_F(TreeTest, CreateInvalidatesTheDirectoriesThatGrewButNoneOfTheNewInstance) {
  const std::vector<NodeId> grown = {
      node("devices/virtual/mtty/mtty"),
      node("kernel/mdevsim/devices"),
      node("kernel/iommu_groups"),
      node("devices/virtual/vfio"),
  };
  write(kTypes + "mtty-2/create", kU);
  EXPECT_THAT(invalidated(), ::testing::UnorderedElementsAreArray(grown));
}

TEST_F(TreeTest, BindingAKnownFunctionInvalidatesItsDirectory) {
  const std::string function = "devices/pci0000:3b/0000:3b:00.1";
  write(function + "/driver_override", "vfio-pci");
  write("bus/pci/drivers_probe", "0000:3b:00.1");
  EXPECT_THAT(invalidated(), ::testing::Contains(node(function)));
}

TEST_F(TreeTest, ARecreatedUuidIsANewNodeAndTheOldOneStaysGone) {
  write(kTypes + "mtty-2/create", kU);
  const NodeId uevent = node(kInstance + "uevent");
  const NodeId type_link = node(kInstance + "mdev_type");
  write(kInstance + "remove", "1");
  write(kTypes + "mtty-1/create", kU);
  EXPECT_NE(node(kInstance + "uevent"), uevent);
  std::string out;
  EXPECT_EQ(tree_->show(uevent, out), Errc::no_device);
  EXPECT_EQ(write(uevent, "add"), Errc::no_device);
  Stat stat;
  EXPECT_EQ(tree_->stat(uevent, stat), Errc::ok);
  EXPECT_FALSE(stat.alive);
  EXPECT_EQ(tree_->readlink(type_link, out), Errc::ok) << "an open link is still readable";
  EXPECT_EQ(out, "../mdev_supported_types/mtty-2");
}

TEST_F(TreeTest, DirectoriesListInTheOrderOfTheKernelsHash) {
  write(kTypes + "mtty-2/create", kU);
  EXPECT_EQ(names(kInstance.substr(0, kInstance.size() - 1)),
            (std::vector<std::string>{"uevent", "vendor", "iommu_group", "power", "driver",
                                      "vfio-dev", "mdev_type", "subsystem", "remove"}));
  EXPECT_EQ(names("devices/virtual/mtty/mtty"),
            (std::vector<std::string>{"uevent", "power", "mdev_supported_types", "subsystem", kU}));
}

TEST_F(TreeTest, EveryListedNameIsFoundAgainAndIsTheSameNode) {
  write(kTypes + "mtty-2/create", kU);
  std::vector<std::pair<std::string, NodeId>> open = {{"", tree_->root()}};
  std::size_t visited = 0;
  while (!open.empty()) {
    const auto [path, directory] = open.back();
    open.pop_back();
    std::vector<DirectoryEntry> entries;
    ASSERT_EQ(tree_->list(directory, entries), Errc::ok);
    std::uint32_t subdirectories = 0;
    for (const DirectoryEntry& entry : entries) {
      ++visited;
      Entry found;
      ASSERT_EQ(tree_->lookup(directory, entry.name, found), Errc::ok) << path << '/' << entry.name;
      EXPECT_EQ(found.node, entry.node) << path << '/' << entry.name;
      EXPECT_TRUE(found.stat.alive) << path << '/' << entry.name;
      std::string text;
      if (entry.type == NodeType::link) {
        EXPECT_EQ(tree_->readlink(entry.node, text), Errc::ok) << path << '/' << entry.name;
      }
      if (entry.type != NodeType::directory) continue;
      ++subdirectories;
      EXPECT_EQ(tree_->parent_of(entry.node), directory) << path << '/' << entry.name;
      open.emplace_back(path + '/' + entry.name, entry.node);
    }
    Stat stat;
    ASSERT_EQ(tree_->stat(directory, stat), Errc::ok);
    EXPECT_EQ(stat.nlink, 2 + subdirectories) << path;
  }
  EXPECT_GT(visited, 300u);
}

TEST_F(TreeTest, ABlockedRemoveShowsOnlyWhatTheKernelLeaves) {
  write(kTypes + "mtty-2/create", kU);
  const NodeId hold = node("kernel/mdevsim/devices/" + kU + "/hold");
  OpenedFile file;
  ASSERT_EQ(tree_->opened(hold, {}, {.read = true}, file).errc, Errc::ok);
  EXPECT_EQ(write(kInstance + "remove", "1"), Errc::again) << "it blocks";
  EXPECT_EQ(names(kInstance.substr(0, kInstance.size() - 1)),
            std::vector<std::string>{"iommu_group"});
  EXPECT_FALSE(find("bus/mdev/devices/" + kU));
  EXPECT_FALSE(find(kTypes + "mtty-2/devices/" + kU));
  EXPECT_EQ(write(node(kTypes + "mtty-2/create"), kU, 2), Errc::exists);
  sink_.batches.clear();
  tree_->released(hold, std::move(file));
  ASSERT_EQ(sink_.batches.size(), 1u);
  ASSERT_EQ(sink_.batches[0].completions.size(), 1u);
  EXPECT_EQ(sink_.batches[0].completions[0].ticket.request, 1u);
  EXPECT_FALSE(find(kInstance.substr(0, kInstance.size() - 1)));
}

class TreeOf61Test : public TreeTest {
 protected:
  TreeOf61Test() : TreeTest(KernelRelease::v6_1) {}
};

TEST_F(TreeOf61Test, ABlockedRemoveKeepsTheVfioDevice) {
  write(kTypes + "mtty-2/create", kU);
  OpenedFile file;
  ASSERT_EQ(
      tree_->opened(node("kernel/mdevsim/devices/" + kU + "/hold"), {}, {.read = true}, file).errc,
      Errc::ok);
  EXPECT_EQ(write(kInstance + "remove", "1"), Errc::again);
  EXPECT_EQ(names(kInstance.substr(0, kInstance.size() - 1)),
            (std::vector<std::string>{"iommu_group", "vfio-dev"}));
}

TEST_F(TreeTest, ABoundFunctionGetsItsVfioDeviceAndLosesItAgain) {
  const std::string function = "devices/pci0000:3b/0000:3b:00.1";
  ASSERT_EQ(write(function + "/driver_override", "vfio-pci"), Errc::ok);
  ASSERT_EQ(write("bus/pci/drivers_probe", "0000:3b:00.1"), Errc::ok);
  EXPECT_EQ(uevents(),
            (std::vector<std::string>{
                "add@/devices/virtual/vfio/1|vfio|MAJOR=511|MINOR=0|DEVNAME=vfio/1",
                "add@/" + function + "/vfio-dev/vfio0|vfio-dev",
                "bind@/" + function +
                    "|pci|DRIVER=vfio-pci|PCI_CLASS=20000|PCI_ID=8086:10ED|PCI_SUBSYS_ID=0000:0000"
                    "|PCI_SLOT_NAME=0000:3b:00.1"
                    "|MODALIAS=pci:v00008086d000010EDsv00000000sd00000000bc02sc00i00",
            }));
  EXPECT_EQ(link(function + "/vfio-dev/vfio0/device"), "../../../0000:3b:00.1");
  const NodeId old = node(function + "/vfio-dev/vfio0/uevent");
  ASSERT_EQ(write("bus/pci/drivers/vfio-pci/unbind", "0000:3b:00.1\n"), Errc::ok);
  EXPECT_FALSE(find(function + "/vfio-dev"));
  EXPECT_EQ(write("bus/pci/drivers/vfio-pci/bind", "0000:3b:00.1"), Errc::ok);
  EXPECT_NE(node(function + "/vfio-dev/vfio0/uevent"), old);
  std::string out;
  EXPECT_EQ(tree_->show(old, out), Errc::no_device);
}

TEST_F(TreeTest, AParentThatLosesItsDriverLosesItsTypes) {
  const std::string function = "devices/pci0000:3b/0000:3b:00.0";
  const NodeId name = node(function + "/mdev_supported_types/nvidia-222/name");
  ASSERT_EQ(write(function + "/mdev_supported_types/nvidia-222/create", kU), Errc::ok);
  ASSERT_EQ(write("bus/pci/drivers/nvidia/unbind", "0000:3b:00.0"), Errc::ok);
  EXPECT_FALSE(find(function + "/mdev_supported_types"));
  EXPECT_FALSE(find("class/mdev_bus/0000:3b:00.0"));
  std::string out;
  EXPECT_EQ(tree_->show(name, out), Errc::no_device);
  EXPECT_EQ(write("bus/pci/drivers/nvidia/bind", "0000:3b:00.0"), Errc::ok);
  EXPECT_EQ(read(function + "/mdev_supported_types/nvidia-222/available_instances"), "2\n");
}

TEST_F(TreeTest, UnprivilegedCallersSeeTheStandardHeaderOfConfigOnly) {
  const NodeId config = node("devices/pci0000:3b/0000:3b:00.0/config");
  std::string out;
  ASSERT_EQ(tree_->read(config, 0, 4096, {.uid = 1000}, out), Errc::ok);
  EXPECT_EQ(out.size(), 64u);
  out.clear();
  ASSERT_EQ(tree_->read(config, 0, 4096, {}, out), Errc::ok);
  EXPECT_EQ(out.size(), 256u);
  EXPECT_EQ(out.substr(0, 4), "\xde\x10\xb8\x1e");
}

struct WriteCase {
  const char* path;
  std::string bytes;
  Errc expected;
};
class Writes : public TreeTest, public ::testing::WithParamInterface<WriteCase> {};
TEST_P(Writes, AreAnsweredWithTheKernelsErrno) {
  EXPECT_EQ(write(GetParam().path, GetParam().bytes), GetParam().expected) << GetParam().path;
}
INSTANTIATE_TEST_SUITE_P(
    Table, Writes,
    ::testing::Values(
        WriteCase{"bus/mdev/drivers_probe", "bogus", Errc::no_device},
        WriteCase{"bus/mdev/drivers_autoprobe", "x", Errc::ok},
        WriteCase{"bus/mdev/drivers/mtty/bind", "bogus", Errc::no_device},
        WriteCase{"bus/mdev/drivers/mtty/unbind", "bogus", Errc::no_device},
        WriteCase{"bus/mdev/uevent", "add", Errc::ok},
        WriteCase{"bus/mdev/uevent", "bogus", Errc::invalid},
        WriteCase{"bus/pci/drivers/vfio-pci/bind", "0000:3b:00.1", Errc::no_device},
        WriteCase{"bus/pci/drivers/nvidia/bind", "0000:3b:00.0", Errc::busy},
        WriteCase{"bus/pci/drivers/vfio-pci/new_id", "junk", Errc::invalid},
        WriteCase{"bus/pci/drivers/vfio-pci/new_id", "8086 10ed", Errc::ok},
        WriteCase{"bus/pci/drivers/vfio-pci/remove_id", "8086 9999", Errc::no_device},
        WriteCase{"devices/pci0000:3b/0000:3b:00.1/numa_node", "7", Errc::invalid},
        WriteCase{"devices/pci0000:3b/0000:3b:00.1/numa_node", "0", Errc::ok},
        WriteCase{"devices/pci0000:3b/0000:3b:00.1/enable", "0", Errc::io},
        WriteCase{"devices/pci0000:3b/0000:3b:00.0/enable", "1", Errc::busy},
        WriteCase{"devices/pci0000:3b/0000:3b:00.1/remove", "0", Errc::ok},
        WriteCase{"devices/pci0000:3b/0000:3b:00.1/remove", "junk", Errc::invalid},
        WriteCase{"devices/pci0000:3b/0000:3b:00.1/power/control", "off", Errc::invalid},
        WriteCase{"devices/pci0000:3b/0000:3b:00.1/power/control", "auto\n", Errc::ok},
        WriteCase{"devices/pci0000:3b/0000:3b:00.1/power/autosuspend_delay_ms", "1", Errc::io},
        WriteCase{"devices/pci0000:3b/0000:3b:00.1/vendor", "1", Errc::io}));

TEST(NameHash, IsTheKernels) {
  // d_off values of recorded directories.
  EXPECT_EQ(name_hash("uevent"), 45078383u);
  EXPECT_EQ(name_hash("mdev_supported_types"), 791111104u);
  EXPECT_EQ(name_hash("subsystem"), 1429880257u);
  EXPECT_EQ(name_hash("mtty-1"), 1164343288u);
}

TEST(Forest, HoldsADirectoryPerHost) {
  std::vector<std::unique_ptr<World>> worlds;
  HostSpec beta = sample_host();
  beta.name = "beta";
  worlds.push_back(build_world(sample_host()));
  worlds.push_back(build_world(beta));
  Collected sink;
  Tree tree(std::move(worlds), sink);
  std::vector<DirectoryEntry> entries;
  ASSERT_EQ(tree.list(tree.root(), entries), Errc::ok);
  ASSERT_EQ(entries.size(), 2u);
  Entry host;
  ASSERT_EQ(tree.lookup(tree.root(), "beta", host), Errc::ok);
  EXPECT_EQ(tree.parent_of(host.node), tree.root());
  Entry bus;
  EXPECT_EQ(tree.lookup(host.node, "bus", bus), Errc::ok);
  EXPECT_EQ(tree.parent_of(bus.node), host.node);
}

TEST(Forest, AnswersAddressesThatNeverExistedWithoutHarm) {
  std::vector<std::unique_ptr<World>> worlds;
  worlds.push_back(build_world(sample_host()));
  Collected sink;
  Tree tree(std::move(worlds), sink);
  for (std::uint64_t value :
       {std::uint64_t{0}, std::uint64_t{2}, ~std::uint64_t{0}, std::uint64_t{63} << 48,
        NodeId(0, Kind::host, 0, 127).value(), NodeId(5, Kind::host, 0).value()}) {
    const NodeId node(value);
    Stat stat;
    std::string out;
    EXPECT_EQ(tree.stat(node, stat), Errc::no_entry) << value;
    EXPECT_EQ(tree.show(node, out), Errc::no_device) << value;
  }
}

}  // namespace
}  // namespace mdevsim::sysfs
