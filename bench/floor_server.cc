// mdevsim-floor-server: a FUSE server that does nothing but answer, with the settings of mdevsim's
// own. What it needs for an operation is what libfuse and the kernel need; a server that does
// something can only be slower.
//
//   mdevsim-floor-server DIR [--functions N] [--types N] [--threads N] [--uring-depth N] [--expires
//   N] [--invalidates N] [--messages N]
//
// The last three say what one write to `create` (and to `remove`) entails besides its reply:
// notifications of the kernel's caches, and uevents, each sent twice as mdevsim does (through the
// kernel, and to the listeners of udev).
#define FUSE_USE_VERSION 312
#include <fuse_lowlevel.h>
#include <linux/netlink.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "bench/floor_tree.h"

namespace mdevsim::bench {
namespace {

constexpr double kForever = 1e9;  // seconds; what the kernel may remember without asking again

struct Settings {
  std::string mountpoint;
  FloorShape shape;
  unsigned threads = 10;
  unsigned uring_depth = 0;  // 0: the plain transport
  unsigned expires = 0;
  unsigned invalidates = 0;
  unsigned messages = 0;
};

// A uevent of the size that mdevsim sends for an instance.
constexpr std::string_view kUevent =
    "add@/devices/pci0000:00/0000:00:00.0/00000000-0000-4000-8000-000000000000\0"
    "ACTION=add\0"
    "DEVPATH=/devices/pci0000:00/0000:00:00.0/00000000-0000-4000-8000-000000000000\0"
    "SUBSYSTEM=mdev\0";

// Bits of sockaddr_nl::nl_groups.
constexpr std::uint32_t kKernelGroup = 1;
constexpr std::uint32_t kUdevGroup = 2;

class UeventSender {
 public:
  // In a network namespace of its own: whoever is measured beside it would hear its events, and be
  // heard. The kernel has a sender of events give way (netlink_broadcast) as long as a listener has
  // not read half of what its socket holds, and these two read only when they send.
  UeventSender() {
    if (unshare(CLONE_NEWNET) != 0) std::perror("unshare of the network");
    socket_ = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
    sockaddr_nl own{};
    own.nl_family = AF_NETLINK;
    own.nl_groups = kKernelGroup;  // hears its own messages: the other one bears their SEQNUM
    if (socket_ < 0 || bind(socket_, address(own), sizeof own) != 0) std::perror("uevent socket");
  }
  ~UeventSender() { close(socket_); }
  UeventSender(const UeventSender&) = delete;
  UeventSender& operator=(const UeventSender&) = delete;

  void send_once() {
    send_through_kernel();
    send_to_udev_listeners();
  }

 private:
  static sockaddr* address(sockaddr_nl& netlink) { return reinterpret_cast<sockaddr*>(&netlink); }

  void send_through_kernel() {
    std::array<char, 1024> message{};
    nlmsghdr header{};
    header.nlmsg_len = static_cast<std::uint32_t>(sizeof header + kUevent.size());
    header.nlmsg_type = NLMSG_MIN_TYPE;
    header.nlmsg_flags = NLM_F_REQUEST;
    std::memcpy(message.data(), &header, sizeof header);
    std::memcpy(message.data() + sizeof header, kUevent.data(), kUevent.size());
    sockaddr_nl kernel{};
    kernel.nl_family = AF_NETLINK;
    sendto(socket_, message.data(), header.nlmsg_len, 0, address(kernel), sizeof kernel);
    recv(socket_, message.data(), message.size(), MSG_DONTWAIT);  // what the listeners got
  }

  void send_to_udev_listeners() {
    std::array<char, 1024> message{};
    constexpr std::size_t kUdevHeaderSize = 40;
    std::memcpy(message.data(), "libudev", 8);
    std::memcpy(message.data() + kUdevHeaderSize, kUevent.data(), kUevent.size());
    sockaddr_nl listeners{};
    listeners.nl_family = AF_NETLINK;
    listeners.nl_groups = kUdevGroup;
    sendto(socket_, message.data(), kUdevHeaderSize + kUevent.size(), 0, address(listeners),
           sizeof listeners);
  }

  int socket_ = -1;
};

class FloorServer {
 public:
  explicit FloorServer(Settings settings)
      : settings_(std::move(settings)), tree_(settings_.shape) {}

  int serve();

