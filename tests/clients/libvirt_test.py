#!/usr/bin/env python3
"""Debian's libvirtd, run inside the simulated host: node devices listed, created, defined, started, destroyed, and the events."""

import unittest
import xml.etree.ElementTree as ElementTree

from libvirt_host import LibvirtCase
from simulated import HELPER, HOSTS, MTTY, uuid

U = uuid(1)
DEVICE = f"mdev_{U.replace('-', '_')}_mtty"

MDEV_XML = f"""
    cat > $work/mdev.xml <<END
    <device><parent>mtty_mtty</parent><capability type='mdev'><type id='mtty-2'/><uuid>{U}</uuid></capability></device>
END
"""


class Libvirt(LibvirtCase):
    before = MDEV_XML


class Listing(Libvirt):
    def test_parents_are_listed_by_what_they_can(self):
        self.assertEqual(self.libvirt("virsh nodedev-list --cap mdev_types"), "mtty_mtty\n")

    def test_pci_functions_are_listed(self):
        self.assertEqual(len(self.libvirt("virsh nodedev-list --cap pci").split()), 11)

    def test_a_pci_parent_is_listed(self):
        self.ready = "pci_0000_3b_00_0"
        self.assertEqual(self.libvirt("virsh nodedev-list --cap mdev_types", host=HOSTS / "nvidia-t4.toml"), "pci_0000_3b_00_0\n")

    def test_the_parents_types_have_their_numbers(self):
        parent = ElementTree.fromstring(self.libvirt("virsh nodedev-dumpxml mtty_mtty"))
        types = parent.findall(".//capability[@type='mdev_types']/type")
        self.assertEqual([(found.get("id"), found.findtext("name"), found.findtext("deviceAPI"), found.findtext("availableInstances")) for found in types],
                         [("mtty-1", "Single port serial", "vfio-pci", "24"), ("mtty-2", "Dual port serial", "vfio-pci", "12")])
        self.assertEqual(parent.findtext("path"), "/sys/devices/virtual/mtty/mtty")

    def test_a_pci_functions_description(self):
        function = ElementTree.fromstring(self.libvirt("virsh nodedev-dumpxml pci_0000_01_00_0"))
        self.assertEqual(function.findtext("parent"), "pci_0000_00_03_0")
        capability = function.find("capability[@type='pci']")
        self.assertEqual((capability.findtext("class"), capability.find("vendor").get("id"), capability.find("product").get("id")),
                         ("0x010802", "0x1b36", "0x0010"))
        self.assertEqual(capability.find("iommuGroup").get("number"), "8")

    def test_functions_that_share_a_group_are_named_together(self):
        function = ElementTree.fromstring(self.libvirt("virsh nodedev-dumpxml pci_0000_00_1f_2"))
        group = function.find(".//iommuGroup")
        self.assertEqual((group.get("number"), len(group.findall("address"))), ("7", 3))


