#!/usr/bin/env python3
"""mdevsim compat --apply: what a verdict asks for is done through the files of the target's interfaces, and undone when that fails."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from simulated import HOSTS, MDEVSIM, ROOT, SECONDS_MAX, USER, SimulatedHostCase, as_user, environment, uuid

NIC = "vendor-a.com/my-nic"
DEVICES = "/sys/kernel/mdevsim/devices"
PARENT = "0000:00:06.0"
TYPES = f"/sys/class/mdev_bus/{PARENT}/mdev_supported_types"
RSS_PAIR = HOSTS / "rss-pair.toml"
U = uuid(1)

# The interfaces that can configure, each on a type and on a function of its own.
INTERFACES = ["type-attributes", "config_params", "migration-info", "migration-params", "software_version"]

HOST = f"""
include = ["{ROOT}/scenarios/models/my-nic.toml"]
[host.target.pci."{PARENT}"]
vendor = 0x1af4
device = 0x1041
class = 0x020000
driver = "my-nic"
mdev_types = [
  {{ id = "create-parameters", model = "{NIC}", version = 2, instances = 4, interfaces = ["create-parameters"] }},
  {{ id = "version-per-type", model = "{NIC}", version = 2, instances = 4, interfaces = ["version-per-type"] }},
  {{ id = "full", model = "{NIC}", version = 2, max_instances = 1, interfaces = ["type-attributes"] }},
""" + "".join(f"""  {{ id = "{name}", model = "{NIC}", version = 2, instances = 4, interfaces = ["{name}"] }},
""" for name in INTERFACES) + "]\n" + "".join(f"""
[host.target.pci."0000:01:00.{number}"]
vendor = 0x1af4
device = 0x1041
class = 0x020000
driver = "vfio-pci"
model = "{NIC}"
version = 2
interfaces = ["{name}"]
""" for number, name in enumerate(INTERFACES))


class Apply(SimulatedHostCase):

    def setUp(self):
        self.host = self.host_file(HOST)

    def compat(self, source, target, *options):
        return f"{MDEVSIM} compat {self.host} --from {NIC}@{source} --to {target} --apply {' '.join(options)}"

    def test_a_new_device_by_each_interface(self):
        for name in ["create-parameters", *INTERFACES]:
            with self.subTest(name):
                printed = self.inside(f"""
                    {self.compat("version=1", f"{TYPES}/my-nic-{name}", f"--uuid {U} --interface {name}")} > /dev/null
                    cat {DEVICES}/{U}/configuration
                    basename $(readlink /sys/bus/mdev/devices/{U}/mdev_type)""")
                self.assert_lines(printed, f"version=2,rss=off\nmy-nic-{name}")

    def test_a_device_that_exists_by_each_interface(self):
        for name in ["create-parameters", *INTERFACES]:
            with self.subTest(name):
                printed = self.inside(f"""
                    echo {U} > {TYPES}/my-nic-{name}/create
                    {self.compat("version=2,rss=off,rx-filter-size=32", f"{DEVICES}/{U}")} > /dev/null
                    cat {DEVICES}/{U}/configuration""")
                self.assert_lines(printed, "version=2,rss=off,rx-filter-size=32")

    def test_a_function_by_each_interface(self):
        for number, name in enumerate(INTERFACES):
            with self.subTest(name):
                device = f"{DEVICES}/0000:01:00.{number}"
                printed = self.inside(f"""
                    {self.compat("version=1", device)} > /dev/null
                    cat {device}/configuration""")
                self.assert_lines(printed, "version=2,rss=off")

    def test_what_was_written_is_told(self):
        printed = self.inside(self.compat("version=1", f"{TYPES}/my-nic-config_params", f"--uuid {U} --format json"))
        told = json.loads(printed)
        self.assertEqual(U, told["uuid"])
        self.assertEqual({"config_params": [{"file": f"{TYPES}/my-nic-config_params/create", "text": U},
                                            {"file": f"/sys/bus/mdev/devices/{U}/config_params", "text": ""}]}, told["written"])

    def test_a_random_uuid_is_drawn(self):
        printed = self.inside(f"""
            {self.compat("version=2", f"{TYPES}/my-nic-version-per-type", "--format json")}
            ls {TYPES}/my-nic-version-per-type/devices""")
        told, name = printed.rstrip().rsplit("\n", 1)
        self.assertEqual(name, json.loads(told)["uuid"])

    def test_nothing_is_written_to_what_is_compatible_or_cannot_be(self):
        printed = self.inside(f"""
            echo {U} > {TYPES}/my-nic-config_params/create
            {self.compat("version=2", f"{DEVICES}/{U}")}
            status=0; {self.compat("version=3,rx-filter-size=200", f"{DEVICES}/{U}")} || status=$?
            echo $status; cat {DEVICES}/{U}/configuration""")
        self.assertIn("verdict: identical\n", printed)
        self.assertIn("verdict: incompatible\n", printed)
        self.assertTrue(printed.endswith("6\nversion=2\n"), printed)

    def test_a_type_that_cannot_be_configured_gets_no_device(self):
        printed = self.inside(f"""
            status=0; {self.compat("version=1", f"{TYPES}/my-nic-version-per-type")} || status=$?
            echo $status; ls {TYPES}/my-nic-version-per-type/devices""")
        self.assertEqual("1\n", printed)
        self.assertIn("none of the target's interfaces can configure it", self.stderr)

    def test_a_type_is_set_back_when_no_device_can_be_created(self):
        printed = self.inside(f"""
            echo {uuid(2)} > {TYPES}/my-nic-full/create
            echo 3 > {TYPES}/my-nic-full/version
            echo 128 > {TYPES}/my-nic-full/rx-filter-size
            status=0; {self.compat("version=1", f"{TYPES}/my-nic-full", f"--uuid {U}")} || status=$?
            echo $status; cat {TYPES}/my-nic-full/version {TYPES}/my-nic-full/rss {TYPES}/my-nic-full/rx-filter-size""")
        self.assert_lines(printed, "1\n3\n1\n128")
        self.assertIn("Too many users; what was written is undone", self.stderr)

    def test_a_device_is_set_back_when_a_later_write_fails(self):
        printed = self.inside(f"""
            echo {U} > {TYPES}/my-nic-config_params/create
            chmod 0444 /sys/bus/mdev/devices/{U}/rx-filter-size
            status=0; {self.compat("version=2,rss=off,rx-filter-size=32", f"{DEVICES}/{U}")} || status=$?
            echo $status; cat {DEVICES}/{U}/configuration""")
        self.assert_lines(printed, "1\nversion=2")
        self.assertIn("Permission denied; what was written is undone", self.stderr)

    def test_a_device_in_use_is_left_alone(self):
        printed = self.inside(f"""
            status=0; {MDEVSIM} hold {DEVICES}/0000:01:00.1 -- {self.compat("version=1", f"{DEVICES}/0000:01:00.1")} || status=$?
            echo $status; cat {DEVICES}/0000:01:00.1/configuration""")
        self.assert_lines(printed, "1\nversion=2")
        self.assertIn("Device or resource busy; nothing was changed", self.stderr)

    def test_an_interface_that_the_target_does_not_have(self):
        self.inside(self.compat("version=1", f"{TYPES}/my-nic-config_params", "--interface migration-info"), status=2)
        self.assertIn('cannot be configured by "migration-info"; it can by: config_params', self.stderr)


class OneOfTwoHosts(SimulatedHostCase):
    """Inside of a host the file's other host may have the same device."""
    host = RSS_PAIR
    compat = f"{MDEVSIM} compat {RSS_PAIR} --from {NIC}@version=1 --to {DEVICES}/0000:00:04.0"

    def test_the_host_is_named(self):
        printed = self.inside(f"{self.compat} --host new --apply > /dev/null; cat {DEVICES}/0000:00:04.0/configuration",
                              options=("--host", "new"))
        self.assertEqual("version=2,rss=off\n", printed)

    def test_without_a_name_it_is_not_guessed(self):
        self.inside(self.compat, status=2, options=("--host", "new"))
        self.assertIn("old/0000:00:04.0 and new/0000:00:04.0 are both in the file, and /sys does not tell which host it is: add --host NAME",
                      self.stderr)
        self.inside(f"{self.compat} --host other", status=2, options=("--host", "new"))
        self.assertIn('the file has no host "other"', self.stderr)


class MountedPair(unittest.TestCase):
    """The discussion's example on two hosts that are mounted side by side."""

    def setUp(self):
        work = tempfile.TemporaryDirectory()
        self.addCleanup(work.cleanup)
        os.chmod(work.name, 0o755)
        self.hosts = pathlib.Path(work.name, "hosts")
        self.hosts.mkdir()
        if USER != "root" and os.geteuid() == 0:
            os.chown(self.hosts, 65534, 65534)
        self.run_as_user(MDEVSIM, "mount", RSS_PAIR, self.hosts)
        self.addCleanup(self.run_as_user, "fusermount3", "-u", self.hosts)

    def run_as_user(self, *words, status=0):
        told = subprocess.run([*as_user(USER), *map(str, words)], capture_output=True, text=True, env=environment(USER), cwd="/", check=False,
                              timeout=SECONDS_MAX)
        self.assertEqual(told.returncode, status, told.stderr)
        return told.stdout

    def test_unsafe_as_it_is_safe_after_configuring_the_destination(self):
        source, target = (self.hosts / host / "kernel/mdevsim/devices/0000:00:04.0" for host in ("old", "new"))
        compat = [MDEVSIM, "compat", RSS_PAIR, "--from", source, "--to", target]
        self.assertIn("verdict: compatible after configuration\n  disable rss\n", self.run_as_user(*compat, status=1))
        self.assertEqual("version=2\n", self.run_as_user("cat", target / "configuration"))
        self.assertIn(f"written by config_params:\n  echo '' > {self.hosts}/new/bus/pci/devices/0000:00:04.0/config_params\n",
                      self.run_as_user(*compat, "--apply"))
        self.assertEqual("version=2,rss=off\n", self.run_as_user("cat", target / "configuration"))
        self.assertIn("verdict: compatible as it is\n", self.run_as_user(*compat))
        self.assertEqual("version=1\n", self.run_as_user("cat", source / "configuration"))


if __name__ == "__main__":
    unittest.main()
