#include "tests/oracle/probe/report.h"

#include <unistd.h>

#include <cstdarg>
#include <cstdio>
#include <iterator>

namespace probe {
namespace {

struct ErrnoName {
  int number;
  const char* name;
};

#define NAMED(error) \
  { error, #error }
constexpr ErrnoName kErrnoNames[] = {
    NAMED(EPERM),     NAMED(ENOENT),       NAMED(EINTR),      NAMED(EIO),    NAMED(ENXIO),
    NAMED(E2BIG),     NAMED(EBADF),        NAMED(EAGAIN),     NAMED(ENOMEM), NAMED(EACCES),
    NAMED(EFAULT),    NAMED(EBUSY),        NAMED(EEXIST),     NAMED(EXDEV),  NAMED(ENODEV),
    NAMED(ENOTDIR),   NAMED(EISDIR),       NAMED(EINVAL),     NAMED(ENFILE), NAMED(EMFILE),
    NAMED(ENOTTY),    NAMED(ETXTBSY),      NAMED(EFBIG),      NAMED(ENOSPC), NAMED(ESPIPE),
    NAMED(EROFS),     NAMED(EMLINK),       NAMED(EPIPE),      NAMED(EDOM),   NAMED(ERANGE),
    NAMED(ENOSYS),    NAMED(ENAMETOOLONG), NAMED(ENOTEMPTY),  NAMED(ELOOP),  NAMED(ENODATA),
    NAMED(EOVERFLOW), NAMED(EUSERS),       NAMED(EOPNOTSUPP), NAMED(ESTALE), NAMED(ETIMEDOUT),
    NAMED(ENOTCONN),  NAMED(ECONNABORTED),
};
#undef NAMED

constexpr std::size_t kQuotedMax = 2000;

std::string escaped(unsigned char byte) {
  switch (byte) {
    case '\n':
      return "\\n";
    case '\t':
      return "\\t";
    case '\0':
      return "\\0";
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    default:
      break;
  }
  if (byte < 32 || byte > 126) return text("\\x%02x", byte);
  return std::string(1, static_cast<char>(byte));
}

}  // namespace

std::string text(const char* format, ...) {
  char* made = nullptr;
  va_list arguments;
  va_start(arguments, format);
  const int size = vasprintf(&made, format, arguments);
  va_end(arguments);
  if (size < 0) return {};
  std::string result(made, static_cast<std::size_t>(size));
  free(made);
  return result;
}

std::string quoted(std::string_view bytes) {
  std::string result = "\"";
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (result.size() > kQuotedMax) return result + text("\"+%zuB", bytes.size() - i);
    result += escaped(static_cast<unsigned char>(bytes[i]));
  }
  return result + "\"";
}

std::string errno_name(int error) {
  if (error == 0) return "-";
  for (const ErrnoName& entry : kErrnoNames) {
    if (entry.number == error) return entry.name;
  }
  return text("E%d", error);
}

// One write() per line: sections fork, and a shared stdio buffer would print lines twice.
void Report::print(std::string_view prefix, const std::string& id, Outcome outcome,
                   const std::string& extra) const {
  std::string line(prefix);
  line += section_ + "." + id + text("\t%ld\t", outcome.value) + errno_name(outcome.error) + "\t" +
          extra + "\n";
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t written = write(STDOUT_FILENO, rest.data(), rest.size());
    if (written <= 0) _exit(3);  // nobody reads any more
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

void Report::line(const std::string& id, Outcome outcome, const std::string& extra) const {
  print("", id, outcome, extra);
}

void Report::value(const std::string& id, long value, const std::string& extra) const {
  print("", id, {value, 0}, extra);
}

void Report::remark(const std::string& id, long value, const std::string& extra) const {
  print("#", id, {value, 0}, extra);
}

}  // namespace probe
