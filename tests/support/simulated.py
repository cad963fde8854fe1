"""Runs commands inside simulated hosts, as root or as an ordinary user, for the tests of clients."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import textwrap
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("MDEVSIM_BIN", ROOT / "build" / "release" / "bin"))
MDEVSIM = BIN / "mdevsim"
PROBE = BIN / "mdevsim-probe"
HELPER = BIN / "mdevsim-test-helper"
HOSTS = ROOT / "scenarios" / "hosts"
KERNEL_SAMPLES = HOSTS / "kernel-samples.toml"

# "root" or "unprivileged": an ordinary user's run maps one user id, and that one to root.
USER = os.environ.get("MDEVSIM_TEST_USER", "root")
# CTest ends a test that takes too long; a little earlier we do, so that the simulated host is taken down in order.
SECONDS_MAX = float(os.environ.get("MDEVSIM_TEST_SECONDS", "300"))

MTTY = "/sys/class/mdev_bus/mtty/mdev_supported_types"
MDPY = "/sys/class/mdev_bus/mdpy/mdev_supported_types"


def uuid(number):
    return f"c0ffee00-1234-4abc-8def-{number:012x}"


def as_user(user):
    """What to put before a command to become that user."""
    if user == "root":
        if os.geteuid() != 0:
            raise RuntimeError("this case needs root: run `sudo ctest`, or leave it out with `ctest -LE root`")
        return []
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--"]


def environment(user):
    result = dict(os.environ, LC_ALL="C", TZ="UTC", PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    if user != "root" and os.geteuid() == 0:
        result.update(HOME="/tmp", TMPDIR="/tmp")
    return result


def run(command, host=KERNEL_SAMPLES, user=USER, options=()):
    """Runs a command in a host of its own; the result has stdout, stderr and the exit status."""
    words = [*as_user(user), str(MDEVSIM), "run", *options, str(host), "--", *map(str, command)]
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               errors="replace", env=environment(user), cwd="/")
    try:
        stdout, stderr = process.communicate(timeout=SECONDS_MAX)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGTERM)
        try:
            stdout, stderr = process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            stdout, stderr = process.communicate()
        stderr += f"\n(ended by the test after {SECONDS_MAX:.0f} s)"
    return subprocess.CompletedProcess(words, process.returncode, stdout, stderr)


class SimulatedHostCase(unittest.TestCase):
    """Cases that run shell scripts inside. A client that is not installed is a failure."""

    clients = ()
    host = KERNEL_SAMPLES
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        for program in (MDEVSIM, PROBE, HELPER):
            if not program.exists():
                raise FileNotFoundError(f"{program} is not built")
        path = environment(USER)["PATH"]
        missing = [client for client in cls.clients if not shutil.which(client, path=path)]
        if missing:
            raise FileNotFoundError(f"not installed: {', '.join(missing)}: packaging/install-dependencies test")

    def inside(self, script, status=0, host=None, options=()):
        """Runs a script (sh -eu) in a host of its own, asserts its exit status, returns what it printed."""
        result = run(["sh", "-euc", script], host or self.host, options=options)
        self.assertEqual(result.returncode, status, f"the script's exit status\n--- stdout\n{result.stdout}\n--- stderr\n{result.stderr}")
        self.stderr = result.stderr
        return result.stdout

    def assert_lines(self, printed, expected):
        """`expected` is indented as the test's code is. Empty lines are not compared: mdevctl ends its lists with one."""
        shown, wanted = ([line for line in text.splitlines() if line.strip()] for text in (printed, textwrap.dedent(expected)))
        self.assertEqual(shown, wanted)


    def host_file(self, text):
        """A host file for one case."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = pathlib.Path(folder.name)
        path.chmod(0o755)
        (path / "host.toml").write_text(text)
        return path / "host.toml"


def kernel_samples(kernel="6.12"):
    """The text of the sample host with another kernel."""
    text = KERNEL_SAMPLES.read_text()
    changed = text.replace('kernel = "6.12"', f'kernel = "{kernel}"')
    if f'kernel = "{kernel}"' not in changed:
        raise ValueError(f'{KERNEL_SAMPLES} does not say kernel = "6.12" any more')
    return changed


def without_times(text):
    """KERNEL[12.345678] -> KERNEL[T]"""
    return re.sub(r" *\[\d+\.\d+\]", "[T]", text)
