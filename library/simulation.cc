#include "library/simulation.h"

#include <algorithm>
#include <atomic>
#include <map>

#include "fusefs/sysfs/tree.h"
#include "library/file_ends.h"
#include "library/tree_device.h"
#include "library/walk.h"
#include "sim/base/limits.h"
#include "sim/base/mutex.h"
#include "sim/config/host_files.h"
#include "sim/world/world.h"

namespace mdevsim {
namespace {

class SimulatedClock : public Clock {
 public:
  std::int64_t uptime_ms() const override {
    return now_ns_.load(std::memory_order_relaxed) / 1'000'000;
  }
  void advance(std::chrono::nanoseconds time) {
    now_ns_ += std::max<std::int64_t>(0, time.count());
  }

 private:
  std::atomic<std::int64_t> now_ns_ = 0;
};

// Keeps what changes entail: events for whoever asks for them, and answers for whoever waits.
class Consequences : public sysfs::BatchSink {
 public:
  explicit Consequences(std::vector<std::string> hosts) : hosts_(std::move(hosts)) {}

  void post(sysfs::Batch batch) override EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    for (sysfs::Notice& notice : batch.notices) {
      if (auto* const event = std::get_if<sysfs::Uevent>(&notice)) {
        events_.push_back({hosts_[batch.host], std::move(event->action), std::move(event->devpath),
                           std::move(event->subsystem), std::move(event->variables)});
      }
    }
    for (const sysfs::Completion& completion : batch.completions) {
      const auto waiting = answers_.find(completion.ticket.request);
      if (waiting != answers_.end()) waiting->second = completion.errc;
    }
  }

  sysfs::Ticket issue(std::size_t bytes) EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    answers_[++last_ticket_] = Errc::again;
    return {.request = last_ticket_, .bytes = bytes};
  }
  // The answer so far.
  Errc take(sysfs::Ticket ticket) EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    const Errc answer = answers_[ticket.request];
    answers_.erase(ticket.request);
    return answer;
  }
  std::vector<SimulatedEvent> take_events() EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return std::exchange(events_, {});
  }

 private:
  const std::vector<std::string> hosts_;
  Mutex mutex_;
  std::vector<SimulatedEvent> events_ GUARDED_BY(mutex_);
  std::map<std::uint64_t, Errc> answers_ GUARDED_BY(mutex_);
  std::uint64_t last_ticket_ GUARDED_BY(mutex_) = 0;
};

// A text under a name, besides the files of the disk.
class TextFile : public config::FileSource {
 public:
  static constexpr const char* kName = "text";
  explicit TextFile(std::string_view text) : text_(text) {}
  Result<std::string> read(const std::string& path, std::size_t bytes_max) override {
    if (path != kName) return files_.read(path, bytes_max);
    if (text_.size() > bytes_max) return fail(Errc::file_too_big, "it is too long");
    return std::string(text_);
  }

 private:
  const std::string_view text_;
  config::HostFiles files_;
};

std::vector<std::string> names_of(const std::vector<HostSpec>& hosts) {
  std::vector<std::string> names;
  for (const HostSpec& host : hosts) names.push_back(host.name);
  return names;
}

constexpr std::uint16_t kAnyRead = 0444;
constexpr std::uint16_t kAnyWrite = 0222;

}  // namespace

struct Simulation::Impl {
  explicit Impl(const std::vector<HostSpec>& specs) : hosts(names_of(specs)), consequences(hosts) {}

  const std::vector<std::string> hosts;
  SimulatedClock clock;
  Consequences consequences;
  std::unique_ptr<sysfs::Tree> tree;  // after what it uses

  static Result<std::unique_ptr<Simulation>> build(const config::Loaded& loaded);

  // An attribute that may be accessed like that.
  Result<sysfs::Entry> attribute(std::string_view path, std::uint16_t mode) const {
    TRY_SET(const sysfs::Entry entry, walk(*tree, path, LastLink::followed));
    if (entry.stat.type == sysfs::NodeType::directory)
      return fail(Errc::is_directory, std::string(path));
    if ((entry.stat.mode & mode) == 0) return fail(Errc::access, std::string(path));
    return entry;
  }
};

