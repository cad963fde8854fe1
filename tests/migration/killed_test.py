#!/usr/bin/env python3
"""Movers that die, at any moment: exactly one of the source and the target is the device afterwards."""

import os
import signal
import subprocess
import unittest

from migrating import MDEVSIM, SECONDS_MAX, USER, MigrationCase, copy_stream, environment, hosts_of, hosts_to_configure, main

WORKING = '{ memory = "1MiB", dirty_rate = "8MiB/s", features = ["stop-copy", "p2p", "pre-copy"] }'
# What a mover has done with the files when it has done so many of these is the same in every run.
CALLS = ("openat", "read", "write")  # strace counts each of them by itself


class KilledCase(MigrationCase):
    hosts = hosts_of(WORKING)

    def setUp(self):
        super().setUp()
        self.source, self.target = self.device(1), self.device(11)
        self.configured = self.target.read("configuration")
        self.pristine = self.at_rest(self.target)

    def begin_again(self):
        for device in (self.source, self.target):
            self.let_go(device)
            device.write("reset", "1")
        self.configure(self.target, self.configured)

    def migrate_under(self, *strace):
        """Runs the mover with a signal that strace injects. How it ended, as a shell tells it."""
        # LeakSanitizer cannot work in a process that is traced.
        traced = environment(USER) | {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}
        mover = subprocess.run(["strace", "-qq", "-o", os.devnull, *strace, str(MDEVSIM), "migrate", str(self.source.path), str(self.target.path)],
                               env=traced, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, timeout=SECONDS_MAX)
        return mover.returncode

    def who_is_the_device(self):
        """The one of the two that is; fails when it is none, or both."""
        self.let_go(self.source)
        self.let_go(self.target)
        self.assertEqual(self.target.state, "RUNNING")
        if self.source.state == "RUNNING":
            self.assertEqual(self.target.read("configuration"), self.configured)
            self.assertEqual(self.at_rest(self.target), self.pristine)
            return self.source
        self.assertIn(self.source.state, ("STOP", "STOP_COPY"))
        self.assertEqual(self.source.digest, self.at_rest(self.target))
        return self.target

    def kill_at_every_call(self):
        """The number of moments at which a mover was killed, and those of the two that were the device then."""
        devices = [path for call in CALLS for path in self.kill_at_every(call)]
        return len(devices), set(devices)

    def kill_at_every(self, call):
        devices = []
        for number in range(1, 1000):
            self.begin_again()
            status = self.migrate_under("-e", f"inject={call}:signal=KILL:when={number}")
            if status == 0:
                return devices
            self.assertEqual(status, -signal.SIGKILL, f"{call} {number}")
            with self.subTest(call=call, number=number):
                devices.append(self.who_is_the_device().path)
        return self.fail("the mover does not end")


class OneServer(KilledCase):
    def test_killed_at_every_call(self):
        moments, devices = self.kill_at_every_call()
        self.assertGreater(moments, 30)
        self.assertEqual(devices, {self.source.path, self.target.path})

    def test_nobody_needs_to_be_killed(self):
        self.assertEqual(self.migrate_under("-e", f"trace={','.join(CALLS)}"), 0)
        self.assertEqual(self.who_is_the_device(), self.target)


class TargetToBeConfigured(OneServer):
    hosts = hosts_to_configure(WORKING)


