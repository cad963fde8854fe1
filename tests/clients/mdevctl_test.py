#!/usr/bin/env python3
"""mdevctl as Debian ships it: types, list, define, start, modify, stop, undefine, and what it says when something is wrong."""

import json
import unittest

from simulated import MTTY, SimulatedHostCase, uuid

U = uuid(1)


class Types(SimulatedHostCase):
    clients = ("mdevctl",)

    def test_types_shows_every_parent_with_its_types(self):
        self.assert_lines(self.inside("mdevctl types"), """
            mbochs
              mbochs-large
                Available instances: 4
                Device API: vfio-pci
                Name: mbochs-large
                Description: virtual display, 64 MB video memory
              mbochs-medium
                Available instances: 16
                Device API: vfio-pci
                Name: mbochs-medium
                Description: virtual display, 16 MB video memory
              mbochs-small
                Available instances: 64
                Device API: vfio-pci
                Name: mbochs-small
                Description: virtual display, 4 MB video memory
            mdpy
              mdpy-hd
                Available instances: 4
                Device API: vfio-pci
                Name: mdpy-hd
                Description: virtual display, 1920x1080 framebuffer
              mdpy-vga
                Available instances: 4
                Device API: vfio-pci
                Name: mdpy-vga
                Description: virtual display, 640x480 framebuffer
              mdpy-xga
                Available instances: 4
                Device API: vfio-pci
                Name: mdpy-xga
                Description: virtual display, 1024x768 framebuffer
            mtty
              mtty-1
                Available instances: 24
                Device API: vfio-pci
                Name: Single port serial
              mtty-2
                Available instances: 12
                Device API: vfio-pci
                Name: Dual port serial
            """)

    def test_types_of_one_parent_as_json(self):
        printed = json.loads(self.inside("mdevctl types --parent mtty --dumpjson"))
        self.assertEqual(printed, [{"mtty": [
            {"mtty-1": {"available_instances": 24, "device_api": "vfio-pci", "name": "Single port serial"}},
            {"mtty-2": {"available_instances": 12, "device_api": "vfio-pci", "name": "Dual port serial"}},
        ]}])

    def test_an_instance_takes_from_both_types_of_the_parent(self):
        printed = self.inside(f"mdevctl start -u {U} -p mtty --type mtty-2; mdevctl types -p mtty | grep -o 'Available.*'")
        self.assertEqual(printed, "Available instances: 22\nAvailable instances: 11\n")


class StartAndStop(SimulatedHostCase):
    clients = ("mdevctl",)

    def test_a_started_device_is_listed_and_has_its_links(self):
        printed = self.inside(f"""
            mdevctl start -u {U} -p mtty --type mtty-2
            mdevctl list
            readlink /sys/bus/mdev/devices/{U}
            readlink /sys/bus/mdev/devices/{U}/mdev_type""")
        self.assert_lines(printed, f"""
            {U} mtty mtty-2 manual
            ../../../devices/virtual/mtty/mtty/{U}
            ../mdev_supported_types/mtty-2
            """)

    def test_a_stopped_device_and_all_its_links_are_gone(self):
        printed = self.inside(f"""
            mdevctl start -u {U} -p mtty --type mtty-2
            mdevctl stop -u {U}
            mdevctl list
            find /sys/bus/mdev /sys/devices/virtual/mtty /sys/class/mdev_bus -name {U}
            cat {MTTY}/mtty-2/available_instances""")
        self.assertEqual(printed.split(), ["12"])

    def test_a_second_start_says_that_the_device_exists(self):
        self.inside(f"mdevctl start -u {U} -p mtty --type mtty-2; mdevctl start -u {U} -p mtty --type mtty-2", status=1)
        self.assertEqual(self.stderr, "Error: Device already exists\n")

    def test_a_second_start_of_another_type_says_so(self):
        self.inside(f"mdevctl start -u {U} -p mtty --type mtty-2; mdevctl start -u {U} -p mtty --type mtty-1", status=1)
        self.assertEqual(self.stderr, "Error: Device exists with different type\n")

    def test_an_unknown_type_is_named(self):
        self.inside(f"mdevctl start -u {U} -p mtty --type nope", status=1)
        self.assertEqual(self.stderr, "Error: Parent mtty does not support mdev type nope\n")

    def test_an_unknown_parent_is_named(self):
        self.inside(f"mdevctl start -u {U} -p nope --type mtty-2", status=1)
        self.assertEqual(self.stderr, "Error: Unable to find parent device 'nope'\n")

    def test_a_full_parent_is_named(self):
        script = "".join(f"mdevctl start -u {uuid(number)} -p mdpy --type mdpy-vga;" for number in range(1, 6))
        self.inside(script, status=1)
        self.assertEqual(self.stderr, "Error: No available instances of mdpy-vga on mdpy\n")

    def test_stopping_what_is_not_there_fails(self):
        self.inside(f"mdevctl stop -u {U}", status=1)
        self.assertIn(self.stderr, (
            f"Error: Error removing device {U}\n\nCaused by:\n    No such file or directory (os error 2)\n",  # mdevctl 1.2
            f"Error: Device {U} is not an active mdev\n"))  # 1.4

    def test_an_attribute_that_cannot_be_written_takes_the_device_back(self):
        printed = self.inside(f"""
            file=$(mktemp)
            echo '{{"mdev_type":"mtty-2","start":"manual","attrs":[{{"vendor/sample_mdev_dev":"x"}}]}}' > $file
            status=0; mdevctl start -u {U} -p mtty --jsonfile $file || status=$?
            rm $file
            echo $status
            ls /sys/bus/mdev/devices""")
        self.assertEqual(printed, "1\n")
        self.assertIn("Permission denied", self.stderr)


class Definitions(SimulatedHostCase):
    clients = ("mdevctl",)

    def test_a_definition_is_listed_started_modified_stopped_and_undefined(self):
        printed = self.inside(f"""
            mdevctl define -u {U} -p mtty --type mtty-1
            mdevctl list -d
            mdevctl modify -u {U} --auto --type mtty-2
            mdevctl list -d
            mdevctl start -u {U}
            mdevctl list
            mdevctl list -d
            mdevctl stop -u {U}
            mdevctl list -d
            mdevctl undefine -u {U}
            mdevctl list -d
            echo end""")
        self.assert_lines(printed, f"""
            {U} mtty mtty-1 manual
            {U} mtty mtty-2 auto
            {U} mtty mtty-2 auto (defined)
            {U} mtty mtty-2 auto (active)
            {U} mtty mtty-2 auto
            end
            """)

    def test_a_running_device_can_be_defined_afterwards(self):
        printed = self.inside(f"""
            mdevctl start -u {U} -p mtty --type mtty-2
            mdevctl define -u {U}
            mdevctl list -d --dumpjson""")
        self.assertEqual(json.loads(printed), [{"mtty": [{U: {"mdev_type": "mtty-2", "start": "manual", "attrs": []}}]}])

    def test_the_machines_own_definitions_stay_outside(self):
        printed = self.inside(f"mdevctl define -u {U} -p mtty --type mtty-1; ls /etc/mdevctl.d/mtty")
        self.assertEqual(printed, f"{U}\n")
        self.assertEqual(self.inside("mdevctl list -d").strip(), "")


if __name__ == "__main__":
    unittest.main()
