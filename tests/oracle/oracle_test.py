#!/usr/bin/env python3
"""Runs the probe under `mdevsim run` and compares with the recordings: oracle_test.py KERNEL TYPE FOLDER.

MDEVSIM_TEST_USER says as whom. As an ordinary user one user id is mapped: the section `unpriv`, which needs a second one,
is left out. What the probe printed stays in FOLDER.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

import compare  # noqa: E402
from simulated import BIN, PROBE, USER, kernel_samples, run  # noqa: E402

SUBJECTS = {
    "mtty-2": ["devices/virtual/mtty/mtty", "mtty-2", "-o", "devices/virtual/mdpy/mdpy", "mdpy-vga"],
    "mdpy-vga": ["devices/virtual/mdpy/mdpy", "mdpy-vga", "-o", "devices/virtual/mdpy/mdpy", "mdpy-hd"],
}
SECTIONS = ("env tree0 tree1 readdir stat read create remove fileops special held unpriv uevent inotify bus concurrent timing").split()

# Events are in the socket before the write that causes them returns: there is nothing to wait for.
PATIENCE_MS = "1"

# The probe changes modes, owners and extended attributes: it must not run on the machine's own /sys.
GUARDED = 'test -d /sys/kernel/mdevsim || { echo "this is no simulated host" >&2; exit 1; }; exec "$@"'


def libfuse_of_server():
    said = subprocess.run([BIN / "mdevsim-server", "--version"], capture_output=True, text=True, check=True).stdout
    return compare.version(re.search(r"libfuse (\d+\.\d+)", said).group(1))


def main():
    kernel, subject, output = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
    sections = [name for name in SECTIONS if USER == "root" or name != "unpriv"]
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        host = pathlib.Path(folder) / "host.toml"
        host.write_text(kernel_samples(kernel))
        result = run(["sh", "-c", GUARDED, "sh", PROBE, "/sys", *SUBJECTS[subject], "-s", ",".join(sections), "-w", PATIENCE_MS],
                     host=host)
    output.mkdir(parents=True, exist_ok=True)
    printed = output / f"{kernel}-{subject}-{USER}.out"
    printed.write_text(result.stdout)
    sys.stderr.write(result.stderr)
    if result.returncode != 0:
        sys.exit(f"error: the probe ended with {result.returncode}")
    recording = HERE / "recordings" / kernel / f"{subject}.golden"
    problems = compare.compare(recording.read_text(errors="replace"), result.stdout, kernel, USER, sections, libfuse_of_server())
    print("\n".join(problems))
    print(f"{len(problems)} differences from the kernel that are not expected ({printed})")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
