"""What the tests of mdevsim test share: scenarios written by a test, run as root or as an ordinary user."""

import pathlib
import subprocess
import tempfile
import textwrap
import unittest

from simulated import MDEVSIM, ROOT, SECONDS_MAX, USER, as_user, environment

SCENARIOS = ROOT / "scenarios"

HOST = """
[host.alpha.virtual."mtty/mtty"]
mdev_types = [{ id = "1", name = "Single port serial", instances = 4 }]
"""
UUID = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001"


class ScenarioCase(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        if not MDEVSIM.exists():
            raise FileNotFoundError(f"{MDEVSIM} is not built")

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="mdevsim-scenario-", dir="/tmp")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.folder.chmod(0o777)

    def scenario(self, text, name="s.toml", host=HOST):
        path = self.folder / name
        path.write_text(textwrap.dedent(text) + host)
        return path

    def words(self, *arguments):
        return [*as_user(USER), str(MDEVSIM), "test", *map(str, arguments)]

    def runs(self, *arguments, status=0, cwd=None):
        """Runs mdevsim test, asserts its exit status if there is one; the result has stdout and stderr."""
        result = subprocess.run(self.words(*arguments), stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                                env=environment(USER), cwd=cwd or self.folder, timeout=SECONDS_MAX)
        if status is not None:
            self.assertEqual(result.returncode, status, f"\n--- stdout\n{result.stdout}\n--- stderr\n{result.stderr}")
        return result
