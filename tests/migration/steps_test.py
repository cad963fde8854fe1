#!/usr/bin/env python3
"""A mover of which each step fails in turn: exactly one of the source and the target is the device afterwards, and nothing is
left of the attempt that would be in the way of the next."""

import itertools
import json
import re
import subprocess

from migrating import MDEVSIM, SECONDS_MAX, USER, MigrationCase, environment, hosts_to_configure, main

STATE = '{ memory = "2MiB", sections = [{ name = "rss-table", size = "4KiB", when = "rss" }], features = ["stop-copy", "p2p", "pre-copy"] }'

# What a rule can strike of a mover, and with which errno. Each is tried at the source and at the target, at the first
# occurrence, the second, … until the migration ends without having come to one. A mover takes some answers for more than a
# failure: ENOMSG for the end of a round, EINVAL and EFAULT for a refusal.
STRIKES = (
    ("operation=open", "EIO"),
    ("operation=read", "EIO"),
    ("operation=read", "ENOMSG"),
    ("operation=write", "EIO"),
    ("operation=write", "EINVAL"),
    ("operation=write", "EFAULT"),
)
POINTS = ("at=save", "at=load")


class StepsCase(MigrationCase):
    # The target is to be configured: only then it takes the source's state.
    hosts = hosts_to_configure(STATE)
    other_server = False

    def setUp(self):
        super().setUp()
        self.target_server = self.mount(self.hosts, name="other").name if self.other_server else "sys"
        self.source, self.target = self.device(1), self.device(11, self.target_server)
        self.host_of = {self.source: self.work / "sys" / "alpha", self.target: self.work / self.target_server / "beta"}
        self.configured = self.target.read("configuration")
        self.source_digest = self.at_rest(self.source)
        self.pristine = self.at_rest(self.target)

    def begin_again(self):
        for device in (self.source, self.target):
            self.let_go(device)
            device.write("reset", "1")
        self.configure(self.target, self.configured)

    def mover(self):
        return subprocess.run([str(MDEVSIM), "migrate", "--json", str(self.source.path), str(self.target.path)], env=environment(USER),
                              capture_output=True, text=True, check=False, timeout=SECONDS_MAX)

    def under_rules(self, rules):
        """Runs a mover under rules of the hosts of the source and of the target. It, and how often the rules have struck."""
        for side, rule in rules.items():
            (self.host_of[side] / "kernel/mdevsim/faults").write_text(f"{rule}\n")
        mover = self.mover()
        struck = 0
        for side in rules:
            faults = self.host_of[side] / "kernel/mdevsim/faults"
            struck += sum(map(int, re.findall(r"struck=(\d+)", faults.read_text())))
            faults.write_text("remove=all\n")
        return mover, struck

    def who_is_the_device(self, mover):
        """The one of the two that is; fails when it is none, or both, or when the mover says otherwise."""
        figures = json.loads(mover.stdout)
        self.becomes(self.target, "RUNNING")
        self.let_go(self.source)
        if self.source.state == "RUNNING":
            self.assertNotEqual(mover.returncode, 0)
            self.assertNotEqual(figures["result"], "moved")
            self.assertIn("mdevsim: error: ", mover.stderr)
            self.assertEqual(self.at_rest(self.source), self.source_digest)
            self.assertEqual(self.target.read("configuration"), self.configured)
            self.assertEqual(self.at_rest(self.target), self.pristine)
            return self.source
        self.assertIn(self.source.state, ("STOP", "STOP_COPY"))
        self.assertEqual(mover.returncode, 0, mover.stderr)
        self.assertEqual((figures["result"], len(figures["rounds"])), ("moved", 2))
        self.assertNotIn("mdevsim: error: ", mover.stderr)
        self.assertEqual(self.at_rest(self.target), self.source_digest)
        return self.target

    def fail_at_every(self, side, rule):
        """Which of the two was the device after a failure at the first occurrence, the second, …"""
        devices = []
        for number in itertools.count():
            self.begin_again()
            mover, struck = self.under_rules({side: f"{rule} after={number} times=1"})
            with self.subTest(side=side.path, rule=rule, after=number):
                device = self.who_is_the_device(mover)
                if struck == 0:
                    self.assertEqual(device, self.target)
                if device == self.source:
                    self.assertEqual(self.who_is_the_device(self.mover()), self.target, "the next one")
            if struck == 0:
                return devices
            devices.append(device)
        return devices

    def fail_everywhere(self):
        for side, (operation, errno) in itertools.product((self.source, self.target), STRIKES):
            devices = self.fail_at_every(side, f"{operation} path=*/{side.path.name}/* command=mdevsim errno={errno}")
            self.assertGreaterEqual(len(devices), 5)
            # Its last step is the commit. Of a long write the kernel hides that a later piece was refused: it is written again.
            if side == self.target and operation != "operation=write":
                self.assertEqual(set(devices), {self.source})
        for side, point in ((self.source, "at=save"), (self.target, "at=load")):
            self.assertEqual(self.fail_at_every(side, f"{point} errno=EIO"), [self.source])


class OneServer(StepsCase):
    def test_a_failure_at_every_step(self):
        self.fail_everywhere()


class TwoServers(StepsCase):
    other_server = True

    def commits(self):
        """The words of the handover that both devices show, without its token."""
        return [device.read("commit").split()[0] for device in (self.source, self.target)]

    def finish(self):
        self.assertEqual(json.loads(self.mover().stdout)["result"], "moved")
        self.assertEqual(self.commits(), ["given", "taken"])
        self.assertEqual((self.source.state, self.target.state), ("STOP", "RUNNING"))
        self.assertEqual(self.at_rest(self.target), self.source_digest)

    def test_a_failure_at_every_step(self):
        self.fail_everywhere()

    def test_a_source_that_cannot_be_told_is_done_all_the_same(self):
        mover, struck = self.under_rules({self.source: "operation=write path=*/commit errno=EIO after=1"})
        self.assertEqual(struck, 2)
        self.assertEqual(self.who_is_the_device(mover), self.target)
        self.assertIn(f"mdevsim: warning: {self.source.path}/commit: Input/output error", mover.stderr)
        self.assertEqual(self.commits(), ["promised", "taken"])
        self.finish()

    def test_a_target_that_cannot_be_asked_may_be_the_device(self):
        mover, struck = self.under_rules({self.source: "operation=write path=*/commit errno=EIO after=1",
                                          self.target: "operation=read path=*/commit errno=EIO\noperation=write path=*/reset errno=EIO"})
        self.assertEqual((mover.returncode, struck), (1, 2))
        self.assertIn(f"mdevsim: warning: {self.source.path}: it is left as it is", mover.stderr)
        self.becomes(self.source, "STOP_COPY")
        self.becomes(self.target, "RUNNING")
        self.assertEqual(self.commits(), ["promised", "taken"])
        self.finish()


if __name__ == "__main__":
    main()
