#!/usr/bin/env python3
"""Fault rules in a running host: in the host file, through the control file, and by mdevsim fault."""

import json
import os
import pathlib
import signal
import subprocess
import time
import unittest

from launched import ends
from mount_test import MountCase
from simulated import HELPER, KERNEL_SAMPLES, MDEVSIM, USER, as_user, environment, uuid

TYPE = "class/mdev_bus/mtty/mdev_supported_types/mtty-2"
CREATE = f"{TYPE}/create"
DEVICES = "bus/mdev/devices"


class FaultCase(MountCase):
    def fault(self, *words, status=0):
        result = self.as_caller(MDEVSIM, "fault", *words, "--sysroot", self.directory)
        self.assertEqual(result.returncode, status, result.stderr)
        return result.stdout if status == 0 else result.stderr

    def write(self, path, text):
        """What write(2) answers: its number of bytes, or "-1 ERRNO"."""
        return self.as_caller("sh", "-c", f"printf '%s' '{text}' | {HELPER} write {self.directory / path}").stdout.strip().removesuffix(" -")

    def add_and_remove(self):
        self.write(CREATE, uuid(9))
        self.write(f"{DEVICES}/{uuid(9)}/remove", "1")


class Rules(FaultCase):
    def setUp(self):
        super().setUp()
        self.mount()
        self.addCleanup(self.unmount)

    def test_the_third_creation_fails_whoever_asks(self):
        self.fault("add", "at=create", "errno=ENOSPC", "after=2", "times=1")
        self.assertEqual([self.write(CREATE, uuid(n)) for n in range(1, 5)], ["36", "36", "-1 ENOSPC", "36"])
        self.assertEqual(self.listed(DEVICES), [uuid(1), uuid(2), uuid(4)])
        self.assertEqual(self.fault("list"), "id=1 at=create errno=ENOSPC after=2 times=1 seen=4 struck=1\n")

    def test_of_many_processes_at_once_exactly_so_many_are_refused(self):
        self.fault("add", "at=create", "errno=EBUSY", "after=2", "times=3")
        script = " & ".join(f"(printf {uuid(n)} | {HELPER} write {self.directory / CREATE})" for n in range(1, 9))
        answers = self.as_caller("sh", "-c", f"{script} & wait").stdout.split("\n")
        self.assertEqual(answers.count("-1 EBUSY"), 3)
        self.assertEqual(answers.count("36 -"), 5)

    def test_an_operation_by_path_and_command(self):
        self.fault("add", "operation=open", "path=*/mtty-2/name", "command=cat", "errno=EIO")
        name = self.directory / TYPE / "name"
        failed = self.as_caller("cat", name)
        self.assertIn("Input/output error", failed.stderr)
        self.assertEqual(self.as_caller("head", name).stdout, "Dual port serial\n")
        self.assertEqual(self.as_caller("cat", self.directory / TYPE / "device_api").returncode, 0)

    def test_every_operation_can_fail(self):
        look = {"read": ["cat", TYPE + "/name"], "opendir": ["ls", TYPE], "readdir": ["ls", TYPE], "readlink": ["readlink", "class/mdev_bus/mtty"],
                "lookup": ["stat", "module/mtty"], "setattr": ["chmod", "600", TYPE + "/name"], "write": ["sh", "-c", f'printf x > "$0/{CREATE}"']}
        for operation, command in look.items():
            with self.subTest(operation):
                self.fault("add", f"operation={operation}", "errno=EUSERS", "path=*")
                words = [word if word.startswith("-") or word in ("600", "sh") or "$0" in word or index == 0 else str(self.directory / word)
                         for index, word in enumerate(command)]
                result = self.as_caller(*words, *([self.directory] if command[0] == "sh" else []))
                self.assertNotEqual(result.returncode, 0, result)
                self.fault("remove", "all")

    def test_a_delay_holds_the_answer_and_nobody_else(self):
        self.fault("add", "operation=read", "path=*/mtty-2/name", "delay=600ms")
        begin = time.monotonic()
        with subprocess.Popen([*as_user(USER), "cat", str(self.directory / TYPE / "name")], stdout=subprocess.PIPE, text=True,
                              env=environment(USER)) as slow:
            others = self.as_caller("cat", self.directory / TYPE / "device_api").stdout
            self.assertIsNone(slow.poll())
            self.assertEqual(others, "vfio-pci\n")
            self.assertEqual(slow.communicate()[0], "Dual port serial\n")
        self.assertGreaterEqual(time.monotonic() - begin, 0.6)

    def test_every_kind_of_answer_can_be_late(self):
        self.fault("add", "operation=*", "delay=1ms")
        self.assertEqual(self.listed(TYPE), ["available_instances", "create", "device_api", "devices", "name"])
        self.assertEqual(self.write(CREATE, uuid(1)), "36")
        self.assertEqual(self.write(CREATE, uuid(1)), "-1 EEXIST")
        self.assertEqual(self.as_caller("cat", self.directory / DEVICES / uuid(1) / "mdev_type" / "name").stdout, "Dual port serial\n")
        self.assertEqual(self.as_caller("readlink", self.directory / DEVICES / uuid(1)).stdout, f"../../../devices/virtual/mtty/mtty/{uuid(1)}\n")

    def test_an_instance_vanishes_under_its_reader(self):
        self.write(CREATE, uuid(1))
        self.fault("add", "operation=read", f"path=*/{uuid(1)}/*", "instance=vanishes")
        result = self.as_caller("cat", self.directory / DEVICES / uuid(1) / "vendor" / "sample_mdev_dev")
        self.assertIn("No such device", result.stderr)
        # At once, also for those who had looked it up by its name.
        self.assertIn("No such file", self.as_caller("ls", self.directory / DEVICES / uuid(1)).stderr)
        self.assertEqual(self.listed(DEVICES), [])

    def test_whoever_is_answered_late_does_not_hold_the_host_up(self):
        # A listing, and a lookup, hold their directory's lock in the kernel until they are answered; telling the kernel's
        # caches that a name has gone waits for it.
        for operation, path, command in (("readdir", f"/{DEVICES}", ["ls", DEVICES]),
                                         ("lookup", "/devices/virtual/mtty/mtty/nothing", ["stat", "devices/virtual/mtty/mtty/nothing"])):
            with self.subTest(operation):
                self.write(CREATE, uuid(1))
                self.fault("add", f"operation={operation}", f"path={path}", "delay=300ms")
                with subprocess.Popen([*as_user(USER), command[0], str(self.directory / command[1])], stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL, env=environment(USER)):
                    ends(lambda: "seen=0" not in self.fault("list"), "the wait for an answer")
                    self.assertEqual(self.write(f"{DEVICES}/{uuid(1)}/remove", "1"), "1")
                self.fault("remove", "all")

    def test_an_instance_vanishes_after_its_creation(self):
        self.fault("add", "at=create", "instance=vanishes", "times=1")
        self.assertEqual(self.write(CREATE, uuid(1)), "36")
        self.assertEqual(self.listed(DEVICES), [])
        self.assertEqual(self.write(CREATE, uuid(1)), "36")
        self.assertEqual(self.listed(DEVICES), [uuid(1)])

    def test_a_stuck_instance(self):
        self.write(CREATE, uuid(1))
        self.fault("add", "at=remove", "instance=stuck", "times=1")
        self.assertEqual(self.write(f"{DEVICES}/{uuid(1)}/remove", "1"), "-1 EAGAIN")
        self.assertNotIn("remove", self.listed(DEVICES, uuid(1)))
        self.assertIn("mdev_type", self.listed(DEVICES, uuid(1)))

    def test_an_instance_has_its_type_when_the_write_returns(self):
        self.fault("add", "at=create", "instance=untyped", "delay=50ms")
        self.assertEqual(self.write(CREATE, uuid(1)), "36")
        self.assertIn("mdev_type", self.listed(DEVICES, uuid(1)))
        self.assertEqual(self.listed(TYPE, "devices"), [uuid(1)])

    def test_chance_is_the_seeds(self):
        def struck():
            self.fault("add", "at=create", "errno=EIO", "probability=0.5", "seed=42")
            answers = []
            for number in range(1, 13):
                answers.append(self.write(CREATE, uuid(number)))
                self.write(f"{DEVICES}/{uuid(number)}/remove", "1")
            self.fault("remove", "all")
            return answers
        first = struck()
        self.assertEqual(first, struck())
        self.assertEqual(set(first), {"36", "-1 EIO"})