  void lookup(fuse_req_t request, fuse_ino_t parent, const char* name);
  void getattr(fuse_req_t request, fuse_ino_t inode);
  void open(fuse_req_t request, fuse_file_info* file);
  void read(fuse_req_t request, fuse_ino_t inode, std::size_t size, off_t offset);
  void write(fuse_req_t request, fuse_ino_t inode, std::string_view bytes);
  void readdir(fuse_req_t request, fuse_ino_t inode, std::size_t size, off_t offset, bool plus);

 private:
  struct Change {
    fuse_req_t request;
    std::size_t bytes;
    FloorNode node;
    std::string uuid;
  };

  fuse_entry_param entry(FloorNode node) const;
  FloorInstance instance() {
    const std::lock_guard lock(mutex_);
    return instance_;
  }
  // Notifies, sends and replies: in a thread of its own, since a request's own thread may wait for
  // another request.
  void complete_changes();
  void complete(const Change& change);

  const Settings settings_;
  const FloorTree tree_;
  fuse_session* session_ = nullptr;
  UeventSender uevents_;

  std::mutex mutex_;
  std::condition_variable changed_;
  FloorInstance instance_;
  std::deque<Change> changes_;
  bool stopping_ = false;
};

// Up to libfuse 3.15 the function had a further parameter, whose 1 means what later ones always do:
// expire only.
template <typename Flags>
void expire(int (*notify)(fuse_session*, fuse_ino_t, const char*, std::size_t, Flags),
            fuse_session* session, FloorNode directory, const std::string& name) {
  notify(session, directory.inode(), name.data(), name.size(), static_cast<Flags>(1));
}
[[maybe_unused]] void expire(int (*notify)(fuse_session*, fuse_ino_t, const char*, std::size_t),
                             fuse_session* session, FloorNode directory, const std::string& name) {
  notify(session, directory.inode(), name.data(), name.size());
}

void want(fuse_conn_info* connection, std::uint64_t feature) {
#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 17)
  fuse_set_feature_flag(connection, feature);
#else
  connection->want |= connection->capable & static_cast<unsigned>(feature);
#endif
}

struct stat stat_of(FloorNode node) {
  struct stat status {};
  status.st_ino = node.inode();
  status.st_mode = static_cast<mode_t>((node.is_directory() ? S_IFDIR : S_IFREG) | node.mode());
  status.st_nlink = node.is_directory() ? 2 : 1;
  status.st_size = node.is_directory() ? 0 : 4096;
  status.st_blksize = 4096;
  return status;
}

fuse_entry_param FloorServer::entry(FloorNode node) const {
  fuse_entry_param entry{};
  entry.ino = node.inode();
  entry.attr = stat_of(node);
  entry.attr_timeout = kForever;
  entry.entry_timeout = kForever;
  return entry;
}

void FloorServer::lookup(fuse_req_t request, fuse_ino_t parent, const char* name) {
  const FloorNode directory = FloorNode::from_inode(parent);
  const auto node = directory.kind == FloorKind::function
                        ? tree_.lookup(directory, name, instance())
                        : tree_.lookup(directory, name);
  if (!node) {
    fuse_reply_err(request, ENOENT);
    return;
  }
  const fuse_entry_param found = entry(*node);
  fuse_reply_entry(request, &found);
}

void FloorServer::getattr(fuse_req_t request, fuse_ino_t inode) {
  const struct stat status = stat_of(FloorNode::from_inode(inode));
  fuse_reply_attr(request, &status, kForever);
}

void FloorServer::open(fuse_req_t request, fuse_file_info* file) {
  file->direct_io = 1;
  file->noflush = 1;
  fuse_reply_open(request, file);
}

void FloorServer::read(fuse_req_t request, fuse_ino_t inode, std::size_t size, off_t offset) {
  if (FloorNode::from_inode(inode).kind == FloorKind::data) {
    static const std::vector<char> zeros(std::size_t{1} << 20);
    fuse_reply_buf(request, zeros.data(), std::min(size, zeros.size()));
    return;
  }
  const std::string_view text = kFloorFiles[FloorNode::from_inode(inode).file].text;
  const auto begin = std::min(static_cast<std::size_t>(offset), text.size());
  fuse_reply_buf(request, text.data() + begin, std::min(size, text.size() - begin));
}

void FloorServer::write(fuse_req_t request, fuse_ino_t inode, std::string_view bytes) {
  const FloorNode node = FloorNode::from_inode(inode);
  const bool creates = node.kind == FloorKind::type_file && node.file == kFloorCreate;
  const bool removes = node.kind == FloorKind::remove;
  if (!creates && !removes) {
    fuse_reply_write(request, bytes.size());
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    if (creates) instance_ = {std::string(bytes), instance_.number + 1};
    changes_.push_back({request, bytes.size(), node, instance_.uuid});
    if (removes) instance_.uuid.clear();
  }
  changed_.notify_one();
}

void FloorServer::complete(const Change& change) {
  const FloorNode parent{FloorKind::function, change.node.function};
  // The first is known to the kernel, the others are not: as with the directories whose link counts
  // change in mdevsim.
  for (unsigned i = 0; i < settings_.invalidates; ++i)
    fuse_lowlevel_notify_inval_inode(session_, parent.inode() + i, -1, 0);
  const unsigned expires = settings_.expires + (change.node.kind == FloorKind::remove ? 1U : 0U);
  for (unsigned i = 0; i < expires; ++i) {
    expire(&fuse_lowlevel_notify_expire_entry, session_, parent, change.uuid);
  }
  for (unsigned i = 0; i < settings_.messages; ++i) uevents_.send_once();
  fuse_reply_write(change.request, change.bytes);
}

void FloorServer::complete_changes() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !changes_.empty(); });
    if (changes_.empty()) return;
    const Change change = std::move(changes_.front());
    changes_.pop_front();
    lock.unlock();
    complete(change);
    lock.lock();
  }
}

