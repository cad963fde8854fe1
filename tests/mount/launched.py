"""What the tests of mdevsim run and mdevsim mount share: starting them, looking at what is there and what is left."""

import os
import pathlib
import signal
import subprocess
import time
import unittest

from simulated import KERNEL_SAMPLES, MDEVSIM, SECONDS_MAX, USER, as_user, environment

# Keeps a simulated host alive and says that it is there: its network namespace, and the device number of its tree.
LINGER = 'readlink /proc/self/ns/net; stat -c %d /sys/bus/mdev; exec sleep 100000'


def processes_in(network):
    """The processes that are in a network namespace, "net:[4026532000]"."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and os.readlink(entry / "ns" / "net") == network:
                found.append((int(entry.name), (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")))
        except OSError:
            continue  # it has ended, or is another user's
    return found


def ends(condition, what):
    """Waits for something that must come; the test's own time limit is the only one."""
    until = time.monotonic() + SECONDS_MAX
    while not condition():
        if time.monotonic() > until:
            raise AssertionError(f"not within {SECONDS_MAX:.0f} s: {what}")
        time.sleep(0.02)


def mount_lines(*below):
    """What is mounted at these paths or below, in the machine's own mount namespace; other tests mount elsewhere."""
    found = []
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        point = pathlib.PurePath(line.split()[4])
        if any(point.is_relative_to(path) for path in below):
            found.append(f"{point} {line.split(' - ', 1)[1]}")
    return found


def machine_mounts():
    return mount_lines("/sys", "/run", "/etc", "/var/lib", "/var/cache", "/proc")


class LaunchedCase(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        if not MDEVSIM.exists():
            raise FileNotFoundError(f"{MDEVSIM} is not built")

    def start(self, script, options=(), host=KERNEL_SAMPLES, user=USER, prefix=(), **popen):
        """Starts a shell script in a simulated host of its own, without waiting for it."""
        words = [*prefix, *as_user(user), str(MDEVSIM), "run", *options, str(host), "--", "sh", "-c", script]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(user), cwd="/", **popen)
        self.addCleanup(self.end, process)
        return process

    def end(self, process):
        if process.poll() is None:
            process.kill()
        process.communicate()

    def finish(self, process, status):
        """Waits for the end, asserts the exit status, returns what it printed and what it said."""
        stdout, stderr = process.communicate(timeout=SECONDS_MAX)
        self.assertEqual(process.returncode, status, f"\n--- stdout\n{stdout}\n--- stderr\n{stderr}")
        return stdout, stderr

    def inside(self, script, status=0, **start):
        return self.finish(self.start(script, stdin=subprocess.DEVNULL, **start), status)[0]

    def linger(self, script=LINGER, **start):
        """A simulated host that stays, with its processes by what they are."""
        process = self.start(script, **start)
        network = process.stdout.readline().strip()
        device = process.stdout.readline().strip()
        self.assertTrue(network, process.stderr.read() if process.poll() is not None else "the command has not begun")
        ends(lambda: any(words.startswith("sleep 100000") for _, words in processes_in(network)), "the command")
        return process, network, device

    def server_of(self, network):
        return self.one([pid for pid, words in processes_in(network) if "mdevsim-server" in words])

    def command_of(self, network):
        return self.one([pid for pid, words in processes_in(network) if words.startswith("sleep 100000")])

    def one(self, pids):
        self.assertEqual(len(pids), 1, pids)
        return pids[0]

    def assert_nothing_left(self, network, mounts):
        ends(lambda: not processes_in(network), "the end of all processes")
        self.assertEqual(machine_mounts(), mounts)


def kill(pid, number=signal.SIGKILL):
    os.kill(pid, number)
