// env: what statfs and pathconf say.
#include <sys/vfs.h>

#include "tests/oracle/probe/sections.h"

namespace probe {

void run_env(const Report& out, const Target& target) {
  struct statfs fs {};
  out.call(
      "statfs", [&] { return statfs(target.sys.c_str(), &fs); },
      [&] {
        return text(
            "type=0x%lx bsize=%ld blocks=%lu bfree=%lu files=%lu ffree=%lu namelen=%ld frsize=%ld "
            "flags=0x%lx",
            static_cast<unsigned long>(fs.f_type), long{fs.f_bsize}, fs.f_blocks, fs.f_bfree,
            fs.f_files, fs.f_ffree, long{fs.f_namelen}, long{fs.f_frsize},
            static_cast<unsigned long>(fs.f_flags));
      });
  out.call(
      "statfs_type_dir", [&] { return statfs(target.type.c_str(), &fs); },
      [&] { return text("type=0x%lx", static_cast<unsigned long>(fs.f_type)); });
  out.value("pathconf_namemax", pathconf(target.type.c_str(), _PC_NAME_MAX));
}

}  // namespace probe
