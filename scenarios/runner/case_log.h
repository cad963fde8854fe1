// What the simulated hosts of a case say: a file in memory that they write to.
#pragma once

#include <sys/types.h>

#include <string>

#include "fusefs/launch/fd.h"

namespace mdevsim::scenario {

class CaseLog {
 public:
  CaseLog();
  int fd() const { return file_.get(); }
  // Where what will be said begins.
  off_t end() const;
  // What was said from there on; the last of it, if it is much.
  std::string since(off_t begin) const;

 private:
  launch::Fd file_;
};

}  // namespace mdevsim::scenario
