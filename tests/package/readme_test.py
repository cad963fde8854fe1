#!/usr/bin/env python3
"""What README.md shows is what happens: the demo, the host file, its types, its mistakes. Blank lines are not compared."""

import os
import pathlib
import re
import subprocess
import tempfile
import textwrap
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
MDEVSIM = os.environ["MDEVSIM"]


def lines(text):
    return [line for line in textwrap.dedent(text).splitlines() if line.strip()]


def block_behind(text):
    """The indented block, or the one between fences, that follows `text` in the README."""
    rest = README[README.index(text) + len(text):]
    fenced = re.match(r"[^`]*?\n```\w*\n(.*?)\n```\n", rest, re.DOTALL)
    return fenced[1] + "\n" if fenced else re.match(r"\n((?:    .*\n|\n)*)", rest)[1]


class Readme(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.host = block_behind("`my-host.toml`, a graphics card")

    def run_in_folder(self, host, *command):
        (pathlib.Path(self.folder.name) / "my-host.toml").write_text(host)
        return subprocess.run([MDEVSIM, *command], cwd=self.folder.name, stdout=subprocess.PIPE, text=True, check=False)

    def test_the_demo_prints_what_is_shown(self):
        demo = subprocess.run([ROOT / "packaging/demo"], stdout=subprocess.PIPE, text=True, check=True)
        self.assertEqual(lines(block_behind("`make demo` prints:")), lines(demo.stdout))

    def test_the_host_file_has_the_types_that_are_shown(self):
        types = self.run_in_folder(self.host, "run", "my-host.toml", "--", "mdevctl", "types")
        self.assertEqual(0, types.returncode)
        self.assertEqual(lines(block_behind("$ mdevsim run my-host.toml -- mdevctl types")), lines(types.stdout))

    def test_the_mistakes_are_told_as_shown(self):
        broken = self.host.replace("description", "desciption").replace("units = 16 },\n]", "units = 32 },\n]")
        check = self.run_in_folder(broken, "check", "my-host.toml")
        self.assertEqual(3, check.returncode)
        self.assertEqual(lines(block_behind("$ mdevsim check my-host.toml")), lines(check.stdout))

    def test_the_scenario_passes_as_shown(self):
        (pathlib.Path(self.folder.name) / "our-stack.toml").write_text(block_behind("`our-stack.toml`, a scenario"))
        test = self.run_in_folder(self.host, "test", "our-stack.toml")
        self.assertEqual(0, test.returncode, test.stdout)
        without_times = [re.sub(r"\d+(\.\d+)? m?s", "T", text) for text in (block_behind("$ mdevsim test our-stack.toml"), test.stdout)]
        self.assertEqual(*map(lines, without_times))


if __name__ == "__main__":
    unittest.main()