// As mdevsim does. The kernel asks for the end of a directory only where there was something
// before.
constexpr std::array<std::string_view, 2> kDots{".", ".."};

void FloorServer::readdir(fuse_req_t request, fuse_ino_t inode, std::size_t size, off_t offset,
                          bool plus) {
  const FloorNode directory = FloorNode::from_inode(inode);
  thread_local std::vector<char> buffer;
  buffer.resize(size);
  std::size_t used = 0;
  for (auto position = static_cast<std::uint64_t>(offset);; ++position) {
    fuse_entry_param found{};
    std::string text;
    if (position < kDots.size()) {
      text = kDots[position];
      found.attr = stat_of(directory);  // inode 0: not looked up
    } else if (const auto child = tree_.child(directory, position - kDots.size())) {
      text = child->name;
      found = entry(child->node);
    } else {
      break;
    }
    const auto next = static_cast<off_t>(position + 1);
    const char* name = text.c_str();
    const std::size_t needed = plus ? fuse_add_direntry_plus(request, buffer.data() + used,
                                                             size - used, name, &found, next)
                                    : fuse_add_direntry(request, buffer.data() + used, size - used,
                                                        name, &found.attr, next);
    if (needed > size - used) break;
    used += needed;
  }
  fuse_reply_buf(request, buffer.data(), used);
}

FloorServer& server_of(fuse_req_t request) {
  return *static_cast<FloorServer*>(fuse_req_userdata(request));
}

// As mdevsim answers, where nothing was set: what ls -l asks for (an ACL) is not supported.
int getxattr_errno(std::string_view name) {
  for (const std::string_view prefix : {"trusted.", "security.", "user."}) {
    if (name.substr(0, prefix.size()) == prefix) return ENODATA;
  }
  return EOPNOTSUPP;
}

