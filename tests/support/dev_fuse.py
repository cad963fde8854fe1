#!/usr/bin/env python3
"""Opens /dev/fuse to everybody for the time of the tests that drop privileges, and restores it: dev_fuse.py open|restore FILE.

Distributions have it 0666; some machines have 0600, and there an ordinary user could mount nothing. FILE keeps the mode.
"""

import os
import pathlib
import stat
import sys

DEVICE = "/dev/fuse"


def main():
    action, kept = sys.argv[1], pathlib.Path(sys.argv[2])
    if not os.path.exists(DEVICE):
        sys.exit(f"error: there is no {DEVICE}: load the module (modprobe fuse), or start the container with --device {DEVICE}")
    mode = stat.S_IMODE(os.stat(DEVICE).st_mode)
    if action == "restore":
        if kept.exists():
            os.chmod(DEVICE, int(kept.read_text(), 8))
            print(f"{DEVICE} is {kept.read_text()} again")
            kept.unlink()
        return
    if mode & 0o006 == 0o006:
        print(f"{DEVICE} is {mode:04o}: open to everybody")
    elif os.geteuid() == 0:
        if not kept.exists():  # left over from a run that was killed: it has the true mode
            kept.write_text(f"{mode:04o}")
        os.chmod(DEVICE, 0o666)
        print(f"{DEVICE} was {mode:04o} and is 0666 until the tests that drop privileges have run")
    elif not os.access(DEVICE, os.R_OK | os.W_OK):
        sys.exit(f"error: {DEVICE} is {mode:04o} and you may not open it: run the tests as root, or chmod 0666 {DEVICE}")


if __name__ == "__main__":
    main()
