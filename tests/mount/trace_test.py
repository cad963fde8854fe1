#!/usr/bin/env python3
"""The trace of a running host: what it holds, how it is read, followed and filtered."""

import json
import os
import pathlib
import signal
import subprocess
import unittest

from launched import ends
from mount_test import TWO_HOSTS, MountCase
from simulated import MDEVSIM, MTTY, USER, SimulatedHostCase, as_user, environment, uuid

CREATE = "class/mdev_bus/mtty/mdev_supported_types/mtty-2/create"


class TraceCase(MountCase):
    def trace(self, *options, status=0):
        result = self.as_caller(MDEVSIM, "trace", *options, self.directory)
        self.assertEqual(result.returncode, status, result.stderr)
        return result.stdout

    def requests(self, *options):
        return [json.loads(line) for line in self.trace("--json", *options).splitlines()]

    def write(self, path, text):
        return self.as_caller("sh", "-c", f"printf '%s' '{text}' > {self.directory / path}")


class Trace(TraceCase):
    def setUp(self):
        super().setUp()
        self.mount()
        self.addCleanup(self.unmount)

    def test_who_wrote_what_where_and_got_what(self):
        self.write(CREATE, uuid(1))
        self.write(CREATE, uuid(1))
        writes = self.requests("--operation", "write")
        path = "/devices/virtual/mtty/mtty/mdev_supported_types/mtty-2/create"
        self.assertEqual([(w["comm"], w["path"], w["text"], w["result"], w["bytes"]) for w in writes],
                         [("sh", path, uuid(1), "OK", 36), ("sh", path, uuid(1), "EEXIST", 0)])
        self.assertNotEqual(writes[0]["pid"], writes[1]["pid"])
        self.assertEqual({w["uid"] for w in writes}, {os.geteuid() if USER == "root" or os.geteuid() else 65534})
        self.assertLess(writes[0]["time"], writes[1]["time"])
        self.assertLess(writes[0]["seq"], writes[1]["seq"])
        self.assertGreater(writes[0]["duration_ns"], 0)

    def test_an_instance_that_is_gone_is_still_named(self):
        self.write(CREATE, uuid(1))
        self.write(f"bus/mdev/devices/{uuid(1)}/remove", "1")
        (removal,) = self.requests("-k", "*/remove", "--operation", "write")
        self.assertEqual(removal["path"], f"/devices/virtual/mtty/mtty/{uuid(1)}/remove")

    def test_filters(self):
        self.write(CREATE, "garbage")
        self.as_caller("cat", self.directory / "class/mdev_bus/mtty/mdev_supported_types/mtty-2/name")
        self.as_caller("ls", self.directory / "nothing")
        self.assertEqual({r["result"] for r in self.requests("--failed", "--operation", "write")}, {"EINVAL"})
        self.assertEqual({r["result"] for r in self.requests("--errno", "ENOENT", "--errno", "EINVAL")}, {"ENOENT", "EINVAL"})
        self.assertEqual({r["comm"] for r in self.requests("--command", "cat", "-k", "mtty-2/name")}, {"cat"})
        self.assertEqual({r["text"] for r in self.requests("-k", "garb")}, {"garbage"})
        pid = self.requests("-k", "garbage")[0]["pid"]
        self.assertEqual({r["pid"] for r in self.requests("--pid", str(pid))}, {pid})
        self.assertEqual(self.requests("-k", "no such thing"), [])

    def test_a_line_for_people(self):
        self.write(CREATE, "x")
        self.assertRegex(self.trace("-k", "create", "--operation", "write"),
                         r'^\d\d:\d\d:\d\d\.\d{6} sh\[\d+\] write samples:/devices/virtual/mtty/mtty/mdev_supported_types/mtty-2/create "x" '
                         r"= EINVAL, \d+ us\n$")

    def test_what_no_request_can_be_is_a_usage_error(self):
        self.trace("--errno", "ENOTHING", status=2)
        self.trace("--operation", "wirte", status=2)
        self.trace("--pid", "-1", status=2)

    def test_a_plain_reader_comes_to_an_end_and_leaves_no_trace(self):
        before = len(self.requests())
        for _ in range(3):
            result = self.as_caller("cat", self.directory / "kernel/mdevsim/trace")
            self.assertEqual(result.returncode, 0, result.stderr)
        # what the first cat looked up on its way may be news; nothing else is
        self.assertLessEqual(len(self.requests()), before + 3)

    def test_a_signal_ends_a_follower_that_waits(self):
        command = [*as_user(USER), str(MDEVSIM), "trace", "-f", str(self.directory)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment(USER)) as follower:
            follower.stdout.readline()
            follower.send_signal(signal.SIGINT)
            self.assertEqual(follower.wait(), -signal.SIGINT)


