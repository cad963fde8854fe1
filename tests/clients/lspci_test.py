#!/usr/bin/env python3
"""lspci: the bus as a whole, one function in detail, and the form that programs read."""

import unittest

from simulated import SimulatedHostCase

NETWORK_CARD = "00:06.0"
NVME = "01:00.0"


class Lspci(SimulatedHostCase):
    clients = ("lspci",)

    def test_numbers_of_every_function(self):
        self.assert_lines(self.inside("lspci -n"), """
            00:00.0 0600: 8086:29c0
            00:01.0 0300: 1234:1111 (rev 02)
            00:02.0 0002: 1af4:1009
            00:03.0 0604: 1b36:000c
            00:04.0 00ff: 1234:11e8 (rev 10)
            00:05.0 00ff: 1b36:0005
            00:06.0 0200: 8086:100e (rev 03)
            00:1f.0 0601: 8086:2918 (rev 02)
            00:1f.2 0106: 8086:2922 (rev 02)
            00:1f.3 0c05: 8086:2930 (rev 02)
            01:00.0 0108: 1b36:0010 (rev 02)
            """)

    def test_the_machine_readable_form_of_one_function(self):
        printed = self.inside(f"lspci -nDvmmk -s {NVME}")
        self.assertEqual([line.split("\t") for line in printed.splitlines() if line], [
            ["Slot:", "0000:01:00.0"],
            ["Class:", "0108"],
            ["Vendor:", "1b36"],
            ["Device:", "0010"],
            ["SVendor:", "1af4"],
            ["SDevice:", "1100"],
            ["Rev:", "02"],
            ["ProgIf:", "02"],
            ["IOMMUGroup:", "8"],
        ])

    def test_the_functions_in_detail_have_their_regions_interrupts_and_groups(self):
        printed = self.inside(f"lspci -nvvv -s {NETWORK_CARD}")
        for line in (
            "00:06.0 0200: 8086:100e (rev 03)",
            "\tSubsystem: 1af4:1100",
            "\tIOMMU group: 6",
            "\tRegion 0: Memory at feb40000 (32-bit, non-prefetchable)",
            "\tRegion 1: I/O ports at c100",
        ):
            self.assertIn(line, printed)
        self.assertIn("[size=128K]", printed)

    def test_all_functions_can_be_shown_in_all_detail(self):
        printed = self.inside("lspci -nvvvxxx")
        self.assertEqual(printed.count("\n00: "), 11)
        # Without the kernel's modules on this machine lspci says so; it has no other complaint.
        self.assertEqual([line for line in self.stderr.splitlines() if "libkmod" not in line], [])

    def test_the_tree_has_the_bus_behind_the_root_port(self):
        self.assertIn("-03.0-[01]----00.0\n", self.inside("lspci -tn").replace("  ", ""))


if __name__ == "__main__":
    unittest.main()
