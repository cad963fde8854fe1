#include "scenarios/runner/case_log.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace mdevsim::scenario {
namespace {

constexpr off_t kLogBytesMax = 16'384;

}  // namespace

CaseLog::CaseLog() : file_(::memfd_create("log", MFD_CLOEXEC)) {}

off_t CaseLog::end() const {
  struct stat now = {};
  return ::fstat(file_.get(), &now) == 0 ? now.st_size : 0;
}

std::string CaseLog::since(off_t begin) const {
  const off_t size = end();
  const off_t from = std::max(begin, size - kLogBytesMax);
  std::string text(static_cast<std::size_t>(std::max<off_t>(size - from, 0)), '\0');
  const ssize_t count = ::pread(file_.get(), text.data(), text.size(), from);
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  return text;
}

}  // namespace mdevsim::scenario
