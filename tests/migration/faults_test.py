#!/usr/bin/env python3
"""What goes wrong with a device's files in migration: rules that strike, streams that are refused, and what is logged of it."""

import errno
import os
import re
import subprocess
import time

from launched import ends
from migrating import MDEVSIM, USER, MigrationCase, environment, hosts_of, main, uuid, write_all

SMALL = hosts_of('{ memory = "256KiB", features = ["stop-copy", "p2p", "pre-copy"] }')


class FaultsCase(MigrationCase):
    def setUp(self):
        super().setUp()
        self.source, self.target = self.device(1), self.device(11)
        self.faults = self.work / "sys/alpha/kernel/mdevsim/faults"

    def mount(self, text=None, name="sys"):
        self.log = self.serve(SMALL, "--log-level", "info", name=name)

    def counts(self):
        """How often the only rule was looked at, and how often it struck."""
        return tuple(map(int, re.search(r"seen=(\d+) struck=(\d+)", self.faults.read_text()).groups()))


class Rules(FaultsCase):
    def test_a_late_answer_to_a_state_that_is_there_at_once(self):
        self.faults.write_text("at=save delay=3600s times=1")
        writer = subprocess.Popen(["sh", "-c", f"echo stop_copy > {self.source.path}/state"], env=environment(USER), stderr=subprocess.DEVNULL)
        self.addCleanup(writer.wait)
        self.addCleanup(self.server.terminate)  # which lets it go
        ends(lambda: self.source.state == "STOP_COPY", "the state")
        self.assertIsNone(writer.poll())
        self.assertEqual(self.counts(), (1, 1))
        fd = self.source.open()
        self.addCleanup(os.close, fd)
        self.assertEqual(os.read(fd, 8), b"mdevsim\n")

    def test_a_refusal_can_be_late_and_changes_nothing(self):
        self.faults.write_text("at=save errno=EBUSY delay=300ms times=1")
        began = time.monotonic()
        self.assert_errno(errno.EBUSY, setattr, self.source, "state", "stop_copy")
        self.assertGreaterEqual(time.monotonic() - began, 0.3)
        self.assertEqual(self.source.state, "RUNNING")
        self.source.state = "stop_copy"

    def test_what_a_holder_refuses_anyway_is_not_counted(self):
        self.faults.write_text("at=save errno=EIO times=1")
        fd = os.open(self.source.path / "state", os.O_RDWR)
        self.addCleanup(os.close, fd)
        self.assert_errno(errno.EBUSY, setattr, self.source, "state", "stop_copy")
        self.assertEqual(self.counts(), (0, 0))
        self.assert_errno(errno.EIO, os.write, fd, b"stop_copy")
        self.assertEqual(self.counts(), (1, 1))
        os.write(fd, b"stop_copy")
        self.assertEqual(self.counts(), (2, 1))


class RefusedStreams(FaultsCase):
    def logged_after_writing(self, change):
        """The one line of the log about the source's stream, changed, as the target takes it."""
        self.source.state = "stop_copy"
        self.target.state = "resuming"
        reader, writer = self.source.open(), self.target.open(os.O_WRONLY)
        self.addCleanup(os.close, reader)
        self.addCleanup(os.close, writer)
        stream = bytearray(b"".join(iter(lambda: os.read(reader, 1 << 20), b"")))
        change(stream)
        self.assert_errno(errno.EFAULT, write_all, writer, bytes(stream))
        self.assert_errno(errno.EINVAL, setattr, self.target, "state", "running")
        self.assertEqual(self.target.state, "RESUMING")
        prefix = f"mdevsim-server: pid {os.getpid()}: EFAULT: "
        lines = [line for line in self.log.read_text().splitlines() if line.startswith(prefix)]
        self.assertEqual(len(lines), 1, self.log.read_text())
        path, reason = lines[0].removeprefix(prefix).split(": ", 1)
        self.assertTrue(path.endswith(f"/kernel/mdevsim/devices/{uuid(11)}/data"), path)
        return reason

    def test_a_damaged_one_is_logged_with_the_reason(self):
        def damage(stream):
            stream[5000] ^= 1

        self.assertEqual("stream, record 1: it is damaged", self.logged_after_writing(damage))

    def test_one_of_another_version_of_the_format_is_told_by_its_version(self):
        """Its checksum is not looked at: another version may have it elsewhere."""
        def make_newer(stream):
            self.assertEqual(stream[8:12], b"\1\0\0\0")
            stream[8] = 2

        self.assertIn("version 2 of the format is not 1", self.logged_after_writing(make_newer))

    def test_what_is_no_stream_at_all(self):
        def overwrite(stream):
            stream[:8] = b"QEVM\0\0\0\3"

        self.assertIn("this is no stream of mdevsim", self.logged_after_writing(overwrite))


class Terminal(FaultsCase):
    """What mdevsim migrate shows of its progress."""

    def migrate_with_stderr(self, stderr):
        return subprocess.run([str(MDEVSIM), "migrate", str(self.source.path), str(self.target.path)], env=environment(USER),
                              stdout=subprocess.PIPE, stderr=stderr, text=True, check=True)

    def test_a_bar_that_is_gone_at_the_end(self):
        ours, its = os.openpty()
        self.addCleanup(os.close, ours)
        moved = self.migrate_with_stderr(its)
        os.close(its)
        shown = b""
        try:
            while piece := os.read(ours, 1 << 16):
                shown += piece
        except OSError as error:  # a terminal that nobody else has any more
            self.assertEqual(error.errno, errno.EIO)
        *lines, blank, rest = shown.decode().split("\r")[1:]
        bar = re.compile(r"round (\d+) +\[(?=.{30}\])(#*) *\] [0-9.]+ (?:B|KiB), [0-9.]+ (?:B|KiB) left *$")
        seen = [(int(round_), len(done)) for round_, done in (bar.match(line).groups() for line in lines)]
        self.assertGreaterEqual(len(seen), 2)
        self.assertEqual(seen, sorted(seen))
        self.assertEqual(seen[-1], (2, 30))
        self.assertEqual((blank, rest), (" " * max(map(len, lines)), ""))
        self.assertNotIn("round ", moved.stdout)
        self.assertIn("moved ", moved.stdout)

    def test_nothing_where_there_is_no_terminal(self):
        self.assertEqual(self.migrate_with_stderr(subprocess.PIPE).stderr, "")


if __name__ == "__main__":
    main()
