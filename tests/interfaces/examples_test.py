#!/usr/bin/env python3
"""The shipped example of each proposed interface, used with nothing but a shell, cat and echo."""

import json
import subprocess
import unittest

from simulated import MDEVSIM, ROOT, SimulatedHostCase, uuid

EXAMPLES = ROOT / "scenarios" / "interfaces"
U, V = uuid(1), uuid(2)
GIVEN = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001"  # exists from the start in some examples
CONFIGURED = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1002"  # so does this one, otherwise than its type makes
TYPES = "/sys/class/mdev_bus/0000:5e:00.0/mdev_supported_types"
DEVICES = "/sys/bus/mdev/devices"
FUNCTION = "/sys/bus/pci/devices/0000:5e:00.1"

# expect ERRNO COMMAND: the command fails with that message. (dash calls every failed echo an I/O error.)
EXPECT = """
    expect() { wanted=$1; shift; if said=$(bash -c "$*" 2>&1); then echo "no error: $*"; else case $said in *"$wanted"*) ;; *) echo "$*: $said";; esac; fi; }
"""


class Example(SimulatedHostCase):
    example = None

    def example_shows(self, script, expected):
        printed = self.inside(EXPECT + script, host=EXAMPLES / f"{self.example}.toml", options=("--log-level", "info"))
        self.assert_lines(printed, expected)


class Check(unittest.TestCase):
    def test_every_example_is_accepted(self):
        files = sorted(EXAMPLES.glob("*.toml"))
        result = subprocess.run([MDEVSIM, "check", *files], capture_output=True, text=True)
        self.assertEqual((result.returncode, result.stderr), (0, f"mdevsim: {len(files)} files are valid\n"))


class TypeAttributes(Example):
    example = "type-attributes"

    def test_a_type_is_set_and_creates_what_it_is_set_to(self):
        self.example_shows(f"""
            cd {TYPES}/my-nic-any
            cat model latest version rss rx-filter-size
            echo 3 > version
            echo 128 > rx-filter-size
            echo {U} > create
            echo 1 > version
            ls | grep -c rss || true
            (cd {DEVICES}/{U}; grep . model version rx-filter-size)
            expect 'not supported' "echo 4 > version"
            expect 'Invalid argument' "echo two > version"
            expect 'Permission denied' "echo x > model"
            """, """
            https://vendor-a.com/my-nic
            version=3
            2
            1
            0
            0
            model:https://vendor-a.com/my-nic
            version:3
            rx-filter-size:128
            """)
        self.assertIn("has no version 4: its versions are from 1 to 3", self.stderr)

    def test_two_clients_at_once_get_each_others_configuration(self):
        """The race that speaks against the proposal, with both clients' steps in an order that shows it."""
        self.example_shows(f"""
            cd {TYPES}/my-nic-any
            pipes=$(mktemp -d)
            mkfifo $pipes/first $pipes/second
            (echo 1 > version; echo ready > $pipes/first; read go < $pipes/second; echo {U} > create) &
            read ready < $pipes/first
            echo 3 > version
            echo go > $pipes/second
            wait
            echo {V} > create
            cat {DEVICES}/{U}/version {DEVICES}/{V}/version
            rm -r $pipes
            """, """
            3
            3
            """)


class VersionPerType(Example):
    example = "version-per-type"

    def test_each_version_is_a_type_that_shows_what_it_has(self):
        self.example_shows(f"""
            cd {TYPES}
            ls
            grep . */version */rss */description 2>/dev/null || true
            echo {U} > my-nic-3/create
            cat {DEVICES}/{U}/version {DEVICES}/{U}/rx-filter-size
            expect 'Permission denied' "echo 1 > my-nic-2/version"
            expect 'Permission denied' "echo 1 > {DEVICES}/{U}/rss"
            """, """
            my-nic-1
            my-nic-2
            my-nic-3
            my-nic-1/version:1
            my-nic-2/version:2
            my-nic-3/version:3
            my-nic-2/rss:1
            my-nic-3/rss:1
            my-nic-1/description:my-nic of version 1
            my-nic-2/description:my-nic of version 2
            my-nic-3/description:my-nic of version 3
            3
            64
            """)


class CreateParameters(Example):
    example = "create-parameters"

    def test_one_write_makes_a_configured_device(self):
        self.example_shows(f"""
            cd {TYPES}/my-nic-any
            cat version rss rx-filter-size
            echo {U},version=3,rss=off > create
            printf %s {V} > create
            cat {DEVICES}/{U}/version {DEVICES}/{U}/rss {DEVICES}/{V}/version {DEVICES}/{V}/rss
            for settings in version=1,rss=on rx-filter-size=96,version=2 speed=1 rss=on,rss=on rss; do
                expect 'Invalid argument' "echo {uuid(3)},$settings > create"
            done
            expect 'not supported' "echo {uuid(3)},version=4 > create"
            expect 'File exists' "echo {U},version=1 > create"
            cat available_instances
            """, """
            1-3
            0 1
            0 32 64 65-256
            3
            0
            2
            1
            14
            """)
        for reason in ("version 1 has no such parameter", "96 is not allowed in version 2", "has no such parameter", "is set twice"):
            self.assertIn(reason, self.stderr)

    def test_concurrent_clients_get_what_each_asked_for(self):
        self.example_shows(f"""
            cd {TYPES}/my-nic-any
            for n in 1 2 3 4 5 6; do
                (echo c0ffee00-1234-4abc-8def-00000000000$n,version=$((n % 3 + 1)) > create) &
            done
            wait
            for n in 1 2 3 4 5 6; do cat {DEVICES}/c0ffee00-1234-4abc-8def-00000000000$n/version; done
            """, """
            2
            3
            1
            2
            3
            1
            """)