class TwoServers(KilledCase):
    def setUp(self):
        super().setUp()
        self.mount(self.hosts, name="other")
        self.target = self.device(11, name="other")

    def commit_of(self, device):
        return device.read("commit").strip()

    def test_killed_at_every_call(self):
        moments, devices = self.kill_at_every_call()
        self.assertGreater(moments, 30)
        self.assertIn(self.source.path, devices)

    def test_the_process_that_hands_over_is_killed_at_every_write(self):
        for device, number, expected in ((self.source, 1, self.source), (self.target, 1, self.source), (self.source, 2, self.target)):
            with self.subTest(device=device.path, write=number):
                self.begin_again()
                # Of the mover itself no write goes to that file before the other process has died.
                status = self.migrate_under("-f", "-P", str(device.path / "commit"), "-e", f"inject=write:signal=KILL:when={number}")
                self.assertEqual(status, 0 if expected is self.target else 1)
                self.assertEqual(self.who_is_the_device(), expected)

    def die_in_the_handover(self, *steps):
        """As both processes of a mover do that are killed at once."""
        holds = [os.open(device.path / "state", os.O_RDWR) for device in (self.source, self.target)]
        for fd, states in zip(holds, ((b"stop_copy",), (b"resuming",))):
            for state in states:
                os.write(fd, state)
        copy_stream(self.source, self.target)
        os.write(holds[1], b"stop")
        for device, step in steps:
            device.write("commit", step)
        for fd in holds:
            os.close(fd)
        self.let_go(self.source)
        self.let_go(self.target)

    def test_a_promised_source_that_was_taken_is_given_by_the_same_command_again(self):
        self.die_in_the_handover((self.source, "promise t1"), (self.target, "take t1"))
        self.assertEqual((self.source.state, self.target.state), ("STOP_COPY", "RUNNING"))
        self.assertEqual((self.commit_of(self.source), self.commit_of(self.target)), ("promised t1", "taken t1"))
        figures = self.migrate_json(self.source, self.target)
        self.assertEqual((figures["result"], figures["rounds"]), ("moved", []))
        self.assertEqual(self.commit_of(self.source), "given t1")
        self.assertEqual(self.who_is_the_device(), self.target)

    def test_a_promised_source_is_given_after_its_target_was_moved_on(self):
        self.die_in_the_handover((self.source, "promise t1"), (self.target, "take t1"))
        third = self.device(11)
        self.assertEqual(self.migrate_json(self.target, third)["result"], "moved")
        self.assertRegex(self.commit_of(self.target), r"^given \w+\ntaken t1$")
        self.assertEqual(self.migrate_json(self.source, self.target)["result"], "moved")
        self.assertEqual(self.commit_of(self.source), "given t1")
        self.assertEqual([device.state for device in (self.source, self.target, third)], ["STOP", "STOP", "RUNNING"])

    def test_a_promised_source_is_given_after_its_target_could_not_be_moved_on(self):
        self.die_in_the_handover((self.source, "promise t1"), (self.target, "take t1"))
        (self.work / "sys/beta/kernel/mdevsim/faults").write_text("operation=write path=*/commit errno=EIO times=1\n")
        self.migrate(self.target, self.device(11), status=1)
        self.becomes(self.target, "RUNNING")
        self.assertEqual(self.commit_of(self.target), "taken t1")
        self.assertEqual(self.migrate_json(self.source, self.target)["result"], "moved")
        self.assertEqual(self.commit_of(self.source), "given t1")

    def test_a_promised_source_that_was_not_taken_waits_for_whoever_knows(self):
        self.die_in_the_handover((self.source, "promise t1"))
        self.assertEqual((self.source.state, self.target.state), ("STOP_COPY", "RUNNING"))
        self.assertEqual(self.at_rest(self.target), self.pristine)
        self.migrate(self.source, self.target, status=1)
        self.assertIn("has not taken it", self.stderr)
        self.assertEqual(self.source.state, "STOP_COPY")
        self.source.state = "running"
        self.assertEqual(self.commit_of(self.source), "none")
        self.assertEqual(self.migrate_json(self.source, self.target)["result"], "moved")


class EndsOfAPipe(KilledCase):
    """By hand: the reader or the writer of a stream is killed in the middle of it."""

    hosts = hosts_of('{ memory = "4MiB", features = ["stop-copy", "p2p", "pre-copy"] }')

    def begin(self):
        self.source.state = "stop_copy"
        self.target.state = "resuming"

    def kill_at(self, calls, number, *words):
        """A program that copies from the source to the target, killed at the number-th of these calls to `data`."""
        files = [option for device in (self.source, self.target) for option in ("-P", str(device.path / "data"))]
        with open(self.target.path / "data", "wb", buffering=0) as target:
            result = subprocess.run(["strace", "-qq", "-o", os.devnull, *files, "-e", f"inject={calls}:signal=KILL:when={number}", *map(str, words)],
                                    stdout=target, env=environment(USER), check=False, timeout=SECONDS_MAX)
        self.assertEqual(result.returncode, -signal.SIGKILL)

    def test_the_source_goes_on_where_it_was_and_the_target_loads_nothing(self):
        for calls, words in (("read", ("dd", f"if={self.source.path}/data", "bs=64k", "status=none")),
                             ("write", ("dd", f"if={self.source.path}/data", "bs=64k", "status=none")),
                             ("read,copy_file_range,splice", ("cat", self.source.path / "data"))):
            with self.subTest(calls=calls, command=words[0]):
                self.begin_again()
                self.begin()
                self.kill_at(calls, 3, *words)
                self.assertEqual((self.source.state, self.target.state), ("STOP_COPY", "RESUMING"))
                self.assertRaises(OSError, setattr, self.target, "state", "running")
                self.source.state = "running"
                self.target.write("reset", "1")
                self.assertEqual(self.who_is_the_device(), self.source)
                # Nothing is left of it that would be in the way of the next one.
                self.begin()
                copy_stream(self.source, self.target)
                self.target.state = "stop"
                self.assertEqual(self.target.digest, self.source.digest)

    def test_a_holder_that_dies_with_its_copier_undoes_all(self):
        for number in (1, 2, 3):
            with self.subTest(call=number):
                self.begin_again()
                holds = [os.open(device.path / "state", os.O_RDWR) for device in (self.source, self.target)]
                for fd, state in zip(holds, (b"stop_copy", b"resuming")):
                    os.write(fd, state)
                self.kill_at("write", number, "dd", f"if={self.source.path}/data", "bs=64k", "status=none")
                for fd in holds:
                    os.close(fd)
                self.assertEqual(self.who_is_the_device(), self.source)


if __name__ == "__main__":
    main()
