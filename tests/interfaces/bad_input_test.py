#!/usr/bin/env python3
"""Every kind of bad input to every proposed interface: the errno, a line of the log with the reason, and nothing has changed."""

import re
import unittest

from simulated import HELPER, ROOT, SimulatedHostCase, uuid

INTERFACES = ("type-attributes", "create-parameters", "version-per-type", "aggregation", "config_params", "migration-info",
              "migration-params", "migration_version", "software_version", "vendor-tool")
KINDS = ("malformed", "unknown", "duplicate", "out of range", "over-long")
PARENT = "/sys/class/mdev_bus/0000:5e:00.0"
NEW = uuid(99)
LONG = "1" * 5000

EINVAL, EOPNOTSUPP, ENOENT = "EINVAL", "EOPNOTSUPP", "ENOENT"
NO_FILE = None  # the kernel itself refuses: there is no file, and nobody to write a log
KERNELS_RULE = "a uuid has 36 characters"
TOO_LONG = "more than 4094 bytes"

# interface: kind, file, text, errno, reason. T is the type, D an instance of it, C the instance's control files.
TABLE = {
    "type-attributes": [
        ("malformed", "T/version", "two", EINVAL, '"two" is no number'),
        ("malformed", "D/version", "", EINVAL, '"" is no number'),
        ("malformed", "T/rx-filter-size", "64 ", EINVAL, '"64 " is not a decimal number'),
        ("unknown", "T/version", "9", EOPNOTSUPP, "has no version 9: its versions are from 1 to 3"),
        ("unknown", "D/version", "0", EOPNOTSUPP, "has no version 0"),
        ("unknown", "T/speed", "1", ENOENT, NO_FILE),
        ("duplicate", "T/create", f"{NEW},rss=on,rss=on", EINVAL, KERNELS_RULE),
        ("duplicate", "T/version", "1\n2", EINVAL, "is no number"),
        ("out of range", "T/rx-filter-size", "96", EINVAL, "96 is not allowed in version 2"),
        ("out of range", "D/rx-filter-size", "-1", EINVAL, "-1 is not allowed in version 2"),
        ("out of range", "T/version", "99999999999999999999", EOPNOTSUPP, "has no version 99999999999999999999"),
        ("over-long", "T/version", LONG, EINVAL, TOO_LONG),
        ("over-long", "T/rss", LONG, EINVAL, TOO_LONG),
        ("over-long", "D/rx-filter-size", LONG, EINVAL, TOO_LONG),
    ],
    "create-parameters": [
        ("malformed", "T/create", f"{NEW},rss", EINVAL, '"rss" is no NAME=VALUE'),
        ("malformed", "T/create", f"{NEW},rss=on,", EINVAL, "nothing stands behind the last comma"),
        ("malformed", "T/create", f"{NEW} rss=on", EINVAL, "no comma stands behind the uuid"),
        ("malformed", "T/create", f"{NEW},rss=maybe", EINVAL, '"maybe" is not on or off'),
        ("unknown", "T/create", f"{NEW},speed=1", EINVAL, "has no such parameter"),
        ("unknown", "T/create", f"{NEW},version=9", EOPNOTSUPP, "has no version 9"),
        ("duplicate", "T/create", f"{NEW},rss=on,rss=on", EINVAL, "`rss` is set twice"),
        ("duplicate", "T/create", f"{NEW},version=1,version=1", EINVAL, "`version` is set twice"),
        ("out of range", "T/create", f"{NEW},rx-filter-size=257", EINVAL, "257 is not allowed"),
        ("out of range", "T/create", f"{NEW},rx-filter-size=99999999999999999999", EINVAL, "is not a decimal number"),
        ("over-long", "T/create", f"{NEW},rx-filter-size={LONG}", EINVAL, TOO_LONG),
    ],
    "version-per-type": [
        ("malformed", "T/create", f"{NEW},version", EINVAL, KERNELS_RULE),
        ("unknown", "T/create", f"{NEW},version=9", EINVAL, KERNELS_RULE),
        ("unknown", "T/speed", "1", ENOENT, NO_FILE),
        ("duplicate", "T/create", f"{NEW},version=2,version=2", EINVAL, KERNELS_RULE),
        ("out of range", "T/create", f"{NEW},rx-filter-size=96", EINVAL, KERNELS_RULE),
        ("over-long", "T/create", f"{NEW},{LONG}", EINVAL, KERNELS_RULE),
    ],
    "aggregation": [
        ("malformed", "T/create", f"{NEW},aggregate=x", EINVAL, "not a number"),
        ("unknown", "T/create", f"{NEW},rss=on", EINVAL, "the type takes `aggregate` behind the uuid and nothing else"),
        ("duplicate", "T/create", f"{NEW},aggregate=1,aggregate=1", EINVAL, "`aggregate` is set twice"),
        ("out of range", "T/create", f"{NEW},aggregate=0", EINVAL, "0 is not 1 to 4"),
        ("out of range", "T/create", f"{NEW},aggregate=5", EINVAL, "5 is not 1 to 4"),
        ("over-long", "T/create", f"{NEW},aggregate={LONG}", EINVAL, TOO_LONG),
    ],
    "config_params": [
        ("malformed", "D/config_params", "rss,rx-filter-size", EINVAL, "`rss,rx-filter-size`: there is no such parameter"),
        ("malformed", "D/rx-filter-size", "x", EINVAL, '"x" is not a decimal number'),
        ("unknown", "D/config_params", "rss speed", EINVAL, "`speed`"),
        ("duplicate", "D/config_params", "rss rss", EINVAL, "`rss` is there twice"),
        ("out of range", "D/rx-filter-size", "96", EINVAL, "96 is not allowed in version 2"),
        ("over-long", "D/config_params", LONG, EINVAL, TOO_LONG),
    ],
    "migration-info": [
        ("malformed", "D/migration/rss", "1", EINVAL, '"1" is not on or off'),
        ("malformed", "D/migration/rx-filter-size", "", EINVAL, '"" is not a decimal number'),
        ("unknown", "D/migration/speed", "1", ENOENT, NO_FILE),
        ("duplicate", "D/migration/rss", "on\non", EINVAL, "is not on or off"),
        ("out of range", "D/migration/rx-filter-size", "96", EINVAL, "96 is not allowed in version 2"),
        ("over-long", "D/migration/rx-filter-size", LONG, EINVAL, TOO_LONG),
    ],
    "migration-params": [
        ("malformed", "D/migration/params/rss", "1", EINVAL, '"1" is not on or off'),
        ("malformed", "D/migration/applied", "2", EINVAL, "1 applies the parameters, 0 resets them"),
        ("unknown", "D/migration/params/speed", "1", ENOENT, NO_FILE),
        ("duplicate", "D/migration/params/rss", "on\non", EINVAL, "is not on or off"),
        ("duplicate", "D/migration/applied", "1\n1", EINVAL, "1 applies the parameters, 0 resets them"),
        ("out of range", "D/migration/params/rx-filter-size", "96", EINVAL, "96 is not allowed in version 2"),
        ("over-long", "D/migration/params/rx-filter-size", LONG, EINVAL, TOO_LONG),
        ("over-long", "D/migration/applied", LONG, EINVAL, TOO_LONG),
    ],
    "migration_version": [
        ("malformed", "T/migration_version", "nonsense", EINVAL, "it is no MODEL@PARAMETER=VALUE"),
        ("malformed", "D/migration_version", "vendor-a.com/my-nic@rss", EINVAL, '"rss" is no PARAMETER=VALUE'),
        ("unknown", "D/migration_version", "vendor-b.com/other@rss=on", EINVAL, "vendor-b.com/other"),
        ("unknown", "D/migration_version", "vendor-a.com/my-nic@speed=1", EINVAL, 'speed: the source has "1"'),
        ("duplicate", "D/migration_version", "vendor-a.com/my-nic@rss=on,rss=on", EINVAL, "`rss`: the model has a parameter of this name already"),
        ("out of range", "T/migration_version", "vendor-a.com/my-nic@rss=on,rx-filter-size=96", EINVAL, "96 is not allowed in version 2"),
        ("over-long", "D/migration_version", LONG, EINVAL, TOO_LONG),
    ],
    "software_version": [
        ("malformed", "D/rx-filter-size", "0x40", EINVAL, '"0x40" is not a decimal number'),
        ("unknown", "D/speed", "1", ENOENT, NO_FILE),
        ("duplicate", "D/rx-filter-size", "64\n64", EINVAL, "is not a decimal number"),
        ("out of range", "D/rx-filter-size", "96", EINVAL, "96 is not allowed in version 2"),
        ("over-long", "D/rss", LONG, EINVAL, TOO_LONG),
    ],
    "vendor-tool": [
        ("malformed", "C/configuration", "rss", EINVAL, '"rss" is no NAME=VALUE'),
        ("unknown", "C/configuration", "speed=1", EINVAL, "has no such parameter"),
        ("unknown", "C/configuration", "version=9", EOPNOTSUPP, "has no version 9"),
        ("duplicate", "C/configuration", "rss=on,rss=on", EINVAL, "`rss` is set twice"),
        ("out of range", "C/configuration", "version=2,rx-filter-size=96", EINVAL, "96 is not allowed in version 2"),
        ("over-long", "C/configuration", LONG, EINVAL, "a configuration has at most 4095 bytes"),
    ],
}