class Lifecycle(Libvirt):
    def test_a_device_is_created_shown_and_destroyed(self):
        printed = self.libvirt(f"""
            speaking_virsh nodedev-create $work/mdev.xml | sed "s|$work|WORK|"
            virsh nodedev-list --cap mdev
            virsh nodedev-dumpxml mtty_mtty | grep -o 'availableInstances>[0-9][0-9]*' | tail -1
            speaking_virsh nodedev-destroy {DEVICE}
            virsh nodedev-list --cap mdev
            ls /sys/bus/mdev/devices""")
        self.assert_lines(printed, f"""
            Node device {DEVICE} created from WORK/mdev.xml
            {DEVICE}
            availableInstances>11
            Destroyed node device '{DEVICE}'
            """)

    def test_a_created_devices_description(self):
        device = ElementTree.fromstring(self.libvirt(f"virsh nodedev-create $work/mdev.xml > /dev/null; virsh nodedev-dumpxml {DEVICE}"))
        self.assertEqual(device.findtext("parent"), "mtty_mtty")
        self.assertEqual(device.findtext("driver/name"), "mtty")
        capability = device.find("capability[@type='mdev']")
        self.assertEqual((capability.find("type").get("id"), capability.findtext("uuid"), capability.findtext("parent_addr")), ("mtty-2", U, "mtty"))
        self.assertRegex(capability.find("iommuGroup").get("number"), r"^\d+$")

    def test_the_tree_has_the_device_below_its_parent(self):
        printed = self.libvirt("virsh nodedev-create $work/mdev.xml > /dev/null; virsh nodedev-list --tree")
        lines = [line.rstrip() for line in printed.splitlines()]
        at = next(number for number, line in enumerate(lines) if line.endswith("- mtty_mtty"))
        below = next(line for line in lines[at + 1:] if line.strip(" |"))
        self.assertTrue(below.endswith(f"+- {DEVICE}") and below.index("+-") > lines[at].index("+-"), printed)

    def test_the_udev_message_is_there_before_the_write_to_create_returns(self):
        printed = self.libvirt(f"""
            {HELPER} listen {MTTY}/mtty-2 {U} | grep -E '^(udev add mdev|write)'
            until virsh nodedev-list --cap mdev | grep -q {DEVICE}; do sleep 0.05; done
            echo listed""")
        self.assert_lines(printed, f"""
            udev add mdev /devices/virtual/mtty/mtty/{U}
            write 36 -
            listed
            """)

    def test_a_definition_is_started_destroyed_and_undefined(self):
        printed = self.libvirt(f"""
            speaking_virsh nodedev-define $work/mdev.xml | sed "s|$work|WORK|"
            virsh nodedev-list --inactive --cap mdev
            speaking_virsh nodedev-start {DEVICE}
            # nodedev-start returns when mdevctl does; active the device is once libvirtd has read its event.
            until virsh nodedev-info {DEVICE} | grep -q 'Active: *yes'; do sleep 0.05; done
            virsh nodedev-info {DEVICE} | grep -E 'Active|Persistent' | tr -s ' '
            speaking_virsh nodedev-destroy {DEVICE}
            speaking_virsh nodedev-undefine {DEVICE}
            # libvirt hears of it by watching mdevctl's directory.
            while virsh nodedev-list --all --cap mdev | grep -q {DEVICE}; do sleep 0.05; done
            virsh nodedev-list --all --cap mdev""")
        self.assert_lines(printed, f"""
            Node device '{DEVICE}' defined from 'WORK/mdev.xml'
            {DEVICE}
            Device {DEVICE} started
            Active: yes
            Persistent: yes
            Destroyed node device '{DEVICE}'
            Undefined node device '{DEVICE}'
            """)

    def test_a_duplicate_is_refused(self):
        self.libvirt("virsh nodedev-create $work/mdev.xml > /dev/null; virsh nodedev-create $work/mdev.xml", status=1)
        self.assertIn("error: Failed to create node device from", self.stderr)

    def test_creation_and_destruction_are_events(self):
        # The listener gives no sign when it is heard: devices are created, each with a uuid of its own, until one is seen.
        printed = self.libvirt("""
            command virsh --connect nodedev:///system nodedev-event --loop --event lifecycle > $work/events 2>&1 &
            listener=$!
            number=100
            until grep -q "0$number"_mtty:.Created $work/events; do
                number=$((number + 1))
                sed "s/......<.uuid>/000$number<\\/uuid>/" $work/mdev.xml > $work/next.xml
                virsh nodedev-create $work/next.xml > /dev/null
                sleep 1
            done
            virsh nodedev-destroy mdev_c0ffee00_1234_4abc_8def_000000000${number}_mtty > /dev/null
            until grep -q "0$number"_mtty:.Deleted $work/events; do sleep 0.05; done
            kill -INT $listener || true
            wait $listener || true
            grep "0$number"_mtty $work/events | sed s/0000$number/NUMBER/""")
        self.assert_lines(printed, """
            event 'lifecycle' for node device mdev_c0ffee00_1234_4abc_8def_00000NUMBER_mtty: Created
            event 'lifecycle' for node device mdev_c0ffee00_1234_4abc_8def_00000NUMBER_mtty: Deleted
            """)


if __name__ == "__main__":
    unittest.main()
