#!/usr/bin/env python3
"""With every interface switched on: mdevctl goes on as before, and its `attrs` configure devices."""

import json
import unittest

from simulated import ROOT, SimulatedHostCase, uuid

U = uuid(1)
PARENT = "0000:5e:00.0"
DEVICES = "/sys/bus/mdev/devices"


class Mdevctl(SimulatedHostCase):
    clients = ("mdevctl",)
    host = ROOT / "scenarios" / "interfaces" / "all.toml"

    def test_types_are_listed_as_without_interfaces(self):
        printed = json.loads(self.inside("mdevctl types --dumpjson"))
        [parent] = printed
        types = {name: facts for entry in parent[PARENT] for name, facts in entry.items()}
        self.assertEqual(sorted(types), ["my-nic-1", "my-nic-2", "my-nic-3", "my-nic-any", "my-nic-staged"])
        self.assertEqual(types["my-nic-any"], {"available_instances": 16, "device_api": "vfio-pci", "name": "any"})

    def test_a_device_is_started_listed_and_stopped(self):
        self.assert_lines(self.inside(f"""
            mdevctl start -u {U} -p {PARENT} --type my-nic-any
            mdevctl list
            mdevctl stop -u {U}
            mdevctl list"""), f"""
            {U} {PARENT} my-nic-any manual
            """)

    def test_attributes_of_a_definition_configure_the_device(self):
        self.assert_lines(self.inside(f"""
            mdevctl define -u {U} -p {PARENT} --type my-nic-any
            mdevctl modify -u {U} --addattr version --value 3
            mdevctl modify -u {U} --addattr rx-filter-size --value 128
            mdevctl modify -u {U} --addattr rss --value 0
            mdevctl start -u {U}
            cat {DEVICES}/{U}/version {DEVICES}/{U}/rx-filter-size {DEVICES}/{U}/rss {DEVICES}/{U}/config_params"""), """
            3
            128
            0
            rx-filter-size
            """)

    def test_an_attribute_that_is_refused_stops_the_device_again(self):
        self.assert_lines(self.inside(f"""
            mdevctl define -u {U} -p {PARENT} --type my-nic-any
            mdevctl modify -u {U} --addattr rx-filter-size --value 4096
            mdevctl start -u {U} 2>/dev/null || echo refused
            ls {DEVICES}"""), """
            refused
            """)


if __name__ == "__main__":
    unittest.main()
