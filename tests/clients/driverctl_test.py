#!/usr/bin/env python3
"""driverctl: lists drivers, gives a function to vfio-pci and takes it back."""

import unittest

from simulated import SimulatedHostCase, kernel_samples

ROOT_PORT = "0000:00:03.0"
CARD = "0000:00:06.0"

# driverctl looks for /sys/module/DRIVER, letter by letter, and else calls modprobe, which a test machine may not have.
MODULE_AS_DRIVER = """
[host.samples.driver."vfio-pci"]
module = "vfio-pci"
"""


class Driverctl(SimulatedHostCase):
    clients = ("driverctl",)

    def setUp(self):
        self.host = self.host_file(kernel_samples() + MODULE_AS_DRIVER)

    def test_every_function_is_listed_with_its_driver(self):
        printed = self.inside("driverctl list-devices")
        self.assertIn(f"{ROOT_PORT} pcieport\n", printed)
        self.assertIn(f"{CARD} (none)\n", printed)
        self.assertEqual(len(printed.splitlines()), 11)

    def test_an_override_binds_the_function_to_vfio_pci(self):
        printed = self.inside(f"""
            driverctl --nosave set-override {CARD} vfio-pci
            basename $(readlink /sys/bus/pci/devices/{CARD}/driver)
            cat /sys/bus/pci/devices/{CARD}/driver_override
            driverctl list-overrides""")
        self.assert_lines(printed, f"""
            vfio-pci
            vfio-pci
            {CARD} vfio-pci
            """)

    def test_an_override_takes_a_function_from_its_driver(self):
        printed = self.inside(f"""
            driverctl --nosave set-override {ROOT_PORT} vfio-pci
            basename $(readlink /sys/bus/pci/devices/{ROOT_PORT}/driver)
            ls /sys/bus/pci/drivers/pcieport | grep -c {ROOT_PORT} || true""")
        self.assertEqual(printed, "vfio-pci\n0\n")

    def test_without_the_override_the_function_goes_back_to_its_driver(self):
        printed = self.inside(f"""
            driverctl --nosave set-override {ROOT_PORT} vfio-pci
            driverctl --nosave unset-override {ROOT_PORT}
            basename $(readlink /sys/bus/pci/devices/{ROOT_PORT}/driver)
            cat /sys/bus/pci/devices/{ROOT_PORT}/driver_override""")
        self.assertEqual(printed, "pcieport\n(null)\n")


if __name__ == "__main__":
    unittest.main()
