#!/usr/bin/env python3
"""A statically linked client: what is preloaded into programs never reaches it, a mount does."""

import struct
import unittest

from simulated import MTTY, PROBE, SimulatedHostCase


class StaticClient(SimulatedHostCase):
    def test_the_client_has_no_dynamic_linker(self):
        # The program headers of a 64-bit ELF file: offset at 32, size and number at 54. Type 3 names the dynamic linker.
        program = PROBE.read_bytes()
        (start,), (size, number) = struct.unpack_from("<Q", program, 32), struct.unpack_from("<HH", program, 54)
        types = [struct.unpack_from("<I", program, start + size * index)[0] for index in range(number)]
        self.assertIn(1, types)
        self.assertNotIn(3, types)

    def test_it_sees_the_simulated_sys(self):
        printed = self.inside(f"{PROBE} tree {MTTY}/mtty-2")
        name = f"tree.{MTTY}/mtty-2"
        self.assertIn(f'{name}/name\t17\t-\t-0444 size=4096 nlink=1 uid=0 "Dual port serial\\n"\n', printed)
        self.assertIn(f'{name}/available_instances\t3\t-\t-0444 size=4096 nlink=1 uid=0 "12\\n"\n', printed)

    def test_it_creates_and_removes(self):
        printed = self.inside(f"{PROBE} /sys devices/virtual/mtty/mtty mtty-2 -s create -w 0")
        self.assertIn("create.valid\t36\t-\tavail=11 ndevices=1 ", printed)
        self.assertIn("create.after_cleanup\t0\t-\tavail=12 ndevices=0\n", printed)


if __name__ == "__main__":
    unittest.main()
