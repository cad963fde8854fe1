#!/usr/bin/env python3
"""Many clients at once: atomic creation, and a short soak of everything together (make soak: a long one)."""

import os
import unittest

from simulated import HELPER, MDPY, MTTY, SimulatedHostCase

ROUNDS = 5
SECONDS = os.environ.get("MDEVSIM_SOAK_SECONDS", "5")

# The soak has the machine to itself, and there nobody may sleep uninterruptibly for longer than a second. Beside other
# tests, and with an instrumented server, one may wait longer for another to be done with the same directory.
ASLEEP_SECONDS = 1 if "MDEVSIM_SOAK_SECONDS" in os.environ else 30

PARENT = "/sys/devices/virtual/mtty/mtty"


class Races(SimulatedHostCase):
    def race(self, kind, folder):
        """64 processes create at once, again and again; what each round gave, and what is left at the end."""
        return self.inside(f"""
            for round in $(seq {ROUNDS}); do
                {HELPER} race {kind} {folder} 64
                for instance in /sys/bus/mdev/devices/*; do echo 1 > $instance/remove; done
            done
            cat {folder}/available_instances
            ls /sys/bus/mdev/devices""").splitlines()

    def test_of_64_processes_with_one_uuid_exactly_one_wins(self):
        self.assertEqual(self.race("same", f"{MTTY}/mtty-1"), ["ok(36)=1 EEXIST=63"] * ROUNDS + ["24"])

    def test_of_64_processes_on_24_instances_exactly_24_succeed(self):
        self.assertEqual(self.race("different", f"{MTTY}/mtty-1"), ["ok(36)=24 ENOSPC=40"] * ROUNDS + ["24"])

    def test_of_64_processes_on_a_parent_that_the_core_counts_exactly_four_succeed(self):
        self.assertEqual(self.race("different", f"{MDPY}/mdpy-vga"), ["ok(36)=4 EUSERS=60"] * ROUNDS + ["4"])

    def test_a_name_that_many_look_up_while_one_of_them_removes_it_is_gone_afterwards(self):
        rounds = 2000
        printed = self.inside(f"{HELPER} removals {PARENT} {MTTY}/mtty-1 {rounds}")
        self.assertEqual(printed, f"0 of {rounds}\n")


class Soak(SimulatedHostCase):
    def test_create_read_remove_walk_and_notify_together(self):
        printed = self.inside(f"{HELPER} soak {SECONDS} {PARENT} mtty-2 {ASLEEP_SECONDS}")
        self.assertRegex(printed, r"^\d+ operations, 0 failures, afterwards avail=12 ndevices=0\n$")


if __name__ == "__main__":
    unittest.main()
