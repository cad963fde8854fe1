// Every writable attribute of a host, fed with whatever bytes: nothing crashes, and the books
// balance afterwards.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "fusefs/sysfs/parse.h"
#include "fusefs/sysfs/tree.h"
#include "sim/base/check.h"
#include "tests/support/sample_host.h"

namespace {

namespace sysfs = mdevsim::sysfs;

class Nowhere : public sysfs::BatchSink {
 public:
  void post(sysfs::Batch) override {}
};

void collect_writable(const sysfs::Tree& tree, sysfs::NodeId directory,
                      std::vector<sysfs::NodeId>& out) {
  std::vector<sysfs::DirectoryEntry> entries;
  tree.list(directory, entries);
  for (const sysfs::DirectoryEntry& entry : entries) {
    sysfs::Stat stat;
    tree.stat(entry.node, stat);
    if (entry.type == sysfs::NodeType::directory) collect_writable(tree, entry.node, out);
    if (entry.type == sysfs::NodeType::attribute && (stat.mode & 0222) != 0)
      out.push_back(entry.node);
  }
}

void parse_everything(std::string_view bytes) {
  (void)sysfs::parse_unsigned(bytes);
  (void)sysfs::parse_int(bytes);
  (void)sysfs::parse_bool(bytes);
  (void)sysfs::parse_name(bytes);
  (void)sysfs::parse_create(bytes);
  (void)sysfs::parse_uevent(bytes);
  (void)sysfs::parse_driver_override(bytes);
  (void)sysfs::parse_pci_id(bytes);
}

}  // namespace

// The first two bytes choose the attribute, the rest is written; repeated for each line of 64 bytes
// or less.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Nowhere sink;
  std::vector<std::unique_ptr<mdevsim::World>> worlds;
  worlds.push_back(mdevsim::testing::build_world(mdevsim::testing::sample_host()));
  sysfs::Tree tree(std::move(worlds), sink);
  std::string_view input(reinterpret_cast<const char*>(data), size);
  parse_everything(input);
  while (input.size() > 2) {
    std::vector<sysfs::NodeId> writable;
    collect_writable(tree, tree.root(), writable);
    const std::size_t which =
        static_cast<unsigned char>(input[0]) * 256U + static_cast<unsigned char>(input[1]);
    const std::string_view bytes = input.substr(2, 64);
    tree.store(writable[which % writable.size()], bytes, which, {}, {1, bytes.size()});
    input.remove_prefix(2 + bytes.size());
  }
  return 0;
}
