"""What the programs take is in the manual pages, and nothing else is."""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
MANUAL = ROOT / "docs" / "man"
MDEVSIM = os.environ["MDEVSIM"]


def mdevsim(*words):
    result = subprocess.run([MDEVSIM, *words], capture_output=True, text=True, env=dict(os.environ, LC_ALL="C"))
    return result.stdout + result.stderr


def page(name):
    return (MANUAL / f"{name}.scd").read_text()


def commands():
    return sorted(path.name.removeprefix("mdevsim-").removesuffix(".1.scd") for path in MANUAL.glob("mdevsim-*.1.scd"))


class Options(unittest.TestCase):
    def test_each_command_has_a_page(self):
        listed = re.findall(r"^  ([a-z][a-z-]+) +[a-z]", mdevsim("--help"), re.MULTILINE)
        self.assertGreater(len(listed), 5)
        self.assertEqual(commands(), sorted(listed))

    def test_the_options_of_help_are_those_of_the_page(self):
        for command in commands():
            with self.subTest(command):
                shown = mdevsim(command, "--help")
                options = set(re.findall(r"^  (?:-\w \[ )?(--[a-z-]+)", shown, re.MULTILINE)) - {"--help"}
                text = page(f"mdevsim-{command}.1")
                # Most have an entry of their own: *-k*, *--filter* _TEXT_
                entries = set()
                for line in re.findall(r"^\*-.*", text, re.MULTILINE):
                    entries.update(re.findall(r"\*(--[a-z-]+)\*", line))
                self.assertEqual(entries - options, set(), "there is no such option")
                missing = [option for option in options if not re.search(rf"\*{option}[* =]", text)]
                self.assertEqual(missing, [], "not in the page")


class Keys(unittest.TestCase):
    """The keys that the diagnostics of an unknown one list."""

    def keys_after(self, text, above):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "file.toml")
            path.write_text(text)
            said = re.sub(r"\n +", " ", mdevsim("check", str(path)))
        listed = re.search(above + r" has no key `zzzzzzzz`.*?it may have ([a-z_, -]+)", said, re.DOTALL)
        self.assertIsNotNone(listed, said)
        return re.split(r", | or ", listed.group(1).strip())

    def assert_in_page(self, keys, name):
        text = page(name)
        missing = [key for key in keys if not re.search(rf"\*\[*{re.escape(key)}[]*.=]", text)]
        self.assertEqual(missing, [], f"not in {name}")

    def test_those_of_scenarios(self):
        host = "[host.a]\n"
        self.assert_in_page(self.keys_after(f"zzzzzzzz = 1\n[[step]]\nrun = 'true'\n{host}", "a scenario"), "mdevsim-scenario.5")
        steps = ('read = "a"', 'write = "a"\ntext = "1"', 'list = "a"', 'wait = "a"', 'event = { ACTION = "add" }', 'run = "true"',
                 'create = "u"\ntype = "p/t"', 'bind = "a"\ndriver = "d"', "rescan = true", 'compat = { from = "m@version=1" }')
        for step in steps:
            with self.subTest(step):
                keys = self.keys_after(f"[[step]]\n{step}\nzzzzzzzz = 1\n{host}", "a step")
                self.assert_in_page(keys, "mdevsim-scenario.5")
                keys = self.keys_after(f"[[step]]\n{step}\nexpect = {{ zzzzzzzz = 1 }}\n{host}", "an expectation")
                self.assert_in_page(keys, "mdevsim-scenario.5")
        for verb in ("configure", "migrate"):
            keys = self.keys_after(f'[[step]]\n{verb} = {{ from = "a/u", to = "a/v", zzzzzzzz = 1 }}\n{host}', f"`{verb}`")
            self.assert_in_page(keys, "mdevsim-scenario.5")

    def test_those_of_fault_rules(self):
        keys = self.keys_after('[host.a]\n[[fault]]\nat = "create"\nerrno = "EIO"\nzzzzzzzz = 1\n', "a fault")
        self.assert_in_page(set(keys) - {"host"}, "mdevsim-fault.1")
        self.assert_in_page(keys, "mdevsim-host.5")


if __name__ == "__main__":
    unittest.main()
