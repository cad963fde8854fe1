// Extended attributes, by the kernel's rule for sysfs: trusted.* and security.* can be set and are
// kept, user.* and ACLs are not supported.
#include "fusefs/fuse/xattr_operations.h"

#include <sys/xattr.h>

#include <array>

#include "fusefs/fuse/guard.h"

namespace mdevsim::fusefs {
namespace {

struct NamespaceRow {
  std::string_view prefix;
  Errc on_get;
  Errc on_set;
};

constexpr std::array kNamespaces = {
    NamespaceRow{"trusted.", Errc::ok, Errc::ok},
    NamespaceRow{"security.", Errc::ok, Errc::ok},
    NamespaceRow{"user.", Errc::no_data, Errc::not_supported},
};
constexpr NamespaceRow kOtherNamespaces{"", Errc::not_supported, Errc::not_supported};

const NamespaceRow& namespace_of(std::string_view name) {
  for (const NamespaceRow& row : kNamespaces) {
    if (name.starts_with(row.prefix)) return row;
  }
  return kOtherNamespaces;
}

// The client asks first how long the answer is, or gives room for it.
void reply_sized(Request& request, std::string_view value, std::size_t room) {
  if (room == 0) return request.reply_xattr_size(value.size());
  if (value.size() > room) return request.answer(Errc::range);
  request.reply_bytes(value);
}

XattrMode mode_of(int flags) {
  if ((flags & XATTR_CREATE) != 0) return XattrMode::create;
  if ((flags & XATTR_REPLACE) != 0) return XattrMode::replace;
  return XattrMode::set;
}

void do_setxattr(Request& request, const char* name, const char* value, std::size_t size,
                 int flags) {
  if (const Errc errc = namespace_of(name).on_set; errc != Errc::ok) return request.answer(errc);
  sysfs::Stat stat;
  if (const Errc errc = request.tree().stat(request.node(), stat); errc != Errc::ok) {
    return request.answer(errc);
  }
  // Nobody can look a removed object up again, so nothing needs to be kept of it.
  if (!stat.alive) return request.answer(Errc::ok);
  request.answer(
      request.adapter().overlay.set_xattr(request.node(), name, {value, size}, mode_of(flags)));
}

void do_getxattr(Request& request, const char* name, std::size_t size) {
  if (const Errc errc = namespace_of(name).on_get; errc != Errc::ok) return request.answer(errc);
  thread_local std::string value;
  const Errc errc = request.adapter().overlay.get_xattr(request.node(), name, value);
  if (errc != Errc::ok) return request.answer(errc);
  reply_sized(request, value, size);
}

void do_listxattr(Request& request, std::size_t size) {
  reply_sized(request, request.adapter().overlay.list_xattrs(request.node()), size);
}

void do_removexattr(Request& request, const char* name) {
  if (const Errc errc = namespace_of(name).on_set; errc != Errc::ok) return request.answer(errc);
  request.answer(request.adapter().overlay.remove_xattr(request.node(), name));
}

}  // namespace

void add_xattr_operations(fuse_lowlevel_ops& table) {
  table.setxattr = Guard<Operation::setxattr, do_setxattr>::call;
  table.getxattr = Guard<Operation::getxattr, do_getxattr>::call;
  table.listxattr = Guard<Operation::listxattr, do_listxattr>::call;
  table.removexattr = Guard<Operation::removexattr, do_removexattr>::call;
}

}  // namespace mdevsim::fusefs
