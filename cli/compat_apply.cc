#include "cli/compat_apply.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "fusefs/launch/fd.h"

namespace mdevsim::cli {
namespace {

using Kind = WriteTarget::Kind;
using model::Answer;

bool is_compatible(Answer answer) {
  return answer == Answer::identical || answer == Answer::compatible;
}

// One write(2), as a shell's printf does it. Returns what is wrong; empty: nothing. Writing an
// empty text never reaches an attribute, so a line is written.
std::string write_text(const std::string& path, std::string_view text) {
  const std::string line = text.empty() ? "\n" : std::string(text);
  const launch::Fd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (file.is_open() && ::write(file.get(), line.data(), line.size()) >= 0) return {};
  return fmt::format("cannot write \"{}\" to {}: {}", text, path, std::strerror(errno));
}

std::optional<std::string> read_text(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!file || !std::getline(file, line)) return std::nullopt;
  return line;
}

// What has to be put back when something fails.
class Undo {
 public:
  Undo(const Side& target, const Plan& plan, std::string_view uuid)
      : target_(target), plan_(plan), uuid_(uuid) {
    if (target.kind != Kind::type) return;
    for (const char* file : {"version"}) remember(file);
    for (const model::Parameter& parameter : target.model->parameters()) remember(parameter.name);
  }

  // Returns what is wrong; empty: all is as it was.
  std::string run(std::size_t written) const {
    if (target_.kind == Kind::type) return undo_creation(written);
    auto now = read_configuration(target_, target_.device);
    if (!now && plan_.interface == Interface::create_parameters) return create_again();
    if (!now) return now.error().why;
    const Side changed = with(std::move(*now));
    const model::Verdict back = model::decide(target_.as_device(), changed.as_device());
    if (back.steps.empty()) return {};
    const auto writes = sysfs::interfaces::writes_of(*plan_.interface, changed.target(uuid_), back);
    return writes ? write_all(*writes) : "the interface cannot";
  }

 private:
  struct Remembered {
    std::string path;
    std::string text;
  };

  void remember(const std::string& file) {
    const std::string path = target_.path_of({Write::Directory::type, file, {}}, uuid_);
    if (auto text = read_text(path); text && ::access(path.c_str(), W_OK) == 0)
      remembered_.push_back({path, std::move(*text)});
  }

  Side with(model::Configuration configuration) const {
    Side changed = target_;
    changed.configuration = std::move(configuration);
    return changed;
  }

  std::string write_all(const std::vector<Write>& writes) const {
    for (const Write& write : writes) {
      if (std::string wrong = write_text(target_.path_of(write, uuid_), write.text); !wrong.empty())
        return wrong;
    }
    return {};
  }

  std::string create_again() const {
    const model::Verdict same = model::decide(target_.as_device(), target_.as_device());
    WriteTarget as_type = target_.target(uuid_);
    as_type.kind = Kind::type;
    return write_all(*sysfs::interfaces::writes_of(*plan_.interface, as_type, same));
  }

  // The instance goes, and the type is set to what it was set to.
  std::string undo_creation(std::size_t written) const {
    for (std::size_t i = 0; i < written; ++i) {
      if (plan_.writes[i].file != "create") continue;
      const std::string remove = target_.path_of({Write::Directory::device, "remove", {}}, uuid_);
      if (std::string wrong = write_text(remove, "1"); !wrong.empty()) return wrong;
    }
    if (plan_.interface != Interface::type_attributes) return {};
    for (const Remembered& file : remembered_) {
      if (read_text(file.path) == file.text) continue;
      if (std::string wrong = write_text(file.path, file.text); !wrong.empty()) return wrong;
    }
    return {};
  }

  const Side& target_;
  const Plan& plan_;
  std::string_view uuid_;
  std::vector<Remembered> remembered_;  // of a type that is set first; the version before the rest
};

// Whether the device is now what the source needs; returns what is wrong.
std::string check_device(const Side& source, const Side& target, std::string_view uuid) {
  auto now =
      read_configuration(target, target.device.empty() ? uuid : std::string_view(target.device));
  if (!now) return now.error().why;
  Side changed = target;
  changed.configuration = std::move(*now);
  if (is_compatible(model::decide(source.as_device(), changed.as_device()).answer)) return {};
  return fmt::format("the device became {}, which cannot take the state", changed.spec());
}

}  // namespace

std::string apply_plan(const Side& source, const Side& target, const Plan& plan,
                       std::string_view uuid) {
  const Undo undo(target, plan, uuid);
  std::string wrong;
  std::size_t written = 0;
  for (const Write& write : plan.writes) {
    wrong = write_text(target.path_of(write, uuid), write.text);
    if (!wrong.empty()) break;
    ++written;
  }
  if (wrong.empty()) wrong = check_device(source, target, uuid);
  if (wrong.empty()) return {};
  if (written == 0) return wrong + "; nothing was changed";
  const std::string left = undo.run(written);
  return wrong + (left.empty() ? "; what was written is undone" : "; it cannot be undone: " + left);
}

std::string random_uuid() { return read_text("/proc/sys/kernel/random/uuid").value_or(""); }

}  // namespace mdevsim::cli
