// The kernel as libfuse reaches it.
#pragma once

#include "fusefs/fuse/adapter.h"
#include "fusefs/fuse/fuse_api.h"
#include "fusefs/fuse/kernel.h"

namespace mdevsim::fusefs {

class LibfuseKernel : public Kernel {
 public:
  LibfuseKernel(fuse_session* session, Adapter& adapter) : session_(session), adapter_(adapter) {}

  void expire_entry(sysfs::NodeId directory, const std::string& name) override;
  void invalidate_attributes(sysfs::NodeId node) override;
  void invalidate_pages(sysfs::NodeId node) override;
  void wake(PollHandle handle) override;
  void reply(std::uint64_t request, Errc errc, std::uint64_t bytes) override;

 private:
  fuse_session* const session_;
  Adapter& adapter_;
  bool can_expire_ = true;  // false once the kernel has said that it cannot
};

}  // namespace mdevsim::fusefs
