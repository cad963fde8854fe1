#include "fusefs/fuse/session.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <link.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "fusefs/fuse/fuse_api.h"
#include "fusefs/fuse/libfuse_kernel.h"
#include "fusefs/fuse/operations.h"
#include "fusefs/fuse/stop_watch.h"

namespace mdevsim::fusefs {
namespace {

// Requests that wait (a remove of a device in use) keep their slot in the ring of their CPU; this
// many must be waiting on one CPU before others there would have to.
constexpr unsigned kRingDepth = 64;

// Workers never wait, so libfuse's pool of ten is enough for any load; idle ones are kept, since
// making a thread costs more than a request. Descriptors of their own (clone_fd) were measured to
// gain nothing.
constexpr unsigned kThreadsMax = 10;

// libfuse's messages go to our log. It has no pointer to pass along.
Log* library_log = nullptr;

__attribute__((format(printf, 2, 0))) void log_of_library(fuse_log_level level, const char* format,
                                                          va_list arguments) {
  if (library_log == nullptr) return;
  std::array<char, 512> text{};
  std::vsnprintf(text.data(), text.size(), format, arguments);
  std::string_view line(text.data());
  while (line.ends_with('\n')) line.remove_suffix(1);
  if (level <= FUSE_LOG_ERR) {
    library_log->error(line);
  } else if (level <= FUSE_LOG_WARNING) {
    library_log->warning(line);
  } else {
    library_log->debug(line);
  }
}

bool is_loaded(const char* library) {
  const auto matches = [](dl_phdr_info* info, std::size_t, void* wanted) {
    return std::strstr(info->dlpi_name, static_cast<const char*>(wanted)) != nullptr ? 1 : 0;
  };
  return dl_iterate_phdr(matches, const_cast<char*>(library)) != 0;
}

std::string mount_options(const SessionOptions& options) {
  std::string text;
  if (options.fuse_fd < 0) {
    text = "fsname=mdevsim,subtype=mdevsim,default_permissions,noexec";
    if (options.allow_other) text += ",allow_other";
  }
  if (available_transport().uring()) {
    if (!text.empty()) text += ',';
    text += fmt::format("io_uring,io_uring_q_depth={}", kRingDepth);
  }
  return text;
}

// Owns what fuse_session_new is given.
class Arguments {
 public:
  explicit Arguments(const SessionOptions& options) {
    fuse_opt_add_arg(&arguments_, "mdevsim");
    const std::string text = mount_options(options);
    if (text.empty()) return;
    fuse_opt_add_arg(&arguments_, "-o");
    fuse_opt_add_arg(&arguments_, text.c_str());
  }
  ~Arguments() { fuse_opt_free_args(&arguments_); }
  Arguments(const Arguments&) = delete;
  Arguments& operator=(const Arguments&) = delete;
  fuse_args* get() { return &arguments_; }

