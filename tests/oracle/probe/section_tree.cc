// tree0, tree1: everything below the parent and in the classes and buses, before and after an
// instance is created.
#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "tests/oracle/probe/sections.h"

namespace probe {
namespace {

struct Shown {
  Outcome outcome;
  std::string text;
};

constexpr std::size_t kShownMax = 400;

bool ends_with_digit(const std::string& name) {
  return !name.empty() && name.back() >= '0' && name.back() <= '9';
}

// PCI's memory windows and expansion ROM: reading them means reading a device.
bool is_bar(const std::string& name) {
  return name.find("/resource") != std::string::npos && ends_with_digit(name);
}
bool is_rom(const std::string& name) { return name.find("/rom") != std::string::npos; }

Shown show_content(const std::string& path) {
  const Fd fd(path, O_RDONLY | O_NONBLOCK);
  if (!fd.ok()) return {{-1, errno}, "open"};
  std::array<char, 5000> buffer{};
  const Outcome outcome = attempt([&] { return read(fd.get(), buffer.data(), buffer.size()); });
  if (outcome.failed()) return {outcome, ""};
  return {outcome,
          quoted({buffer.data(), std::min(static_cast<std::size_t>(outcome.value), kShownMax)})};
}

Shown show_link(const std::string& path) {
  std::array<char, 2048> buffer{};
  const Outcome outcome =
      attempt([&] { return readlink(path.c_str(), buffer.data(), buffer.size()); });
  if (outcome.failed()) return {outcome, ""};
  return {outcome, "-> " + quoted({buffer.data(), static_cast<std::size_t>(outcome.value)})};
}

Shown show(const struct stat& status, const std::string& path, const std::string& shown_as) {
  if (S_ISLNK(status.st_mode)) return show_link(path);
  if (!S_ISREG(status.st_mode)) return {};
  if ((status.st_mode & 0444U) == 0) return {{}, "(write-only)"};
  if (is_bar(shown_as)) return {{}, "(BAR, not read)"};
  if (is_rom(shown_as)) return {{}, "(rom, not read)"};
  return show_content(path);
}

void dump_bus(const Report& out, const Target& target) {
  dump_tree(out, target.in_sys("class/mdev_bus"), "class/mdev_bus", 1);
  dump_tree(out, target.in_sys("bus/mdev"), "bus/mdev", 4);
}

}  // namespace

void dump_tree(const Report& out, const std::string& path, const std::string& shown_as, int depth) {
  struct stat status {};
  if (const Outcome looked = attempt([&] { return lstat(path.c_str(), &status); });
      looked.failed()) {
    return out.line("lstat " + shown_as, looked);
  }
  const Shown shown = show(status, path, shown_as);
  out.line(shown_as, shown.outcome,
           text("%s size=%ld nlink=%ld uid=%u ", mode_text(status).c_str(), long{status.st_size},
                static_cast<long>(status.st_nlink), status.st_uid) +
               shown.text);
  if (!S_ISDIR(status.st_mode) || depth == 0) return;

  if (count_in(path) < 0) return out.line("opendir " + shown_as, {-1, errno});
  std::vector<std::string> names = names_in(path);
  std::sort(names.begin(), names.end());
  for (const std::string& name : names)
    dump_tree(out, path + "/" + name, shown_as + "/" + name, depth - 1);
}

void run_tree_before(const Report& out, const Target& target) {
  dump_tree(out, target.parent, "PARENT", 6);
  dump_bus(out, target);
}

void run_tree_after(const Report& out, const Target& target) {
  out.line("create", target.create(uuid_number(1)));
  dump_tree(out, target.parent, "PARENT", 8);
  dump_bus(out, target);
  dump_tree(out, target.in_sys("class/vfio-dev"), "class/vfio-dev", 1);
  dump_tree(out, target.in_sys("class/vfio"), "class/vfio", 1);
  dump_tree(out, target.in_sys("kernel/iommu_groups"), "kernel/iommu_groups", 4);
  out.line("remove", target.remove(uuid_number(1)));
}

}  // namespace probe