HOST = f"""
include = ["{ROOT}/scenarios/models/my-nic.toml"]
[host.alpha.pci."0000:5e:00.0"]
vendor = 0x1af4
device = 0x1041
class = 0x020000
driver = "my-nic"
mdev_types = [
""" + "".join(f"""  {{ id = "{name}", model = "vendor-a.com/my-nic", version = 2, instances = [{{ uuid = "{uuid(place)}" }}], \
{'aggregate = { unit = "1GiB", max = 4 }, ' if name == 'aggregation' else ''}\
interfaces = [{'' if name == 'vendor-tool' else f'"{name}"'}] }},
""" for place, name in enumerate(INTERFACES)) + "]\n"

# All that types, instances and their control files show.
SNAPSHOT = f"""
    snapshot() {{
        ls /sys/bus/mdev/devices
        find {PARENT}/mdev_supported_types {PARENT}/*-*-*-*-* -type f -not -path '*/power/*' -exec grep -H . {{}} + 2>/dev/null | sort
        grep -H . /sys/kernel/mdevsim/devices/*/configuration
    }}
    snapshot > $files/before
"""


def path_of(interface, file):
    place = INTERFACES.index(interface)
    directory = {"T": f"{PARENT}/mdev_supported_types/my-nic-{interface}", "D": f"/sys/bus/mdev/devices/{uuid(place)}",
                 "C": f"/sys/kernel/mdevsim/devices/{uuid(place)}"}[file[0]]
    return directory + file[1:]