 private:
  fuse_args arguments_ = FUSE_ARGS_INIT(0, nullptr);
};

Result<bool> check_machine() {
  const int fd = ::open("/dev/fuse", O_RDWR | O_CLOEXEC);
  if (fd >= 0) {
    ::close(fd);
    return true;
  }
  const int reason = errno;
  const char* const hint = reason == EACCES || reason == EPERM
                               ? "make it accessible with: chmod 0666 /dev/fuse"
                               : "load the kernel's module with: modprobe fuse";
  return fail(reason == EACCES || reason == EPERM ? Errc::access : Errc::no_device,
              fmt::format("/dev/fuse cannot be opened: {}; {}", std::strerror(reason), hint));
}

Result<bool> check_mountpoint(const std::string& directory) {
  struct stat self {};
  struct stat above {};
  if (::stat(directory.c_str(), &self) != 0) {
    const int reason = errno;
    const char* const hint =
        reason == ENOTCONN ? "a dead server's mount is left there; remove it with: fusermount3 -u "
                           : "make it with: mkdir ";
    return fail(reason == ENOTCONN ? Errc::busy : Errc::no_entry,
                fmt::format("cannot mount on {}: {}; {}{}", directory, std::strerror(reason), hint,
                            directory));
  }
  if (!S_ISDIR(self.st_mode)) {
    return fail(Errc::not_directory,
                fmt::format("cannot mount on {}: it is not a directory", directory));
  }
  if (::stat((directory + "/..").c_str(), &above) == 0 && self.st_dev != above.st_dev) {
    return fail(Errc::busy,
                fmt::format("cannot mount on {}: something is mounted there already; unmount it "
                            "with: fusermount3 -u {}",
                            directory, directory));
  }
  return true;
}

// The first request is always INIT. It is answered here, so that whoever waits for readiness finds
// a filesystem that is. The error number negated; 0 when the session has ended before.
int answer_init(fuse_session* session) {
  fuse_buf buffer{};
  int result = 0;
  do {
    result = fuse_session_receive_buf(session, &buffer);
  } while (result == -EINTR && fuse_session_exited(session) == 0);
  if (result > 0) fuse_session_process_buf(session, &buffer);
  std::free(buffer.mem);
  if (fuse_session_exited(session) != 0) return 0;
  return result > 0 ? 1 : result;
}

void tell_ready(int fd) {
  if (fd < 0) return;
  [[maybe_unused]] const auto written = ::write(fd, "R", 1);  // the waiter may be gone
  ::close(fd);
}

}  // namespace

Transport available_transport() {
  Transport transport;
  // libfuse has io_uring since 3.18, but before 3.19 a reply from another thread than the ring's
  // own could corrupt the ring, and ours come from the completion thread.
#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 19)
  transport.library_is_safe = fuse_version() >= FUSE_MAKE_VERSION(3, 19);
#endif
  transport.library_has_uring = is_loaded("liburing.so");
  const int fd = ::open("/sys/module/fuse/parameters/enable_uring", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return transport;
  char value = 'N';
  transport.kernel_has_uring = ::read(fd, &value, 1) == 1 && value == 'Y';
  ::close(fd);
  return transport;
}

std::string library_version() { return fuse_pkgversion(); }

std::string transport_text(const Transport& transport) {
  if (transport.uring()) return "io_uring";
  if (!transport.library_is_safe) {
    return fmt::format("/dev/fuse (io_uring needs libfuse 3.19, this is {})", fuse_pkgversion());
  }
  if (!transport.library_has_uring) {
    return fmt::format("/dev/fuse (libfuse {} was built without liburing)", fuse_pkgversion());
  }
  return "/dev/fuse (io_uring is off; to switch it on: echo Y > "
         "/sys/module/fuse/parameters/enable_uring)";
}

struct Session::Impl {
  Adapter& adapter;
  const SessionOptions options;
  fuse_session* session = nullptr;
  bool mounted = false;

  Impl(Adapter& the_adapter, SessionOptions the_options)
      : adapter(the_adapter), options(std::move(the_options)) {}
  ~Impl() {
    if (session == nullptr) return;
    if (mounted) fuse_session_unmount(session);
    fuse_session_destroy(session);
    library_log = nullptr;
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  int serve();
};

Session::Session(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Session::~Session() = default;

Result<std::unique_ptr<Session>> Session::open(Adapter& adapter, const SessionOptions& options) {
  library_log = &adapter.log;
  fuse_set_log_func(log_of_library);
  std::string where = fmt::format("/dev/fd/{}", options.fuse_fd);
  if (options.fuse_fd < 0) {
    where = options.mountpoint;
    TRY_SET([[maybe_unused]] const bool machine, check_machine());
    TRY_SET([[maybe_unused]] const bool directory, check_mountpoint(where));
  }
  auto impl = std::make_unique<Impl>(adapter, options);
  Arguments arguments(options);
  const fuse_lowlevel_ops table = operations();
  impl->session = fuse_session_new(arguments.get(), &table, sizeof table, &adapter);
  if (impl->session == nullptr) return fail(Errc::io, "libfuse refused to make a session");
  if (fuse_session_mount(impl->session, where.c_str()) != 0) {
    if (options.fuse_fd >= 0) {
      return fail(Errc::invalid, fmt::format("descriptor {} is not open", options.fuse_fd));
    }
    return fail(Errc::not_permitted,
                fmt::format("cannot mount on {}: root in a mount namespace of its own may, and "
                            "others where fusermount3 is installed (Debian: fuse3)",
                            where));
  }
  // A descriptor that came mounted belongs to whoever mounted it, and goes with its namespace.
  impl->mounted = options.fuse_fd < 0;
  return std::unique_ptr<Session>(new Session(std::move(impl)));
}

int Session::Impl::serve() {
  fuse_loop_config* const config = fuse_loop_cfg_create();
  fuse_loop_cfg_set_max_threads(config, kThreadsMax);
  fuse_loop_cfg_set_idle_threads(config, kThreadsMax);
  fuse_loop_cfg_set_clone_fd(config, 0);
  const int result = fuse_session_loop_mt(session, config);
  fuse_loop_cfg_destroy(config);
  return result;
}

Result<SessionEnd> Session::run() {
  Impl& impl = *impl_;
  LibfuseKernel kernel(impl.session, impl.adapter);
  impl.adapter.completion.start(kernel);
  StopWatch watch(impl.options.lifeline_fd, [&impl] { fuse_session_exit(impl.session); });

  int result = answer_init(impl.session);
  if (result > 0) {
    impl.adapter.log.info("serves by " + transport_text(available_transport()));
    tell_ready(impl.options.ready_fd);
    result = impl.serve();
  }
  const SessionEnd end = watch.finish();
  impl.adapter.completion.stop();
  for (const PollHandle handle : impl.adapter.pollers.take_all()) {
    fuse_pollhandle_destroy(static_cast<fuse_pollhandle*>(handle.handle));
  }
  if (result < 0) {
    return fail(Errc::io, fmt::format("the session failed: {}", std::strerror(-result)));
  }
  return end;
}

}  // namespace mdevsim::fusefs
