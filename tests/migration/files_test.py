#!/usr/bin/env python3
"""Migration by hand: the files of a device, with nothing but cat, dd and echo."""

import errno
import os
import stat
import subprocess
import threading
import unittest

from migrating import DEVICES, PAIR, MigrationCase, copy_stream, hosts_of, main, uuid, write_all
from simulated import run

SMALL = '{ memory = "1MiB", features = ["stop-copy", "p2p", "pre-copy"] }'


class ByHand(MigrationCase):
    hosts = hosts_of(SMALL)

    def setUp(self):
        super().setUp()
        self.source, self.target = self.device(1), self.device(11)

    def begin(self):
        self.source.state = "stop_copy"
        self.target.state = "resuming"

    def copy(self, command):
        result = self.run_words("sh", "-c", command.format(source=self.source.path, target=self.target.path))
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_cat_migrates(self):
        self.begin()
        self.copy("cat {source}/data > {target}/data")
        self.target.state = "running"
        self.assertEqual(self.at_rest(self.target), self.source.digest)

    def test_dd_migrates_whatever_its_block_size(self):
        for size in ("1M", "4k", "777"):
            with self.subTest(size):
                self.begin()
                self.copy(f"dd if={{source}}/data of={{target}}/data bs={size} status=none")
                self.target.state = "stop"
                self.assertEqual(self.target.digest, self.source.digest)
                self.target.write("reset", "1")
                self.source.state = "running"

    def test_two_devices_hold_different_states_at_first(self):
        self.assertNotEqual(self.at_rest(self.source), self.at_rest(self.target))

    def test_a_stream_has_no_positions_and_no_size(self):
        self.begin()
        self.assertEqual(os.stat(self.source.path / "data").st_size, 0)
        fd = self.source.open()
        self.addCleanup(os.close, fd)
        self.assert_errno(errno.ESPIPE, os.lseek, fd, 0, os.SEEK_CUR)
        self.assert_errno(errno.ESPIPE, os.pread, fd, 10, 0)
        self.assertEqual(os.read(fd, 8), b"mdevsim\n")

    def test_a_stream_goes_one_way(self):
        self.assert_errno(errno.ENODEV, self.source.open)
        self.begin()
        self.assert_errno(errno.ENODEV, self.source.open, os.O_WRONLY)
        self.assert_errno(errno.ENODEV, self.target.open, os.O_RDONLY)
        self.assert_errno(errno.EINVAL, self.source.open, os.O_RDWR)

    def test_a_stream_ends_with_its_session(self):
        self.begin()
        reader, writer = self.source.open(), self.target.open(os.O_WRONLY)
        self.addCleanup(os.close, reader)
        self.addCleanup(os.close, writer)
        self.source.state = "running"
        self.target.write("reset", "1")
        self.assert_errno(errno.ENODEV, os.read, reader, 100)
        self.assert_errno(errno.ENODEV, os.write, writer, b"mdevsim\n")
        self.begin()
        self.assert_errno(errno.ENODEV, os.read, reader, 100)

    def test_the_end_of_a_round_is_a_temporary_one(self):
        self.source.state = "pre_copy"
        fd = self.source.open()
        self.addCleanup(os.close, fd)
        first = sum(iter(lambda: self.read_round(fd), 0))
        self.assertGreater(first, 1 << 20)
        self.assert_errno(errno.ENOMSG, os.read, fd, 1 << 20)
        self.assertEqual(self.source.read("precopy_info"), "initial_bytes 0\ndirty_bytes 0\n")
        self.source.state = "stop_copy"
        while os.read(fd, 1 << 20):
            pass
        self.assert_errno(errno.EINVAL, self.source.read, "precopy_info")

    def read_round(self, fd):
        try:
            return len(os.read(fd, 1 << 20))
        except OSError as error:
            self.assertEqual(error.errno, errno.ENOMSG)
            return 0

    def test_a_short_stream_is_refused_at_its_end(self):
        pristine = self.at_rest(self.target)
        self.begin()
        self.copy("head -c 100000 {source}/data > {target}/data")
        self.assert_errno(errno.EINVAL, setattr, self.target, "state", "running")
        self.assertEqual(self.target.state, "RESUMING")
        self.target.write("reset", "1")
        self.assertEqual(self.at_rest(self.target), pristine)

    def test_a_damaged_stream_is_refused_when_it_is_written(self):
        self.begin()
        reader, writer = self.source.open(), self.target.open(os.O_WRONLY)
        self.addCleanup(os.close, reader)
        self.addCleanup(os.close, writer)
        bytes_ = bytearray(os.read(reader, 65536))
        bytes_[5000] ^= 1
        bytes_ += os.read(reader, 1 << 20) + os.read(reader, 1 << 20)
        self.assert_errno(errno.EFAULT, write_all, writer, bytes(bytes_))
        self.assert_errno(errno.EINVAL, setattr, self.target, "state", "stop")

    def test_states_take_any_case_and_refuse_what_there_is_not(self):
        self.source.state = "StOp\n"
        self.assertEqual(self.source.read("state"), "STOP\n")
        for wrong in ("nothing", "error", "", "stop stop"):
            if wrong:
                self.assert_errno(errno.EINVAL, setattr, self.source, "state", wrong)
        self.source.state = "stop_copy"
        self.assert_errno(errno.EINVAL, setattr, self.source, "state", "pre_copy")

    def test_two_readers_share_one_stream(self):
        self.begin()
        readers = [self.source.open() for _ in range(2)]
        for fd in readers:
            self.addCleanup(os.close, fd)
        pieces = [os.read(fd, 1000) for fd in readers]
        self.assertTrue(pieces[0].startswith(b"mdevsim\n"))
        self.assertFalse(pieces[1].startswith(b"mdevsim\n"))

    def test_a_removed_device_ends_its_streams(self):
        self.begin()
        fd = self.source.open()
        self.addCleanup(os.close, fd)
        (self.work / "sys/alpha/bus/mdev/devices" / uuid(1) / "remove").write_text("1")
        self.assert_errno(errno.ENODEV, os.read, fd, 100)
        self.assertNotIn(uuid(1), os.listdir(self.work / "sys/alpha" / DEVICES))

    def test_others_are_served_while_a_stream_is_read(self):
        self.begin()
        stop = threading.Event()

        def look():
            while not stop.is_set():
                os.listdir(self.work / "sys/alpha/bus/mdev/devices")
                self.device(1).read("state")

        looker = threading.Thread(target=look)
        looker.start()
        self.copy("dd if={source}/data of={target}/data bs=512 status=none")
        stop.set()
        looker.join()
        self.target.state = "stop"
        self.assertEqual(self.target.digest, self.source.digest)

    def test_debugfs_shows_what_the_kernels_does(self):
        vfio = self.work / "sys/alpha/kernel/debug/vfio"
        self.assertEqual(os.listdir(vfio), [uuid(1)])
        migration = vfio / uuid(1) / "migration"
        self.assertEqual((migration / "state").read_text(), "RUNNING\n")
        self.assertEqual((migration / "features").read_text(), "stop-copy\np2p\npre-copy\ndirty-tracking\n")
        self.source.state = "pre_copy"
        self.assertEqual((migration / "state").read_text(), "PRE_COPY\n")
        (self.work / "sys/alpha/bus/mdev/devices" / uuid(1) / "remove").write_text("1")
        self.assertEqual(os.listdir(vfio), [])