class Window(FaultCase):
    """Between an instance and its type's links, with a writer that waits in it for as long as the host is there."""

    def end_server(self):
        for pid in self.servers():
            os.kill(pid, signal.SIGTERM)
        ends(lambda: self.servers() == [], "the server's end")

    def test_an_instance_is_there_before_its_type_is(self):
        self.mount()
        self.fault("add", "at=create", "instance=untyped", "delay=3600s", "times=1")
        writer = subprocess.Popen([*as_user(USER), str(HELPER), "write", str(self.directory / CREATE)], stdin=subprocess.PIPE,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment(USER))
        self.addCleanup(writer.wait)
        self.addCleanup(self.end_server)  # which lets the writer go
        writer.stdin.write(uuid(1).encode())
        writer.stdin.close()
        ends(lambda: uuid(1) in self.listed(DEVICES), "the instance")
        self.assertNotIn("mdev_type", self.listed(DEVICES, uuid(1)))
        self.assertIn("iommu_group", self.listed(DEVICES, uuid(1)))
        self.assertEqual(self.listed(TYPE, "devices"), [])
        self.assertIsNone(writer.poll())
        # The next one is whole as soon as it can be seen. (It is of another type: writes to one file come one after another.)
        other = TYPE.replace("mtty-2", "mtty-1")
        self.assertEqual(self.write(f"{other}/create", uuid(2)), "36")
        self.assertIn("mdev_type", self.listed(DEVICES, uuid(2)))
        self.assertEqual(self.listed(other, "devices"), [uuid(2)])
        self.assertEqual(self.write(f"{DEVICES}/{uuid(1)}/remove", "1"), "1")
        self.assertEqual(self.listed(DEVICES), [uuid(2)])


