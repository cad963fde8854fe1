#!/usr/bin/env python3
"""What device plugins (KubeVirt, NVIDIA's go-nvlib, the SR-IOV plugin) take from paths and links, read as they read them."""

import unittest

from simulated import HOSTS, KERNEL_SAMPLES, MTTY, SimulatedHostCase, uuid

U = uuid(1)
GPU = "/sys/class/mdev_bus/0000:3b:00.0"
GPU_TYPES = f"{GPU}/mdev_supported_types"


class KubeVirt(SimulatedHostCase):
    """It takes the parent from the text of one link and the type from the text of another; nothing is resolved."""

    def test_the_parent_is_the_last_but_one_part_of_the_link_on_the_bus(self):
        link = self.inside(f"printf {U} > {MTTY}/mtty-2/create; readlink /sys/bus/mdev/devices/{U}").strip()
        self.assertGreaterEqual(len(link.split("/")), 5)
        self.assertEqual(link.split("/")[-2:], ["mtty", U])

    def test_the_parent_is_a_pci_address_on_a_pci_parent(self):
        link = self.inside(f"printf {U} > {GPU_TYPES}/nvidia-222/create; readlink /sys/bus/mdev/devices/{U}", host=HOSTS / "nvidia-t4.toml")
        self.assertEqual(link, f"../../../devices/pci0000:3a/0000:3a:00.0/0000:3b:00.0/{U}\n")

    def test_the_type_is_the_last_part_of_mdev_type(self):
        link = self.inside(f"printf {U} > {MTTY}/mtty-2/create; readlink /sys/bus/mdev/devices/{U}/mdev_type")
        self.assertEqual(link, "../mdev_supported_types/mtty-2\n")

    def test_entries_of_the_buses_and_classes_are_links(self):
        printed = self.inside(f"""
            printf {U} > {MTTY}/mtty-2/create
            find /sys/bus/mdev/devices /sys/class/mdev_bus /sys/bus/pci/devices {MTTY}/mtty-2/devices -mindepth 1 -not -type l""")
        self.assertEqual(printed, "")

    def test_as_many_instances_as_available_instances_says_can_be_made_in_a_row(self):
        printed = self.inside(f"""
            count=$(cat {MTTY}/mtty-1/available_instances)
            for number in $(seq $count); do printf 'c0ffee00-1234-4abc-8def-%012x' $number > {MTTY}/mtty-1/create; done
            cat {MTTY}/mtty-1/available_instances
            ls {MTTY}/mtty-1/devices | wc -l""")
        self.assertEqual(printed, "0\n24\n")


class GoNvlib(SimulatedHostCase):
    host = HOSTS / "nvidia-t4.toml"

    def test_the_parent_is_an_nvidia_display_by_vendor_and_class(self):
        self.assertEqual(self.inside(f"ls /sys/class/mdev_bus; cat {GPU}/vendor {GPU}/class"), "0000:3b:00.0\n0x10de\n0x030200\n")

    def test_the_type_is_the_last_word_of_the_name(self):
        names = self.inside(f"cat {GPU_TYPES}/nvidia-*/name").splitlines()
        self.assertEqual(sorted(name.split(" ")[-1] for name in names),
                         ["T4-16Q", "T4-1B", "T4-1Q", "T4-2B", "T4-2Q", "T4-4Q", "T4-8Q"])

    def test_an_instance_has_type_driver_and_group(self):
        printed = self.inside(f"""
            printf {U} > {GPU_TYPES}/nvidia-222/create
            cd /sys/bus/mdev/devices/{U}
            cat mdev_type/name
            basename $(readlink driver)
            group=$(basename $(readlink iommu_group))
            readlink -f /sys/kernel/iommu_groups/$group/devices/{U}""")
        self.assert_lines(printed, f"""
            GRID T4-1B
            nvidia
            /sys/devices/pci0000:3a/0000:3a:00.0/0000:3b:00.0/{U}
            """)

    def test_an_instance_is_removed_behind_the_resolved_link(self):
        printed = self.inside(f"""
            printf {U} > {GPU_TYPES}/nvidia-233/create
            cat {GPU_TYPES}/nvidia-222/available_instances
            echo 1 > $(readlink -f /sys/bus/mdev/devices/{U})/remove
            cat {GPU_TYPES}/nvidia-222/available_instances
            ls /sys/bus/mdev/devices""")
        self.assertEqual(printed, "8\n16\n")


class Identity(SimulatedHostCase):
    host = KERNEL_SAMPLES

    def test_an_object_has_one_inode_by_every_path(self):
        printed = self.inside(f"""
            printf {U} > {MTTY}/mtty-2/create
            stat -L -c '%d:%i' /sys/class/mdev_bus/mtty /sys/devices/virtual/mtty/mtty | sort -u | wc -l
            stat -L -c '%d:%i' /sys/bus/mdev/devices/{U} {MTTY}/mtty-2/devices/{U} /sys/devices/virtual/mtty/mtty/{U} | sort -u | wc -l
            realpath /sys/bus/mdev/devices/{U}/subsystem""")
        self.assertEqual(printed, "1\n1\n/sys/bus/mdev\n")


if __name__ == "__main__":
    unittest.main()