class Holding(MigrationCase):
    """Who opens `state` for reading and writing holds the device; what was begun is undone when it is closed."""

    hosts = hosts_of('{ memory = "1MiB", dirty_rate = "1MiB/s", features = ["stop-copy", "p2p", "pre-copy"] }')

    def hold(self, device):
        return os.open(device.path / "state", os.O_RDWR)

    def test_one_mover_at_a_time(self):
        source = self.device(1)
        fd = self.hold(source)
        self.assert_errno(errno.EBUSY, self.hold, source)
        self.assert_errno(errno.EBUSY, setattr, source, "state", "stop")
        os.write(fd, b"stop")
        self.assertEqual(source.state, "STOP")
        os.close(fd)
        self.becomes(source, "RUNNING")

    def test_a_source_runs_on_from_every_state(self):
        for state in ("running_p2p", "stop", "stop_copy", "pre_copy", "pre_copy_p2p"):
            with self.subTest(state):
                source = self.device(1)
                fd = self.hold(source)
                os.write(fd, state.encode())
                os.close(fd)
                self.becomes(source, "RUNNING")

    def test_a_target_is_reset(self):
        target = self.device(11)
        pristine = self.at_rest(target)
        fd = self.hold(target)
        os.write(fd, b"resuming")
        data = target.open(os.O_WRONLY)
        self.assert_errno(errno.EFAULT, os.write, data, b"x" * 100)
        os.close(data)
        os.close(fd)
        self.becomes(target, "RUNNING")
        self.assertEqual(self.at_rest(target), pristine)

    def test_removing_waits_for_the_mover(self):
        source = self.device(1)
        fd = self.hold(source)
        remover = subprocess.Popen(["sh", "-c", f"echo 1 > {self.work}/sys/alpha/bus/mdev/devices/{uuid(1)}/remove"])
        while (self.work / "sys/alpha/bus/mdev/devices" / uuid(1)).exists():
            pass
        self.assertIsNone(remover.poll())
        os.write(fd, b"stop")
        os.close(fd)
        self.assertEqual(remover.wait(), 0)