class BadInput(SimulatedHostCase):

    def setUp(self):
        self.host = self.host_file(HOST)

    def test_the_table_has_every_kind_of_every_interface(self):
        self.assertEqual({(interface, kind) for interface in INTERFACES for kind in KINDS},
                         {(interface, row[0]) for interface, rows in TABLE.items() for row in rows})

    def test_each_is_refused_with_its_errno_and_a_reason_and_changes_nothing(self):
        rows = [(path_of(interface, file), text, errno, reason) for interface, table in TABLE.items() for _, file, text, errno, reason in table]
        writes = "".join(f"printf %s '{text}' | {HELPER} write {path}\n" for path, text, _, _ in rows)
        # A shell does not write nothing, and the kernel hands an empty write to nobody: it is a line.
        writes = writes.replace("printf %s ''", "echo")
        printed = self.inside(f"files=$(mktemp -d)\n{SNAPSHOT}\n{writes}\nsnapshot > $files/after\n"
                              "cmp $files/before $files/after && grep -c . $files/before; rm -r $files", options=("--log-level", "info"))
        *answers, lines = printed.splitlines()
        self.assertGreater(int(lines), 100)
        self.assertEqual([(path, text[:60], errno) for path, text, errno, _ in rows],
                         [(path, text[:60], answer.split()[-1]) for (path, text, _, _), answer in zip(rows, answers, strict=True)])
        logged = re.findall(r"pid \d+: (E\w+): (\S+?): (.*)", self.stderr)
        for (path, text, errno, reason), line in zip([row for row in rows if row[3] is not NO_FILE], logged, strict=True):
            with self.subTest(path=path, text=text[:60]):
                self.assertEqual((errno, path.rsplit("/", 1)[1]), (line[0], line[1].rsplit("/", 1)[1]))
                self.assertIn(reason, line[2])


if __name__ == "__main__":
    unittest.main()