class Aggregation(Example):
    example = "aggregation"

    def test_units_are_counted_and_shown(self):
        self.example_shows(f"""
            cd {TYPES}/my-nic-64M
            cat aggregation aggregation_unit available_instances
            echo {U},aggregate=16,version=1 > create
            echo {V} > create
            cat available_instances {DEVICES}/{U}/aggregated_instances {DEVICES}/{V}/aggregated_instances
            expect 'Invalid argument' "echo {uuid(3)},aggregate=17 > create"
            expect 'Too many users' "echo {uuid(3)},aggregate=8 > create"
            echo 1 > {DEVICES}/{U}/remove
            cat available_instances
            """, """
            16
            64MiB
            24
            7
            16
            1
            23
            """)


class ScaleTypes(Example):
    example = "scale-types"

    def test_each_type_takes_its_share_of_the_card(self):
        self.example_shows(f"""
            cd {TYPES}
            grep . */available_instances */model */version
            echo {U} > my-nic-2G/create
            grep . */available_instances
            expect 'No space left' "echo {V} > my-nic-8G/create"
            cat {DEVICES}/{U}/version
            """, """
            my-nic-1G/available_instances:8
            my-nic-2G/available_instances:4
            my-nic-8G/available_instances:1
            my-nic-1G/model:https://vendor-a.com/my-nic
            my-nic-2G/model:https://vendor-a.com/my-nic
            my-nic-8G/model:https://vendor-a.com/my-nic
            my-nic-1G/version:1
            my-nic-2G/version:2
            my-nic-8G/version:3
            my-nic-1G/available_instances:6
            my-nic-2G/available_instances:3
            my-nic-8G/available_instances:0
            2
            """)


class Exposure(Example):
    example = "exposure"

    def test_instances_and_functions_tell_what_they_are(self):
        self.example_shows(f"""
            for device in {DEVICES}/{GIVEN} {DEVICES}/{CONFIGURED} {FUNCTION}; do
                cd $device
                cat model version rss rx-filter-size
            done
            """, """
            https://vendor-a.com/my-nic
            2
            1
            0
            https://vendor-a.com/my-nic
            3
            0
            64
            https://vendor-a.com/my-nic
            3
            1
            128
            """)

    def test_a_function_is_configured_through_its_own_files(self):
        self.example_shows(f"""
            cd {FUNCTION}
            cat config_params
            echo rss > config_params
            cat rx-filter-size
            echo 1 > version
            ls rss 2>/dev/null || echo no rss
            echo 0000:5e:00.1 > driver/unbind
            ls model 2>/dev/null || echo no model
            echo 0000:5e:00.1 > /sys/bus/pci/drivers/vfio-pci/bind
            cat version
            """, """
            rss rx-filter-size
            0
            no rss
            no model
            1
            """)


class ConfigParams(Example):
    example = "config-params"

    def test_what_is_left_out_is_disabled(self):
        self.example_shows(f"""
            cd {DEVICES}/{GIVEN}
            cat config_params
            echo rx-filter-size > config_params
            cat rss config_params
            echo none > rx-filter-size
            cat rx-filter-size config_params
            echo 'rx-filter-size rss' > config_params
            cat config_params
            echo > rss
            cat config_params
            """, """
            rss rx-filter-size
            0
            rx-filter-size
            0
            rss rx-filter-size
            rx-filter-size
            """)

    def test_a_refused_write_changes_nothing(self):
        self.example_shows(f"""
            cd {DEVICES}/{GIVEN}
            expect 'Invalid argument' "echo rss speed > config_params"
            expect 'Invalid argument' "echo 257 > rx-filter-size"
            expect 'Invalid argument' "head -c 5000 /dev/zero | tr '\\\\0' r > config_params"
            cat config_params rx-filter-size
            exec 3< /sys/kernel/mdevsim/devices/{GIVEN}/hold
            expect 'busy' "echo rss > config_params"
            exec 3<&-
            echo rss > config_params
            cat config_params
            """, """
            rss rx-filter-size
            64
            rss
            """)

    def test_a_device_is_removed_and_made_again_through_sysfs_alone(self):
        self.example_shows(f"""
            echo 1 > {DEVICES}/{GIVEN}/remove
            echo {GIVEN},version=3,rss= > {TYPES}/my-nic-any/create
            cat {DEVICES}/{GIVEN}/config_params
            """, """
            rx-filter-size
            """)