class Promised(MigrationCase):
    """What there is of a device that just runs, by name: its mode, and what it reads as, or why it cannot be read."""

    FILES = {
        "state": (0o644, "RUNNING\n"),
        "data": (0o600, errno.ENODEV),
        "precopy_info": (0o444, errno.EINVAL),
        "stop_copy_size": (0o444, r"67\d{6}\n"),
        "digest": (0o444, errno.EBUSY),
        "dirty_rate": (0o644, "4194304\n"),
        "reset": (0o200, errno.EACCES),
        "bandwidth": (0o644, "0\n"),
        "commit": (0o644, "none\n"),
        "features": (0o444, "stop-copy\np2p\npre-copy\ndirty-tracking\n"),
        "identity": (0o444, "model vendor-a.com/card\nsection memory 67108864\nsection registers 16384\n"),
        "fit": (0o644, "0\n"),
    }
    KERNELS = {"state": (0o444, "RUNNING\n"), "features": FILES["features"]}

    def assert_files(self, directory, files):
        for name, (mode, content) in files.items():
            with self.subTest(name):
                status = (directory / name).stat()
                self.assertEqual(oct(stat.S_IMODE(status.st_mode)), oct(mode))
                self.assertTrue(stat.S_ISREG(status.st_mode))
                if isinstance(content, int):
                    self.assert_errno(content, (directory / name).read_text)
                else:
                    self.assertRegex((directory / name).read_text(), f"^{content}$")

    def test_the_files_of_a_device(self):
        self.assert_files(self.device(1).path, self.FILES)
        every_devices = {"device", "hold", "configuration", "modinfo"}
        self.assertEqual(set(os.listdir(self.device(1).path)), set(self.FILES) | every_devices)

    def test_the_kernels_files(self):
        migration = self.work / "sys/alpha/kernel/debug/vfio" / uuid(1) / "migration"
        self.assert_files(migration, self.KERNELS)
        self.assertEqual(set(os.listdir(migration)), set(self.KERNELS))
        self.assertEqual(oct(stat.S_IMODE(migration.stat().st_mode)), oct(0o755))


class Refused(MigrationCase):
    """The example's devices: versions that take each other's state, and ones that do not."""

    def test_a_target_that_does_not_fit_refuses_the_stream(self):
        source, target = self.device(1), self.device(11)
        source.state = "stop_copy"
        target.state = "resuming"
        result = self.run_words("sh", "-c", f"cat {source.path}/data > {target.path}/data")
        self.assertIn("Bad address", result.stderr)
        self.assert_errno(errno.EINVAL, setattr, target, "state", "running")

    def test_a_target_can_be_made_to_fit(self):
        source, target = self.device(1), self.device(11)
        target.write("fit", source.read("identity"))
        self.assertEqual(target.read("identity"), source.read("identity"))
        self.assert_errno(errno.EINVAL, source.write, "fit", self.device(12).read("identity"))

    def test_what_a_mover_makes_of_a_target_is_taken_back_when_nothing_was_loaded(self):
        source, target = self.device(1), self.device(11)
        before, identity = target.read("configuration"), source.read("identity")
        mover = target.open(os.O_RDWR, "fit")
        os.write(mover, identity.encode())
        self.assertEqual((target.read("identity"), target.read("fit")), (identity, "1\n"))
        self.assert_errno(errno.EBUSY, target.open, os.O_RDWR, "fit")
        self.assert_errno(errno.EBUSY, target.write, "configuration", before)
        os.close(mover)
        self.let_go(target)
        self.assertEqual(target.read("configuration"), before)

    def test_a_target_that_runs_what_it_loaded_stays_as_it_was_made_for_that(self):
        source, target = self.device(1), self.device(11)
        mover = target.open(os.O_RDWR, "fit")
        os.write(mover, source.read("identity").encode())
        source.state = "stop_copy"
        target.state = "resuming"
        copy_stream(source, target)
        target.state = "running"
        os.close(mover)
        self.let_go(target)
        self.assertEqual(target.read("identity"), source.read("identity"))
        self.assertEqual(self.at_rest(target), source.digest)

    def test_a_device_in_migration_keeps_its_configuration(self):
        source, target = self.device(1), self.device(11)
        target.state = "resuming"
        self.assert_errno(errno.EBUSY, target.write, "fit", source.read("identity"))

    def test_features_that_a_device_has_not_are_refused(self):
        port = self.device(3)
        for state in ("pre_copy", "running_p2p"):
            self.assert_errno(errno.EINVAL, setattr, port, "state", state)


class OutOfMemory(MigrationCase):
    hosts = hosts_of('{ memory = "64MiB" }', memory="16MiB")

    def test_a_device_that_does_not_fit_is_not_made(self):
        self.assert_errno(errno.ENOMEM, setattr, self.device(1), "state", "stop")
        self.assertEqual(self.device(1).state, "RUNNING")


class InRun(unittest.TestCase):
    def test_the_composed_sys_shows_them(self):
        script = f"cat /sys/kernel/debug/vfio/{uuid(1)}/migration/state /sys/{DEVICES}/{uuid(1)}/state"
        result = run(["sh", "-euc", script], PAIR, options=("--host", "alpha"))
        self.assertEqual((result.returncode, result.stdout), (0, "RUNNING\nRUNNING\n"), result.stderr)


if __name__ == "__main__":
    main()
