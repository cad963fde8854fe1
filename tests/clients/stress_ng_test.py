#!/usr/bin/env python3
"""stress-ng --sysfs: reads, seeks in, maps and writes to every file that it finds. Never as real root: it writes to the machine's knobs."""

import os
import re
import unittest

from simulated import MTTY, SimulatedHostCase, uuid

WORKERS = 4


class StressNg(SimulatedHostCase):
    clients = ("stress-ng",)

    def test_thousands_of_operations_leave_the_simulated_host_as_it_was(self):
        # By operations, not by time, so that a slow server is worked on as hard; make soak works by time.
        seconds = os.environ.get("MDEVSIM_SOAK_SECONDS")
        limit = f"--timeout {seconds}" if seconds else "--timeout 1000 --sysfs-ops 2000"
        printed = self.inside(f"""
            printf {uuid(1)} > {MTTY}/mtty-2/create
            work=$(mktemp -d)
            stress-ng --sysfs {WORKERS} {limit} --metrics-brief --stdout --temp-path $work
            rm -r $work
            ls /sys/bus/mdev/devices
            cat {MTTY}/mtty-2/available_instances""")
        operations = re.search(r"\bsysfs +(\d+) ", printed)
        self.assertIsNotNone(operations, printed)
        self.assertGreaterEqual(int(operations[1]), 1000, printed)
        self.assertTrue(printed.endswith(f"\n{uuid(1)}\n11\n"), printed)


if __name__ == "__main__":
    unittest.main()