Result<std::unique_ptr<Simulation>> Simulation::Impl::build(const config::Loaded& loaded) {
  if (!loaded.configuration) {
    std::string why;
    for (const config::Diagnostic& diagnostic : loaded.diagnostics)
      why += config::render(diagnostic, false);
    return fail(Errc::invalid, std::move(why));
  }
  const std::vector<HostSpec>& specs = loaded.configuration->hosts;
  if (specs.empty()) return fail(Errc::invalid, "there is no host in it");
  auto impl = std::make_unique<Impl>(specs);
  std::vector<std::unique_ptr<World>> worlds;
  for (const HostSpec& spec : specs) {
    TRY_SET(auto world, World::build(spec, impl->clock));
    worlds.push_back(std::move(world));
  }
  impl->tree = std::make_unique<sysfs::Tree>(std::move(worlds), impl->consequences);
  return std::unique_ptr<Simulation>(new Simulation(std::move(impl)));
}

Simulation::Simulation(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Simulation::~Simulation() = default;

Result<std::unique_ptr<Simulation>> Simulation::from_file(const std::string& path) {
  return Impl::build(config::load_host_file(path));
}

Result<std::unique_ptr<Simulation>> Simulation::from_text(std::string_view toml) {
  TextFile file(toml);
  return Impl::build(config::load(file, TextFile::kName));
}

std::vector<std::string> Simulation::hosts() const { return impl_->hosts; }

Result<std::vector<std::string>> Simulation::list(std::string_view path) const {
  TRY_SET(const sysfs::Entry entry, walk(*impl_->tree, path, LastLink::followed));
  std::vector<sysfs::DirectoryEntry> entries;
  if (entry.stat.type != sysfs::NodeType::directory)
    return fail(Errc::not_directory, std::string(path));
  if (const Errc errc = impl_->tree->list(entry.node, entries); errc != Errc::ok)
    return fail(errc, std::string(path));
  std::vector<std::string> names;
  for (sysfs::DirectoryEntry& each : entries) names.push_back(std::move(each.name));
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::string> Simulation::read(std::string_view path) const {
  TRY_SET(const sysfs::Entry entry, impl_->attribute(path, kAnyRead));
  std::string text;
  Errc errc = Errc::ok;
  if (entry.stat.file == sysfs::FileKind::binary) {
    errc = impl_->tree->read(entry.node, 0, entry.stat.size, {}, text);
  } else if (entry.stat.file == sysfs::FileKind::stream) {
    errc = impl_->tree->read(entry.node, 0, std::string::npos, {}, text);
  } else {
    errc = impl_->tree->show(entry.node, text);
  }
  if (errc != Errc::ok) return fail(errc, std::string(path));
  return text;
}

Result<void> Simulation::write(std::string_view path, std::string_view bytes) {
  TRY_SET(const sysfs::Entry entry, impl_->attribute(path, kAnyWrite));
  if (entry.stat.file == sysfs::FileKind::text) bytes = bytes.substr(0, kStoreBytesMax);
  const sysfs::Ticket ticket = impl_->consequences.issue(bytes.size());
  const sysfs::Stored stored = impl_->tree->store(entry.node, bytes, 0, {}, ticket);
  const Errc waited = impl_->consequences.take(ticket);
  const Errc errc = stored.answered ? stored.errc : waited;
  if (errc != Errc::ok) return fail(errc, std::string(path));
  return {};
}

Result<std::string> Simulation::read_link(std::string_view path) const {
  TRY_SET(const sysfs::Entry entry, walk(*impl_->tree, path, LastLink::kept));
  std::string text;
  if (const Errc errc = impl_->tree->readlink(entry.node, text); errc != Errc::ok)
    return fail(errc, std::string(path));
  return text;
}

std::vector<SimulatedEvent> Simulation::take_events() { return impl_->consequences.take_events(); }

Result<state::MoveReport> Simulation::migrate(std::string_view from, std::string_view to,
                                              const state::MoveLimits& limits) {
  TRY_SET(const auto source, TreeDevice::open(*impl_->tree, from));
  TRY_SET(const auto target, TreeDevice::open(*impl_->tree, to));
  FileMove move = mdevsim::migrate(*source, *target, limits);
  if (move.report.outcome != state::MoveOutcome::moved)
    return tl::unexpected(std::move(move.report.error));
  return std::move(move.report);
}

void Simulation::advance(std::chrono::nanoseconds time) { impl_->clock.advance(time); }

}  // namespace mdevsim
