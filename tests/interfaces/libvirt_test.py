#!/usr/bin/env python3
"""With every interface switched on: libvirt lists, creates and destroys as before, and `<attr>` configures a device."""

import unittest
import xml.etree.ElementTree as ElementTree

from libvirt_host import LibvirtCase
from simulated import ROOT, uuid

U = uuid(1)
PARENT = "pci_0000_5e_00_0"
DEVICE = f"mdev_{U.replace('-', '_')}_0000_5e_00_0"
DEVICES = "/sys/bus/mdev/devices"


def device_xml(attributes=""):
    return f"""
        cat > $work/nic.xml <<END
        <device><parent>{PARENT}</parent><capability type='mdev'><type id='my-nic-any'/><uuid>{U}</uuid>{attributes}</capability></device>
END
"""


class AllInterfaces(LibvirtCase):
    host = ROOT / "scenarios" / "interfaces" / "all.toml"
    ready = PARENT

    def test_the_parents_types_are_listed(self):
        parent = ElementTree.fromstring(self.libvirt(f"virsh nodedev-dumpxml {PARENT}"))
        types = parent.findall(".//capability[@type='mdev_types']/type")
        self.assertEqual(sorted(found.get("id") for found in types), ["my-nic-1", "my-nic-2", "my-nic-3", "my-nic-any", "my-nic-staged"])

    def test_a_device_is_created_and_destroyed(self):
        printed = self.libvirt(device_xml() + f"""
            virsh nodedev-create $work/nic.xml > /dev/null
            virsh nodedev-list --cap mdev
            virsh nodedev-destroy {DEVICE} > /dev/null
            ls {DEVICES}""")
        self.assert_lines(printed, DEVICE)

    def test_attributes_of_the_description_configure_the_device(self):
        printed = self.libvirt(device_xml("<attr name='version' value='3'/><attr name='rss' value='0'/>") + f"""
            virsh nodedev-create $work/nic.xml > /dev/null
            cat {DEVICES}/{U}/version {DEVICES}/{U}/config_params""")
        self.assert_lines(printed, """
            3
            rx-filter-size
            """)


if __name__ == "__main__":
    unittest.main()