class MigrationInfo(Example):
    example = "migration-info"

    def test_the_type_describes_its_model_as_json(self):
        printed = self.inside(f"cat {TYPES}/my-nic-any/migration_info.json", host=EXAMPLES / "migration-info.toml")
        self.assertEqual(json.loads(printed), {"models": {"vendor-a.com/my-nic": {"params": {
            "rss": {"description": "receive side scaling", "init_value": True, "off_value": False, "type": "bool"},
            "rx-filter-size": {"allowed_values": [0, 32, 64, "65-256"], "init_value": 64, "off_value": 0, "type": "int"},
        }}}})

    def test_a_description_of_more_than_a_page_is_whole(self):
        params = "\n".join(f'params.p{n} = {{ type = "int", off = 0, allowed = ["0-{n + 1}"], description = "{"x" * 60}" }}' for n in range(64))
        host = self.host_file(f"""
            [model."a.com/big"]\n{params}\nversions.1 = {{}}
            [host.a.virtual."mtty/mtty"]
            mdev_types = [ {{ id = "1", model = "a.com/big", interfaces = ["migration-info"] }} ]
            """)
        printed = self.inside("cd /sys/class/mdev_bus/mtty/mdev_supported_types/mtty-1; stat -c %s migration_info.json; cat migration_info.json", host=host)
        size, text = printed.split("\n", 1)
        self.assertEqual(len(text), int(size))
        self.assertGreater(len(text), 4096)
        self.assertEqual(len(json.loads(text)["models"]["a.com/big"]["params"]), 64)

    def test_a_device_takes_its_parameters_one_by_one(self):
        self.example_shows(f"""
            echo {U} > {TYPES}/my-nic-any/create
            cd {DEVICES}/{U}/migration
            ls
            cat rss rx-filter-size
            echo off > rss
            echo 256 > rx-filter-size
            cat rss rx-filter-size
            expect 'Invalid argument' "echo 1 > rss"
            expect 'Invalid argument' "echo 257 > rx-filter-size"
            expect 'No such file' "cat speed"
            """, """
            rss
            rx-filter-size
            on
            64
            off
            256
            """)


class MigrationParams(Example):
    example = "migration-params"

    def test_parameters_take_effect_when_they_are_applied(self):
        self.example_shows(f"""
            cat {TYPES}/my-nic-any/migration/model
            echo {U} > {TYPES}/my-nic-any/create
            cd {DEVICES}/{U}/migration
            echo off > params/rss
            cat params/rss applied
            expect 'Resource temporarily unavailable' "cat /sys/kernel/mdevsim/devices/{U}/hold"
            echo 1 > applied
            cat applied /sys/kernel/mdevsim/devices/{U}/hold
            expect 'busy' "echo on > params/rss"
            echo 0 > applied
            cat params/rss
            """, """
            https://vendor-a.com/my-nic
            off
            0
            1
            1
            on
            """)


class MigrationVersion(Example):
    example = "migration-version"

    def test_the_target_takes_the_string_of_a_source_that_suits(self):
        self.example_shows(f"""
            cd {TYPES}
            echo {U} > my-nic-2/create
            echo {V} > my-nic-3/create
            cat {DEVICES}/{U}/migration_version {DEVICES}/{V}/migration_version
            cat {DEVICES}/{U}/migration_version > my-nic-2/migration_version
            expect 'Invalid argument' "cat {DEVICES}/{U}/migration_version > {DEVICES}/{V}/migration_version"
            expect 'Invalid argument' "cat {DEVICES}/{V}/migration_version > my-nic-1/migration_version"
            expect 'Invalid argument' "echo nonsense > my-nic-1/migration_version"
            """, """
            vendor-a.com/my-nic@rss=on
            vendor-a.com/my-nic@rss=on,rx-filter-size=64
            """)
        self.assertIn("only after: disable rx-filter-size", self.stderr)
        self.assertIn("version 1 has no such parameter", self.stderr)


class SoftwareVersion(Example):
    example = "software-version"

    def test_a_client_compares_sets_and_copies_resources(self):
        self.example_shows(f"""
            cd {TYPES}/my-nic-any
            cat software_version compatible_type compatible_rss compatible_rx-filter-size dynamic_resources
            echo {U},version=2,rx-filter-size=32 > create
            echo {V} > create
            cat {DEVICES}/{U}/compatible_rx-filter-size
            for file in $(tr , ' ' < dynamic_resources); do
                if [ -e {DEVICES}/{U}/compatible_$file ]; then cat {DEVICES}/{U}/$file > {DEVICES}/{V}/$file; else echo > {DEVICES}/{V}/$file; fi
            done
            cat {DEVICES}/{V}/rss {DEVICES}/{V}/rx-filter-size
            """, """
            1.0.2
            vendor-a.com/my-nic
            0 1
            0 32 64
            rss,rx-filter-size
            32
            1
            32
            """)


if __name__ == "__main__":
    unittest.main()
