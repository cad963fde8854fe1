#!/usr/bin/env python3
"""udevadm: what it tells of an instance and of its parent, and the events that it shows."""

import unittest

from simulated import HELPER, MDEVSIM, MTTY, SimulatedHostCase, uuid, without_times

U = uuid(1)
PARENT = "/devices/virtual/mtty/mtty"

# Waits until the monitor listens, runs the commands, waits for the last event.
MONITOR = """
    events=$(mktemp)
    udevadm monitor {options} > $events &
    monitor=$!
    until grep -q '^{banner}' $events; do sleep 0.1; done
    {commands}
    until grep -q '{last}' $events; do sleep 0.1; done
    kill $monitor
    wait $monitor || true
    grep -E '^(KERNEL|UDEV) *\\[' $events
    rm $events
"""


class Info(SimulatedHostCase):
    clients = ("udevadm",)

    def test_info_walks_from_the_instance_to_its_parent(self):
        printed = self.inside(f"printf {U} > {MTTY}/mtty-2/create; udevadm info -a -p /sys/bus/mdev/devices/{U}")
        shown = [line.strip() for line in printed.splitlines() if line.strip().startswith(("looking", "KERNEL", "SUBSYSTEM", "DRIVER"))]
        self.assertEqual(shown, [
            f"looking at device '{PARENT}/{U}':", f'KERNEL=="{U}"', 'SUBSYSTEM=="mdev"', 'DRIVER=="mtty"',
            f"looking at parent device '{PARENT}':", 'KERNELS=="mtty"', 'SUBSYSTEMS=="mtty"', 'DRIVERS==""',
        ])
        self.assertIn(f'ATTR{{vendor/sample_mdev_dev}}=="This is MDEV {U}"', printed)

    def test_query_gives_the_properties_of_the_instance(self):
        printed = self.inside(f"printf {U} > {MTTY}/mtty-2/create; udevadm info -q property /sys/bus/mdev/devices/{U}")
        self.assertLessEqual({f"DEVPATH={PARENT}/{U}", "DRIVER=mtty", "SUBSYSTEM=mdev"}, set(printed.splitlines()))


class MonitorCase(SimulatedHostCase):
    clients = ("udevadm",)

    def monitor(self, options, banner, commands, last):
        printed = self.inside(MONITOR.format(options=options, banner=banner, commands=commands, last=last))
        return [" ".join(line.split()) for line in without_times(printed).splitlines()]


class Monitor(MonitorCase):
    def test_create_and_remove_give_eight_kernel_events_in_the_kernels_order(self):
        shown = self.monitor("--kernel", "KERNEL - ", f"printf {U} > {MTTY}/mtty-2/create; echo 1 > /sys/bus/mdev/devices/{U}/remove",
                             f"remove .*{U} (mdev)")
        events = [line.split()[1:] for line in shown]
        group = events[1][1]
        device = events[2][1]
        self.assertRegex(group, r"^/devices/virtual/vfio/\d+$")
        self.assertRegex(device, rf"^{PARENT}/{U}/vfio-dev/vfio\d+$")
        self.assertEqual(events, [
            ["add", f"{PARENT}/{U}", "(mdev)"],
            ["add", group, "(vfio)"],
            ["add", device, "(vfio-dev)"],
            ["bind", f"{PARENT}/{U}", "(mdev)"],
            ["remove", device, "(vfio-dev)"],
            ["remove", group, "(vfio)"],
            ["unbind", f"{PARENT}/{U}", "(mdev)"],
            ["remove", f"{PARENT}/{U}", "(mdev)"],
        ])

    def test_udev_events_say_what_the_kernels_say(self):
        shown = self.monitor("--kernel --udev", "KERNEL - ", f"printf {U} > {MTTY}/mtty-2/create; echo 1 > /sys/bus/mdev/devices/{U}/remove",
                             f"UDEV .*remove .*{U} (mdev)")
        kernel, udev = ([line.split()[1:] for line in shown if line.startswith(name)] for name in ("KERNEL", "UDEV"))
        self.assertEqual(len(kernel), 8)
        self.assertEqual(udev, kernel)

    def test_what_happens_on_the_machine_is_not_heard(self):
        # The kernel tells of every file system like this one that comes and goes (subsystem bdi), wherever it is mounted.
        shown = self.monitor("--kernel", "KERNEL - ", f"folder=$(mktemp -d); {MDEVSIM} mount builtin:minimal $folder; umount $folder; rmdir $folder; "
                             "echo change > /sys/class/mdev_bus/mtty/uevent", "change .*mtty (mtty)")
        self.assertEqual(shown, [f"KERNEL[T] change {PARENT} (mtty)"])

    def test_a_write_to_uevent_is_heard(self):
        shown = self.monitor("--kernel", "KERNEL - ", "echo change > /sys/class/mdev_bus/mtty/uevent", "change .*mtty (mtty)")
        self.assertEqual(shown, [f"KERNEL[T] change {PARENT} (mtty)"])

    def test_trigger_asks_every_instance_for_its_event(self):
        shown = self.monitor("--kernel", "KERNEL - ",
                             f"printf {U} > {MTTY}/mtty-2/create; udevadm trigger --action=change --subsystem-match=mdev",
                             f"change .*{U} (mdev)")
        self.assertEqual(shown[-1], f"KERNEL[T] change {PARENT}/{U} (mdev)")


class Messages(SimulatedHostCase):
    def test_the_messages_are_in_the_sockets_before_the_write_to_create_returns(self):
        printed = self.inside(f"{HELPER} listen {MTTY}/mtty-2 {U}").splitlines()
        self.assertEqual(printed.pop(), "write 36 -")
        kernel, udev = ([line.split(" ", 1)[1] for line in printed if line.startswith(name)] for name in ("kernel", "udev"))
        self.assertEqual([line.split()[:2] for line in kernel], [["add", "mdev"], ["add", "vfio"], ["add", "vfio-dev"], ["bind", "mdev"]])
        self.assertEqual(kernel[0], f"add mdev {PARENT}/{U}")
        self.assertEqual(udev, kernel)


class Faults(MonitorCase):
    """Fault rules about events: of two instances that are created, the first one's are not as they should be."""

    def of_the_first(self, rule, last):
        commands = f"{MDEVSIM} fault add at=event path=*/{U} {rule}; printf {U} > {MTTY}/mtty-2/create; printf {uuid(2)} > {MTTY}/mtty-2/create"
        shown = self.monitor("--kernel", "KERNEL - ", commands, last)
        return [line.split()[1] for line in shown if line.endswith(f"{U} (mdev)")]

    def test_a_lost_event(self):
        self.assertEqual(self.of_the_first("action=add event=lost", f"bind .*{uuid(2)} (mdev)"), ["bind"])

    def test_a_doubled_event(self):
        self.assertEqual(self.of_the_first("action=bind event=doubled", f"bind .*{uuid(2)} (mdev)"), ["add", "bind", "bind"])

    def test_a_late_event(self):
        self.assertEqual(self.of_the_first("action=add event=late delay=200ms", f"add .*{U} (mdev)"), ["bind", "add"])


if __name__ == "__main__":
    unittest.main()