class ControlFile(FaultCase):
    def setUp(self):
        super().setUp()
        self.mount()
        self.addCleanup(self.unmount)

    FILE = "kernel/mdevsim/faults"

    def text(self):
        return self.as_caller("cat", self.directory / self.FILE).stdout

    def test_several_lines_are_all_taken_or_none(self):
        self.assertEqual(self.write(self.FILE, "at=create errno=EIO\n# a comment\n\nat=remove errno=EBUSY"), "54")
        self.assertEqual(self.write(self.FILE, "at=bind errno=EIO\nat=lunch errno=EIO"), "-1 EINVAL")
        self.assertEqual(self.text(), "id=1 at=create errno=EIO seen=0 struck=0\nid=2 at=remove errno=EBUSY seen=0 struck=0\n")

    def test_errnos(self):
        for text, answer in (("garbage", "-1 EINVAL"), ("remove=7", "-1 ENOENT"), ("remove=x", "-1 EINVAL"),
                             ("at=create errno=EIO\n" * 65, "-1 ENOMEM")):
            self.assertEqual(self.write(self.FILE, text), answer)
        self.assertEqual(self.text(), "")

    def test_no_rule_strikes_the_file_itself(self):
        self.fault("add", "operation=*", "errno=EIO")
        self.assertIn("operation=*", self.text())
        self.fault("remove", "1")
        self.assertEqual(self.text(), "")


class Command(FaultCase):
    def test_what_is_wrong_with_a_rule_is_told(self):
        self.mount()
        self.addCleanup(self.unmount)
        self.assertIn('errno: `EBUSI` names no error that a client can be given; write an errno\'s symbol', self.fault("add", "at=create", "errno=EBUSI", status=2))
        self.assertIn("there is no rule 7; mdevsim fault list tells which there are", self.fault("remove", "7", status=1))
        self.fault("add", "at=create", "errno=EBUSY")
        (rule,) = json.loads(self.fault("list", "--json"))
        self.assertEqual(rule, {"id": "1", "at": "create", "errno": "EBUSY", "seen": "0", "struck": "0"})
        self.fault("lists", status=2)

    def test_rules_of_the_host_file(self):
        file = pathlib.Path(self.work.name, "faulty.toml")
        file.write_text(f'include = ["{KERNEL_SAMPLES}"]\n[[fault]]\nat = "create"\nerrno = "EBUSY"\ntimes = 1\n')
        self.mount(host=file)
        self.addCleanup(self.unmount)
        self.assertEqual([self.write(CREATE, uuid(1)) for _ in range(2)], ["-1 EBUSY", "36"])


if __name__ == "__main__":
    unittest.main()
