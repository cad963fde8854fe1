#!/usr/bin/env python3
"""mdevsim vendor-tool: the model and configuration of a device, outside of what the proposed interfaces show."""

import json
import unittest

from simulated import MDEVSIM, ROOT, SimulatedHostCase

TOOL = f"{MDEVSIM} vendor-tool"
SET = f"{TOOL} set-migration-config --model https://vendor-a.com/my-nic --device"
DEVICES = "/sys/kernel/mdevsim/devices"
BOUND, OWN_DRIVER = "0000:00:04.0", "0000:00:05.0"
INSTANCE = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001"


class VendorTool(SimulatedHostCase):
    host = ROOT / "scenarios/interfaces/vendor-tool.toml"

    def refused(self, command, why):
        self.inside(command, status=1)
        self.assertIn(why, self.stderr)

    def test_the_discussions_example_disables_rss(self):
        printed = self.inside(f"""
            cat {DEVICES}/{BOUND}/configuration
            {SET} {BOUND}
            cat {DEVICES}/{BOUND}/configuration""")
        self.assert_lines(printed, """
            version=2
            version=2,rss=off
            """)

    def test_what_is_set_and_what_a_version_says(self):
        printed = self.inside(f"""
            {SET} {BOUND} --set rx-filter-size=32; cat {DEVICES}/{BOUND}/configuration
            {SET} {BOUND} --version 3; cat {DEVICES}/{BOUND}/configuration
            {SET} {INSTANCE} --set rss=on --set rx-filter-size=200; cat {DEVICES}/{INSTANCE}/configuration
            {SET} {DEVICES}/{INSTANCE} --version 1; cat {DEVICES}/{INSTANCE}/configuration""")
        self.assert_lines(printed, """
            version=2,rss=off,rx-filter-size=32
            version=3
            version=3,rx-filter-size=200
            version=1
            """)

    def test_it_is_refused_while_another_driver_has_the_device(self):
        self.refused(f"{SET} {OWN_DRIVER}", "no VFIO driver has the device")
        printed = self.inside(f"""
            echo vfio-pci > /sys/bus/pci/devices/{OWN_DRIVER}/driver_override
            echo {OWN_DRIVER} > /sys/bus/pci/devices/{OWN_DRIVER}/driver/unbind
            echo {OWN_DRIVER} > /sys/bus/pci/drivers_probe
            {SET} {OWN_DRIVER} --version 2; cat {DEVICES}/{OWN_DRIVER}/configuration""")
        self.assert_lines(printed, "version=2")

    def test_it_is_refused_while_the_device_is_open(self):
        for device in (BOUND, INSTANCE):
            self.refused(f"{MDEVSIM} hold {DEVICES}/{device} -- {SET} {device}", "the device is open")

    def test_what_the_model_does_not_support_is_refused_and_changes_nothing(self):
        for options in ("--set rx-filter-size=33", "--set tso=on", "--version 9", "--set rss=on --set rss=off", "--set rss"):
            with self.subTest(options):
                self.refused(f"{SET} {BOUND} {options} || {{ cat {DEVICES}/{BOUND}/configuration; exit 1; }}",
                             "the model does not support")
        self.refused(f"{TOOL} set-migration-config --model vendor-b.com/family --device {BOUND}", "it is a https://vendor-a.com/my-nic")

    def test_show_tells_the_same_in_all_formats(self):
        text, told, modinfo = (self.inside(f"{TOOL} show --device {INSTANCE} --format {name}") for name in ("text", "json", "modinfo"))
        self.assertIn("configuration: version=3\n", text)
        self.assertIn("  rss = on; bool; receive side scaling; at first off; off is off\n", text)
        told = json.loads(told)
        self.assertEqual(("https://vendor-a.com/my-nic", "version=3", "version=3"),
                         (told["model"], told["configuration"], told["latest"]))
        self.assertEqual({"value": "64", "type": "int", "description": "", "initial": "0", "off": "0", "allowed": "0 32 64 65-256"},
                         told["parameters"]["rx-filter-size"])
        lines = modinfo.splitlines()
        self.assertIn("parm=rss:receive side scaling", lines)
        self.assertIn("parmtype=rss:bool", lines)
        self.assertIn("parmallowed=rx-filter-size:0 32 64 65-256", lines)

    def test_the_metadata_follows_the_device(self):
        printed = self.inside(f"""
            {SET} {BOUND} --version 1
            {TOOL} show --device {BOUND}
            test $(stat -c %s {DEVICES}/{BOUND}/modinfo) = $(cat {DEVICES}/{BOUND}/modinfo | wc -c)""")
        self.assertIn("configuration: version=1\n", printed)
        self.assertNotIn("rss", printed)

    def test_mistakes(self):
        self.refused(f"{TOOL} show --device nothing", "it is no simulated device")
        self.refused(f"{TOOL} show --device 0000:00:06.0", "the device has no device model")
        for words, why in [("", "ACTION is missing"), ("list --device x", "there is no action 'list'"), ("show", "--device is missing"),
                           ("show --device x --format yaml", 'there is no format "yaml"'),
                           ("show --device x --set rss=on", "belong to set-migration-config"),
                           ("set-migration-config --device x", "--model is missing")]:
            with self.subTest(words):
                self.inside(f"{TOOL} {words}", status=2)
                self.assertIn(why, self.stderr)


if __name__ == "__main__":
    unittest.main()