class Otherwise(TraceCase):
    def test_following_ends_with_the_host(self):
        self.mount()
        command = [*as_user(USER), str(MDEVSIM), "trace", "--follow", "--json", "--operation", "write", str(self.directory)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(USER)) as follower:
            for number in (1, 2):
                self.write(CREATE, uuid(number))
                self.assertEqual(json.loads(follower.stdout.readline())["text"], uuid(number))
            for server in self.servers():
                if server != follower.pid and "mdevsim-server" in pathlib.Path(f"/proc/{server}/cmdline").read_text():
                    os.kill(server, signal.SIGTERM)
            stdout, stderr = follower.communicate()
        self.assertEqual((follower.returncode, stdout, stderr), (0, "", ""))
        ends(lambda: self.mounts() == [], "the mount's end")

    def test_several_hosts_have_a_trace_each(self):
        file = pathlib.Path(self.work.name, "two.toml")
        file.write_text(TWO_HOSTS)
        self.mount(host=file)
        self.addCleanup(self.unmount)
        self.write("beta/class/mdev_bus/mtty/mdev_supported_types/mtty-7/create", uuid(7))
        for host, expected in (("alpha", set()), ("beta", {("beta", uuid(7))})):
            result = self.as_caller(MDEVSIM, "trace", "--json", "--operation", "write", self.directory / host)
            seen = {(line["host"], line["text"]) for line in map(json.loads, result.stdout.splitlines())}
            self.assertEqual(seen, expected)

    def test_without_a_trace_it_says_so(self):
        self.mount("--no-trace")
        self.addCleanup(self.unmount)
        result = self.as_caller(MDEVSIM, "trace", self.directory)
        self.assertEqual((result.returncode, result.stderr),
                         (1, f"mdevsim: error: the host at {self.directory} was started with --no-trace\n"))

    def test_what_is_no_host(self):
        result = self.as_caller(MDEVSIM, "trace", self.directory)
        self.assertEqual(result.returncode, 1)
        self.assertIn("is not the /sys of a simulated host; name the directory", result.stderr)


class InsideARun(SimulatedHostCase):
    def test_the_default_is_the_sys_that_is_seen(self):
        printed = self.inside(f"""
            printf {uuid(1)} > {MTTY}/mtty-2/create
            {MDEVSIM} trace --operation write --json""")
        (write,) = map(json.loads, printed.splitlines())
        self.assertEqual((write["comm"], write["text"]), ("sh", uuid(1)))

    def test_from_outside_by_a_process_that_sees_it(self):
        command = [*as_user(USER), str(MDEVSIM), "run", str(self.host), "--", "sh", "-c",
                   f"printf {uuid(1)} > {MTTY}/mtty-2/create; echo ready; exec cat"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment(USER), cwd="/") as running:
            self.assertEqual(running.stdout.readline(), "ready\n")
            inside = [pid for pid in descendants(running.pid) if pathlib.Path(f"/proc/{pid}/comm").read_text() in ("sh\n", "cat\n")]
            result = subprocess.run([*as_user(USER), str(MDEVSIM), "trace", "--inside", str(inside[0]), "--operation", "write"],
                                    capture_output=True, text=True, env=environment(USER), check=False)
            running.stdin.close()
            running.wait()
        self.assertIn(f'"{uuid(1)}" = OK, 36 bytes', result.stdout, result.stderr)


def descendants(pid):
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children] + [below for child in children for below in descendants(int(child))]


if __name__ == "__main__":
    unittest.main()
