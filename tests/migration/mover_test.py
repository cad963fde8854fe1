#!/usr/bin/env python3
"""mdevsim migrate: between two hosts of one server and of two."""

import os
import re
import subprocess

from migrating import MDEVSIM, MigrationCase, environment, hosts_of, main, USER

PRE_COPY = 'features = ["stop-copy", "p2p", "pre-copy"]'


class Mover(MigrationCase):
    def test_a_working_device_migrates(self):
        source, target = self.device(2), self.device(12)
        figures = self.migrate_json(source, target)
        self.assertEqual(figures["result"], "moved")
        self.assertGreaterEqual(len(figures["rounds"]), 2)
        self.assertEqual(figures["rounds"][-1]["left_bytes"], 0)
        self.assertEqual((source.state, target.state), ("STOP", "RUNNING"))
        self.assertEqual(figures["digest"], source.digest)
        self.assertEqual(figures["digest"], self.at_rest(target))

    def test_the_target_is_configured_to_fit(self):
        source, target = self.device(1), self.device(11)
        figures = self.migrate_json(source, target)
        self.assertTrue(figures["configured"])
        self.assertEqual(source.read("identity"), target.read("identity"))

    def test_a_target_that_cannot_fit_is_refused_before_anything_is_done(self):
        figures = self.migrate_json(self.device(11), self.device(1), status=6)
        self.assertEqual(figures["result"], "refused")
        self.assertEqual((self.device(11).state, self.device(1).state), ("RUNNING", "RUNNING"))
        self.assertIn("refused", self.stderr)

    def test_a_device_without_pre_copy_stands_still_meanwhile(self):
        figures = self.migrate_json(self.device(3), self.device(13))
        self.assertEqual(len(figures["rounds"]), 1)
        self.assertEqual(figures["downtime_us"], figures["time_us"])
        self.assertEqual(self.device(3).digest, self.device(13).digest)

    def test_with_a_bandwidth_time_is_what_the_bytes_take(self):
        figures = self.migrate_json(self.device(2), self.device(12), "--bandwidth", "100MiB/s")
        rate = 100 << 20
        for each in [*figures["rounds"], figures]:
            self.assertAlmostEqual(each["time_us"], each["bytes"] * 1e6 / rate, delta=2)
        first = figures["rounds"][0]
        # 4 MiB/s are written while about 50 MiB go over at 100 MiB/s.
        self.assertLess(first["left_bytes"], 4 << 20)
        self.assertGreater(first["left_bytes"], 1 << 20)

    def test_the_figures_of_a_bandwidth_are_the_same_every_time(self):
        runs = []
        for name in ("first", "second"):
            self.mount(name=name)
            runs.append(self.migrate_json(self.device(2, name), self.device(12, name), "--bandwidth", "64MiB/s"))
        for figures in runs:
            del figures["source"], figures["target"]
        self.assertEqual(*runs)

    def test_a_device_that_writes_faster_than_the_wire_does_not_converge(self):
        source, target = self.device(4), self.device(14)
        pristine = self.at_rest(target)
        figures = self.migrate_json(source, target, "--bandwidth", "10MiB/s", "--downtime-limit", "10ms", "--rounds", "5", status=5)
        self.assertEqual(figures["result"], "not converged")
        self.assertEqual(len(figures["rounds"]), 5)
        self.assert_undone(source, target, pristine)

    def test_a_busy_target_is_told(self):
        source, target = self.device(2), self.device(12)
        fd = os.open(target.path / "state", os.O_RDWR)
        self.addCleanup(os.close, fd)
        self.migrate(source, target, status=1)
        self.assertIn("Device or resource busy", self.stderr)
        self.becomes(source, "RUNNING")

    def test_of_two_movers_of_one_device_one_migrates_it(self):
        source, targets = self.device(2), [self.device(11), self.device(12)]
        pristine = {target.path: self.at_rest(target) for target in targets}
        movers = [subprocess.Popen([str(MDEVSIM), "migrate", str(source.path), str(target.path)], env=environment(USER),
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for target in targets]
        ended = [mover.wait() for mover in movers]
        self.assertEqual(sorted(ended), [0, 1])
        for target, status in zip(targets, ended):
            self.becomes(target, "RUNNING")
            self.assertEqual(self.at_rest(target), source.digest if status == 0 else pristine[target.path])

    def test_a_stopped_source_is_not_woken(self):
        source = self.device(2)
        source.state = "stop"
        self.migrate(source, self.device(12), status=1)
        self.assertIn("STOP", self.stderr)
        self.assertEqual(source.state, "STOP")

    def test_usage_errors_tell_what_is_wrong(self):
        source, target = self.device(2), self.device(12)
        for options in (["--bandwidth", "fast"], ["--downtime-limit", "3"], ["--rounds", "0"]):
            self.migrate(source, target, *options, status=2)
            self.assertIn(options[1], self.stderr)
        result = self.run_words(MDEVSIM, "migrate", "/tmp", target.path)
        self.assertEqual(result.returncode, 1)
        self.assertIn("no simulated device", result.stderr)

    def test_a_failure_ends_with_the_command_that_shows_it_again(self):
        self.migrate(self.device(11), self.device(1), status=6)
        self.assertRegex(self.stderr.splitlines()[-1], re.escape(f"mdevsim migrate {self.device(11).path}"))


class OutOfMemory(MigrationCase):
    hosts = hosts_of(f'{{ memory = "4MiB", {PRE_COPY} }}').replace("[host.beta]\n", '[host.beta]\nstate_memory = "1MiB"\n', 1)

    def test_a_target_without_the_memory_is_told_and_the_source_runs_on(self):
        source, target = self.device(1), self.device(11)
        self.migrate(source, target, status=1)
        self.assertIn("Cannot allocate memory", self.stderr)
        self.becomes(source, "RUNNING")
        self.assertEqual(target.state, "RUNNING")


class OtherServer(MigrationCase):
    hosts = hosts_of(f'{{ memory = "4MiB", {PRE_COPY} }}')

    def test_hosts_of_two_servers(self):
        self.mount(self.hosts, name="other")
        source, target = self.device(1), self.device(11, name="other")
        figures = self.migrate_json(source, target)
        self.assertEqual(figures["digest"], self.at_rest(target))
        self.assertEqual(source.state, "STOP")


class Large(MigrationCase):
    hosts = hosts_of(f'{{ memory = "1GiB", dirty_rate = "64MiB/s", pattern = "hot-set", hot_set = "16MiB", {PRE_COPY} }}')

    def test_a_gibibyte_migrates(self):
        source, target = self.device(1), self.device(11)
        figures = self.migrate_json(source, target)
        self.assertGreater(figures["bytes"], 1 << 30)
        self.assertEqual(source.digest, self.at_rest(target))


class Sparse(MigrationCase):
    hosts = hosts_of(f'{{ memory = "8GiB", sparse = true, zero_pages = 99, {PRE_COPY} }}', memory="512MiB")

    def test_holes_cost_neither_memory_nor_bytes(self):
        source, target = self.device(1), self.device(11)
        figures = self.migrate_json(source, target)
        self.assertLess(figures["bytes"], 512 << 20)
        self.assertEqual(source.digest, self.at_rest(target))


if __name__ == "__main__":
    main()
