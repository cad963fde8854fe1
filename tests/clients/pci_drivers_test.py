#!/usr/bin/env python3
"""Binding PCI functions to drivers, by the files that libvirt and driverctl write: what each accepts, and which errno it gives."""

import unittest

from simulated import HELPER, SimulatedHostCase

CARD = "0000:00:06.0"  # has no driver
DEVICE = f"/sys/bus/pci/devices/{CARD}"
OVERRIDE = f"{DEVICE}/driver_override"
VFIO = "/sys/bus/pci/drivers/vfio-pci"
PROBE = "/sys/bus/pci/drivers_probe"
PORT = "0000:00:03.0"
PORT_DRIVER = "/sys/bus/pci/drivers/pcieport"


class PciDrivers(SimulatedHostCase):
    def assert_steps(self, steps):
        """Steps are (file, bytes to write, result), or (file, text that it reads), carried out in order in one host."""
        script, expected = "", []
        for step in steps:
            if len(step) == 3:
                script += f"printf '{step[1]}' | {HELPER} write {step[0]}\n"
                expected.append(step[2])
            else:
                script += f"cat {step[0]}\n"
                expected.append(step[1])
        self.assertEqual(self.inside(script).splitlines(), expected)

    def test_driver_override_keeps_one_word_until_an_empty_line(self):
        self.assert_steps([
            (OVERRIDE, "(null)"),
            (OVERRIDE, "vfio-pci", "8 -"),
            (OVERRIDE, "vfio-pci"),
            (OVERRIDE, "nonexistent\\n", "12 -"),
            (OVERRIDE, "nonexistent"),
            (OVERRIDE, "", "0 -"),  # nothing written is nothing done
            (OVERRIDE, "nonexistent"),
            (OVERRIDE, "\\n", "1 -"),
            (OVERRIDE, "(null)"),
        ])

    def test_driver_override_takes_less_than_a_page(self):
        self.assert_steps([
            (OVERRIDE, "%04094d", "4094 -"),
            (OVERRIDE, "%04095d", "-1 EINVAL"),
            (OVERRIDE, "%05000d", "-1 EINVAL"),
        ])

    def test_probing_binds_to_the_driver_that_is_named(self):
        self.assert_steps([
            (OVERRIDE, "vfio-pci", "8 -"),
            (PROBE, CARD, "12 -"),
            (f"{DEVICE}/driver/unbind", CARD, "12 -"),
            (PROBE, "bogus", "-1 ENODEV"),
            (PROBE, f"{CARD}\\n", "13 -"),
            (PROBE, CARD, "12 -"),  # bound already: nothing to do
        ])

    def test_binding_and_unbinding_by_hand(self):
        self.assert_steps([
            (f"{VFIO}/bind", CARD, "-1 ENODEV"),  # without an override nothing matches
            (OVERRIDE, "vfio-pci", "8 -"),
            (f"{VFIO}/bind", CARD, "12 -"),
            (f"{VFIO}/bind", CARD, "-1 EBUSY"),
            (f"{VFIO}/unbind", f"{CARD}\\n", "13 -"),
            (f"{VFIO}/unbind", CARD, "-1 ENODEV"),
            (f"{VFIO}/bind", "0000:ff:1f.7", "-1 ENODEV"),
            (f"{VFIO}/bind", "xyz", "-1 ENODEV"),
            (f"{PORT_DRIVER}/unbind", CARD, "-1 ENODEV"),
            (f"{PORT_DRIVER}/unbind", PORT, "12 -"),
            (f"{PORT_DRIVER}/bind", PORT, "12 -"),
        ])

    def test_a_driver_learns_and_forgets_ids(self):
        self.assert_steps([
            (f"{VFIO}/new_id", "junk", "-1 EINVAL"),
            (f"{VFIO}/remove_id", "8086 9999", "-1 ENODEV"),
            (f"{VFIO}/new_id", "8086 100e", "9 -"),
            (f"{DEVICE}/driver/unbind", CARD, "12 -"),  # it had been bound by its new id
            (f"{VFIO}/new_id", "8086 100e", "-1 EEXIST"),
            (f"{VFIO}/remove_id", "8086 100e", "9 -"),
            (f"{VFIO}/bind", CARD, "-1 ENODEV"),
        ])

    def test_attributes_of_functions_have_the_kernels_modes(self):
        printed = self.inside(f"""
            cd {DEVICE}
            stat -c '%a %s %n' vendor class config resource driver_override numa_node remove rescan uevent resource0 rom
            cat numa_node enable msi_bus power_state""")
        self.assert_lines(printed, """
            444 4096 vendor
            444 4096 class
            644 256 config
            444 4096 resource
            644 4096 driver_override
            644 4096 numa_node
            220 4096 remove
            200 4096 rescan
            644 4096 uevent
            600 131072 resource0
            600 262144 rom
            -1
            0
            1
            unknown
            """)


if __name__ == "__main__":
    unittest.main()
