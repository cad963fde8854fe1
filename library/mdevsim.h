/* Simulated hosts for programs in C, and for whatever can call C: what `mdevsim mount` shows,
 * without a mount.
 *
 * Paths are those below the mount point: with one host its /sys, with several the hosts' names come
 * first. Functions that can fail give a negative errno, the same that the kernel gives for the
 * file; the reason is told by mdevsim_last_error(). All may be called from several threads at once.
 * See mdevsim/simulation.h for C++.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mdevsim_simulation mdevsim_simulation;

/* Reads a host file, or the text of one, and makes its hosts. -EINVAL when something is wrong in
 * it. */
int mdevsim_open_file(const char* path, mdevsim_simulation** out);
int mdevsim_open_text(const char* toml, mdevsim_simulation** out);
/* Accepts NULL. */
void mdevsim_close(mdevsim_simulation* simulation);

/* What follow give the length of the whole, without a terminating NUL, even where it is more than
 * `size`; then `buffer` has its beginning. Where size is not 0 the buffer ends with a NUL. With
 * size 0 it may be NULL. */

/* The names in a directory, each with a newline behind it, sorted. */
long mdevsim_list(const mdevsim_simulation* simulation, const char* path, char* buffer,
                  size_t size);
/* The content of an attribute; of text, with its newline. */
long mdevsim_read(const mdevsim_simulation* simulation, const char* path, char* buffer,
                  size_t size);
/* The text of a link. */
long mdevsim_read_link(const mdevsim_simulation* simulation, const char* path, char* buffer,
                       size_t size);

/* One write, as a shell's echo makes; 0, or what the kernel answers: -EEXIST, -ENOSPC, -EUSERS, ...
 */
int mdevsim_write(mdevsim_simulation* simulation, const char* path, const char* bytes, size_t size);

/* The events that changes have sent since the last call: lines `HOST ACTION@DEVPATH`. They are gone
 * afterwards, whether they fit or not. */
long mdevsim_take_events(mdevsim_simulation* simulation, char* buffer, size_t size);

/* What a migration came to. */
typedef struct mdevsim_migration {
  uint64_t bytes;
  uint64_t rounds; /* the last one while the device stood still */
  uint64_t time_us;
  uint64_t downtime_us;
  char digest[33]; /* of both devices; with a NUL */
} mdevsim_migration;

/* Migrates the state of a running device. The devices are the directories
 * kernel/mdevsim/devices/<uuid or address> of their hosts. Bandwidth 0: it takes no time. `report`
 * may be NULL. -EBUSY when it does not converge or is migrated already, -EINVAL or -EFAULT when the
 * target refuses the source's state; whatever fails leaves the source running, and the target reset
 * and configured as it was. */
int mdevsim_migrate(mdevsim_simulation* simulation, const char* from, const char* to,
                    uint64_t bandwidth_bytes_per_s, uint64_t downtime_limit_us,
                    mdevsim_migration* report);

/* Lets simulated time pass. It does not pass otherwise. */
void mdevsim_advance(mdevsim_simulation* simulation, uint64_t nanoseconds);

/* Why the calling thread's last call failed, with a NUL; valid until its next call. Never NULL. */
const char* mdevsim_last_error(void);

#ifdef __cplusplus
}
#endif
