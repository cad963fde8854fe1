#!/usr/bin/env python3
"""A device in use: a write to its `remove` waits until the user lets go, as recorded of real kernels."""

import unittest

from simulated import HELPER, MDEVSIM, MTTY, SimulatedHostCase, kernel_samples, uuid

U = uuid(1)
PARENT = "/sys/devices/virtual/mtty/mtty"

# A device is created and held; another process removes it. Its `remove` file goes first: then the writer is inside.
HELD = f"""
    state() {{ for name in remove mdev_type driver vfio-dev iommu_group uevent; do
        if [ -e {PARENT}/{U}/$name ]; then echo "$name is there"; else echo "$name is gone"; fi; done; }}
    printf {U} > {MTTY}/mtty-2/create
    output=$(mktemp)
    {MDEVSIM} hold /sys/kernel/mdevsim/devices/{U} > $output &
    holder=$!
    until grep -q held $output; do sleep 0.05; done
    rm $output
    echo 1 > {PARENT}/{U}/remove &
    writer=$!
    while [ -e {PARENT}/{U}/remove ]; do sleep 0.05; done
"""
RELEASED = """
    kill $holder
    wait $holder || true
"""


class HeldDevice(SimulatedHostCase):
    kernel = "6.12"

    def setUp(self):
        self.host = self.host_file(kernel_samples(self.kernel))

    def test_remove_waits_until_the_device_is_let_go(self):
        printed = self.inside(HELD + """
            kill -0 $writer && echo "the writer waits" """ + RELEASED + f"""
            wait $writer && echo "the writer succeeded"
            [ -e {PARENT}/{U} ] || echo "the instance is gone" """)
        self.assert_lines(printed, """
            the writer waits
            the writer succeeded
            the instance is gone
            """)

    def test_what_is_left_meanwhile(self):
        printed = self.inside(HELD + f"""
            state
            ls {MTTY}/mtty-2/devices /sys/bus/mdev/drivers/mtty
            ls -d {PARENT}/{U}""" + RELEASED + "wait $writer")
        self.assertIn("remove is gone\nmdev_type is gone\ndriver is gone\n", printed)
        vfio_dev = "there" if self.kernel == "6.1" else "gone"
        self.assertIn(f"vfio-dev is {vfio_dev}\n", printed)
        self.assertNotIn(f"\n{U}\n", printed)
        self.assertIn(f"\n{PARENT}/{U}\n", printed)

    def test_the_uuid_is_taken_meanwhile(self):
        printed = self.inside(HELD + f"""
            printf {U} | {HELPER} write {MTTY}/mtty-1/create""" + RELEASED + """
            wait $writer""")
        self.assertEqual(printed, "-1 EEXIST\n")

    def test_a_signal_does_not_end_the_writer_before_the_device_is_let_go(self):
        printed = self.inside(HELD + f"""
            kill -TERM $writer
            printf {uuid(2)} > {MTTY}/mtty-2/create
            kill -0 $writer && echo "the writer waits on"
            [ -e {PARENT}/{U} ] && echo "the instance is there" """ + RELEASED + f"""
            status=0; wait $writer || status=$?
            echo "the writer ended with $status"
            [ -e {PARENT}/{U} ] || echo "the instance is gone" """)
        self.assert_lines(printed, """
            the writer waits on
            the instance is there
            the writer ended with 143
            the instance is gone
            """)

    def test_the_units_come_back_only_afterwards(self):
        printed = self.inside(HELD + f"""
            cat {MTTY}/mtty-2/available_instances""" + RELEASED + f"""
            wait $writer
            cat {MTTY}/mtty-2/available_instances""")
        self.assertEqual(printed, "11\n12\n")

    def test_others_are_served_meanwhile(self):
        printed = self.inside(HELD + f"""
            for number in 2 3 4; do printf c0ffee00-1234-4abc-8def-00000000000$number > {MTTY}/mtty-2/create; done
            echo 1 > /sys/bus/mdev/devices/{uuid(3)}/remove
            ls /sys/bus/mdev/devices | grep -v {U}""" + RELEASED + "wait $writer")
        self.assertEqual(printed, f"{uuid(2)}\n{uuid(4)}\n")

    def test_letting_go_without_a_remove_changes_nothing(self):
        printed = self.inside(f"""
            printf {U} > {MTTY}/mtty-2/create
            {MDEVSIM} hold /sys/kernel/mdevsim/devices/{U} -- cat {MTTY}/mtty-2/available_instances
            ls /sys/bus/mdev/devices""")
        self.assertEqual(printed, f"11\n{U}\n")


class HeldDeviceOfOlderKernel(HeldDevice):
    kernel = "6.1"


if __name__ == "__main__":
    unittest.main()