fuse_lowlevel_ops operations() {
  fuse_lowlevel_ops ops{};
  ops.init = [](void*, fuse_conn_info* connection) {
    want(connection, FUSE_CAP_READDIRPLUS);
    want(connection, FUSE_CAP_READDIRPLUS_AUTO);
    want(connection, FUSE_CAP_EXPIRE_ONLY);
  };
  ops.lookup = [](fuse_req_t request, fuse_ino_t parent, const char* name) {
    server_of(request).lookup(request, parent, name);
  };
  ops.forget = [](fuse_req_t request, fuse_ino_t, std::uint64_t) { fuse_reply_none(request); };
  ops.getattr = [](fuse_req_t request, fuse_ino_t inode, fuse_file_info*) {
    server_of(request).getattr(request, inode);
  };
  ops.open = [](fuse_req_t request, fuse_ino_t, fuse_file_info* file) {
    server_of(request).open(request, file);
  };
  ops.read = [](fuse_req_t request, fuse_ino_t inode, std::size_t size, off_t offset,
                fuse_file_info*) { server_of(request).read(request, inode, size, offset); };
  ops.write = [](fuse_req_t request, fuse_ino_t inode, const char* bytes, std::size_t size, off_t,
                 fuse_file_info*) {
    server_of(request).write(request, inode, {bytes, size});
  };
  ops.release = [](fuse_req_t request, fuse_ino_t, fuse_file_info*) { fuse_reply_err(request, 0); };
  ops.opendir = [](fuse_req_t request, fuse_ino_t, fuse_file_info* file) {
    fuse_reply_open(request, file);
  };
  ops.readdir = [](fuse_req_t request, fuse_ino_t inode, std::size_t size, off_t offset,
                   fuse_file_info*) {
    server_of(request).readdir(request, inode, size, offset, false);
  };
  ops.readdirplus = [](fuse_req_t request, fuse_ino_t inode, std::size_t size, off_t offset,
                       fuse_file_info*) {
    server_of(request).readdir(request, inode, size, offset, true);
  };
  ops.releasedir = [](fuse_req_t request, fuse_ino_t, fuse_file_info*) {
    fuse_reply_err(request, 0);
  };
  ops.getxattr = [](fuse_req_t request, fuse_ino_t, const char* name, std::size_t) {
    fuse_reply_err(request, getxattr_errno(name));
  };
  ops.listxattr = [](fuse_req_t request, fuse_ino_t, std::size_t size) {
    if (size == 0) {
      fuse_reply_xattr(request, 0);
    } else {
      fuse_reply_buf(request, nullptr, 0);
    }
  };
  return ops;
}

int FloorServer::serve() {
  std::array<char*, 3> arguments{};
  std::array<std::string, 3> texts{"mdevsim-floor-server", "-o",
                                   "default_permissions,noexec,fsname=mdevsim-floor"};
  if (settings_.uring_depth > 0)
    texts[2] += ",io_uring,io_uring_q_depth=" + std::to_string(settings_.uring_depth);
  for (std::size_t i = 0; i < texts.size(); ++i) arguments[i] = texts[i].data();
  fuse_args args = FUSE_ARGS_INIT(static_cast<int>(arguments.size()), arguments.data());
  const fuse_lowlevel_ops ops = operations();
  session_ = fuse_session_new(&args, &ops, sizeof ops, this);
  if (session_ == nullptr || fuse_set_signal_handlers(session_) != 0 ||
      fuse_session_mount(session_, settings_.mountpoint.c_str()) != 0) {
    return 1;
  }
  std::thread completion([this] { complete_changes(); });
  fuse_loop_config* loop = fuse_loop_cfg_create();
  fuse_loop_cfg_set_max_threads(loop, settings_.threads);
  fuse_loop_cfg_set_idle_threads(loop, settings_.threads);
  fuse_session_loop_mt(session_, loop);
  fuse_loop_cfg_destroy(loop);
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_one();
  }
  completion.join();
  fuse_session_unmount(session_);
  fuse_remove_signal_handlers(session_);
  fuse_session_destroy(session_);
  fuse_opt_free_args(&args);
  return 0;
}

bool parse(const std::vector<std::string>& arguments, Settings& settings) {
  struct Option {
    std::string_view name;
    unsigned& number;
  };
  const std::array<Option, 7> options{{{"--functions", settings.shape.functions},
                                       {"--types", settings.shape.types},
                                       {"--threads", settings.threads},
                                       {"--uring-depth", settings.uring_depth},
                                       {"--expires", settings.expires},
                                       {"--invalidates", settings.invalidates},
                                       {"--messages", settings.messages}}};
  if (arguments.size() % 2 == 0) return false;
  settings.mountpoint = arguments[0];
  for (std::size_t i = 1; i < arguments.size(); i += 2) {
    bool known = false;
    for (const Option& option : options) {
      if (arguments[i] != option.name) continue;
      option.number = static_cast<unsigned>(std::strtoul(arguments[i + 1].c_str(), nullptr, 10));
      known = true;
    }
    if (!known) return false;
  }
  return true;
}

}  // namespace
}  // namespace mdevsim::bench

int main(int argc, char** argv) {
  mdevsim::bench::Settings settings;
  if (!mdevsim::bench::parse({argv + 1, argv + argc}, settings)) {
    std::fputs(
        "usage: mdevsim-floor-server DIR [--functions N] [--types N] [--threads N] [--uring-depth "
        "N] [--expires N] "
        "[--invalidates N] [--messages N]\n",
        stderr);
    return 2;
  }
  return mdevsim::bench::FloorServer(std::move(settings)).serve();
}
