#!/usr/bin/env python3
"""States of all sizes, moved between two hosts in each way that there is: through the files, by mdevsim migrate, by the library.
Both devices hold the same afterwards."""

import pathlib
import re
import time

from migrating import DEVICES, MigrationCase, hosts_of, main, uuid
from simulated import BIN

IN_MEMORY = BIN / "mdevsim-in-memory"
SPARSE = "sparse = true, zero_pages = 99, "


class SizesCase(MigrationCase):
    size = None  # of the device's memory
    more = ""    # of what is said about it
    limit = None

    def setUp(self):
        self.began = time.monotonic()
        super().setUp()
        self.source, self.target = self.device(1), self.device(11)

    def mount(self, text=None, name="sys"):
        """The server ends with the case: its memory is the next one's."""
        self.serve(hosts_of(f'{{ memory = "{self.size}", {self.more}features = ["stop-copy", "p2p", "pre-copy"] }}', memory=self.limit), name=name)

    def tell_time(self):
        print(f"{type(self).__name__} {self.id().rsplit('_', 1)[-1]}: {time.monotonic() - self.began:.1f} s", flush=True)

    def assert_same(self, digests):
        self.assertEqual(len(digests), 2)
        self.assertEqual(*digests)
        self.assertRegex(digests[0], "^[0-9a-f]{32}$")
        self.tell_time()

    def copy_by(self, command):
        pristine = self.at_rest(self.target)
        self.source.state = "stop_copy"
        self.target.state = "resuming"
        result = self.run_words("sh", "-c", command.format(source=self.source.path, target=self.target.path))
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.target.state = "stop"
        self.assertNotEqual(self.target.digest, pristine)
        self.assert_same([self.source.digest, self.target.digest])

    def test_through_the_files_by_cat(self):
        self.copy_by("cat {source}/data > {target}/data")

    def test_through_the_files_by_dd(self):
        self.copy_by("dd if={source}/data of={target}/data bs=1M status=none")

    def test_by_the_command_migrate(self):
        self.migrate(self.source, self.target)
        self.assertEqual((self.source.state, self.target.state), ("STOP", "RUNNING"))
        self.assert_same([self.source.digest, self.at_rest(self.target)])

    def in_memory(self, interface):
        result = self.run_words(IN_MEMORY, interface, self.work / "sys.toml", *(f"{host}/{DEVICES}/{uuid(number)}" for host, number in (("alpha", 1), ("beta", 11))))
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assert_same(result.stdout.split())

    def test_by_the_library_in_c(self):
        self.in_memory("c")

    def test_by_the_library_in_cxx(self):
        self.in_memory("c++")


class Mebibyte(SizesCase):
    size = "1MiB"


class SparseMebibytes(SizesCase):
    size = "64MiB"
    more = SPARSE


# Below: make soak.

class Gibibyte(SizesCase):
    size = "1GiB"


class SparseGibibytes(SizesCase):
    size = "8GiB"
    more = SPARSE
    limit = "512MiB"


class DenseGibibytes(SizesCase):
    size = "8GiB"
    more = "zero_pages = 0, "
    needed_gib = 17

    def setUp(self):
        available = int(re.search(r"MemAvailable: +(\d+) kB", pathlib.Path("/proc/meminfo").read_text()).group(1)) >> 20
        if available < self.needed_gib:
            self.fail(f"it takes {self.needed_gib} GiB of memory, and {available} are available: leave it out with ctest -E soak.dense_state")
        super().setUp()


del SizesCase

if __name__ == "__main__":
    main()
