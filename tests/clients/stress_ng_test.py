#!/usr/bin/env python3
"""stress-ng --sysfs: reads, seeks in, maps and writes to every file that it finds. Never as real root: it writes to the machine's knobs."""

import os
import re
import unittest

from simulated import MTTY, SimulatedHostCase, uuid

WORKERS = 4
SECONDS = os.environ.get("MDEVSIM_SOAK_SECONDS", "10")
OPERATIONS_MIN = 1000


class StressNg(SimulatedHostCase):
    clients = ("stress-ng",)

    def operations(self):
        """How much stress-ng did in one host. It ends with 0 as well when it could do nothing, so the count is what says."""
        printed = self.inside(f"""
            printf {uuid(1)} > {MTTY}/mtty-2/create
            work=$(mktemp -d)
            stress-ng --sysfs {WORKERS} --timeout {SECONDS} --metrics-brief --stdout --temp-path $work
            rm -r $work
            ls /sys/bus/mdev/devices
            cat {MTTY}/mtty-2/available_instances""")
        self.assertTrue(printed.endswith(f"\n{uuid(1)}\n11\n"), "the host is not as it was:\n" + printed)
        return int(re.search(r"\bsysfs +(\d+) ", printed)[1])

    def test_thousands_of_operations_leave_the_simulated_host_as_it_was(self):
        total = 0
        while total < OPERATIONS_MIN:  # a slow server (memcheck) takes some rounds
            done = self.operations()
            self.assertGreater(done, 0)
            total += done


if __name__ == "__main__":
    unittest.main()
