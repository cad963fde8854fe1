#!/usr/bin/env python3
"""mdevsim mount: the bare tree on a directory, ready when it returns, gone when it is unmounted or ended."""

import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import unittest

from launched import ends, mount_lines
from simulated import HOSTS, KERNEL_SAMPLES, MDEVSIM, SECONDS_MAX, USER, as_user, environment

TWO_HOSTS = """
[host.alpha.virtual."mtty/mtty"]
mdev_types = [{ id = "1", instances = 4 }]
[host.beta.virtual."mtty/mtty"]
mdev_types = [{ id = "7", instances = 4 }]
"""


class MountCase(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.work = tempfile.TemporaryDirectory()
        self.addCleanup(self.work.cleanup)
        os.chmod(self.work.name, 0o755)
        self.directory = pathlib.Path(self.work.name, "sys")
        self.directory.mkdir()
        if USER != "root" and os.geteuid() == 0:
            os.chown(self.directory, 65534, 65534)
        self.addCleanup(subprocess.run, ["umount", "--lazy", "--quiet", self.directory], check=False, stderr=subprocess.DEVNULL)

    def as_caller(self, *words, **run):
        # stdin and the like are not kept open by a server in the background, so this returns when mdevsim does
        return subprocess.run([*as_user(USER), *map(str, words)], capture_output=True, text=True, env=environment(USER), cwd="/", check=False,
                              timeout=SECONDS_MAX, **run)

    def mount(self, *options, host=KERNEL_SAMPLES, status=0):
        result = self.as_caller(MDEVSIM, "mount", *options, host, self.directory)
        self.assertEqual(result.returncode, status, result.stderr)
        return result.stderr

    def listed(self, *below):
        return sorted(self.as_caller("ls", self.directory.joinpath(*below)).stdout.split())

    def unmount(self):
        result = self.as_caller("fusermount3", "-u", self.directory)
        self.assertEqual(result.returncode, 0, result.stderr)
        ends(lambda: self.servers() == [], "the server's end")
        self.assertEqual(self.mounts(), [])

    def mounts(self):
        return mount_lines(self.directory)

    def servers(self):
        found = []
        for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                if str(self.directory).encode() in path.read_bytes().split(b"\0"):
                    found.append(int(path.parent.name))
            except OSError:
                pass  # it has just ended
        return found


class Background(MountCase):
    def test_it_returns_once_it_is_mounted(self):
        self.assertEqual(self.mount(), "")
        self.assertEqual(self.listed("class", "mdev_bus"), ["mbochs", "mdpy", "mtty"])
        self.unmount()

    def test_one_host_is_chosen_by_name(self):
        file = pathlib.Path(self.work.name, "two.toml")
        file.write_text(TWO_HOSTS)
        self.mount("--host", "beta", host=file)
        self.assertEqual(self.listed("class", "mdev_bus", "mtty", "mdev_supported_types"), ["mtty-7"])
        self.unmount()

    def test_several_hosts_have_a_directory_each(self):
        file = pathlib.Path(self.work.name, "two.toml")
        file.write_text(TWO_HOSTS)
        self.mount(host=file)
        self.assertEqual(self.listed(), ["alpha", "beta"])
        self.assertEqual(self.listed("beta", "class", "mdev_bus", "mtty", "mdev_supported_types"), ["mtty-7"])
        self.unmount()

    def test_events_may_name_their_audience_or_not(self):
        for option in (["--events"], ["--events", "both"], ["--events=kernel"], ["--events", "none"]):
            with self.subTest(option):
                result = self.as_caller(MDEVSIM, "mount", KERNEL_SAMPLES, self.directory, *option)
                self.assertEqual((result.returncode, result.stderr), (0, ""))
                self.unmount()
        self.assertIn("none, kernel, udev or both", self.mount("--events=all", status=2))

    def test_ending_the_server_unmounts(self):
        self.mount()
        for pid in self.servers():
            os.kill(pid, signal.SIGTERM)
        ends(lambda: self.servers() == [], "the server's end")
        self.assertEqual(self.mounts(), [])


class Foreground(MountCase):
    def start(self, **env):
        process = subprocess.Popen([*as_user(USER), str(MDEVSIM), "mount", "--foreground", str(KERNEL_SAMPLES), str(self.directory)],
                                   env=dict(environment(USER), **env), cwd="/", stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def start_and_wait(self):
        """Until it says by systemd's protocol that it is ready."""
        path = pathlib.Path(self.work.name, "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(str(path))
            path.chmod(0o666)
            notify.settimeout(SECONDS_MAX)
            process = self.start(NOTIFY_SOCKET=str(path))
            self.assertEqual(notify.recv(4096).decode(), f"READY=1\nSTATUS=Serving on {self.directory}")
        return process

    def test_it_says_when_it_is_ready(self):
        process = self.start_and_wait()
        self.assertEqual(self.listed("class", "mdev_bus"), ["mbochs", "mdpy", "mtty"])
        self.unmount()
        self.assertEqual(process.wait(), 0)

    def test_a_signal_unmounts_and_ends_it(self):
        process = self.start_and_wait()
        process.terminate()
        self.assertEqual(process.wait(), 0)
        self.assertEqual(self.mounts(), [])

    def test_the_server_ends_with_it(self):
        process = self.start_and_wait()
        process.kill()
        ends(lambda: self.servers() == [], "the server's end")


class Refused(MountCase):
    def assert_one_line(self, said, expected):
        self.assertEqual(said.count("\n"), 1, said)
        self.assertIn(expected, said)

    def test_a_second_mount_on_a_busy_directory(self):
        self.mount()
        self.assert_one_line(self.mount(status=1), f"unmount it first (fusermount3 -u {self.directory})")
        self.unmount()

    def test_a_file_instead_of_a_directory(self):
        self.directory.rmdir()
        self.directory.write_text("")
        self.assert_one_line(self.mount(status=1), "is not a directory")

    def test_a_directory_that_is_not_there(self):
        self.directory.rmdir()
        self.assert_one_line(self.mount(status=1), "make the directory first")

    def test_an_invalid_host_file_mounts_nothing(self):
        file = pathlib.Path(self.work.name, "bad.toml")
        file.write_text("[host.a]\nkernal = '6.12'\n")
        self.assertIn(":2:1: error:", self.mount(host=file, status=3))
        self.assertEqual(self.mounts(), [])
        self.assertEqual(self.servers(), [])

    def test_a_host_that_the_file_does_not_have(self):
        self.assertIn("kernel-samples", self.mount("--host", "no-such-host", status=2))

    def test_a_missing_directory_is_a_usage_error(self):
        result = self.as_caller(MDEVSIM, "mount", HOSTS / "minimal.toml")
        self.assertEqual(result.returncode, 2)
        self.assertIn("DIR is missing", result.stderr)


if __name__ == "__main__":
    unittest.main()
