#!/usr/bin/env python3
"""mdevsim compat: verdicts on the shipped models, as text, CSV, JSON and HTML, and what it ends with."""

import csv
import io
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODELS = ROOT / "scenarios/models"
MY_NIC = MODELS / "my-nic.toml"
FAMILY = MODELS / "family-500.toml"
RSS_PAIR = ROOT / "scenarios/hosts/rss-pair.toml"
INSTANCE = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1002"
NIC = "https://vendor-a.com/my-nic"


def compat(*words):
    return subprocess.run([os.environ["MDEVSIM"], "compat", *map(str, words)], capture_output=True, text=True, check=False, timeout=60)


def page_of(told):
    """What the heat map of a page holds, and what it says of a cell: the answer and the lines."""
    page = told.stdout
    assert page.startswith("<!DOCTYPE html>") and not re.search(r'\b(src|href)=|@import|url\(', page), "the page needs other files"
    data = json.loads(re.search(r"^const data = (.*?);$", page, re.DOTALL | re.MULTILINE)[1])

    def cell(row, column):
        answer, *lines = data["verdicts"][data["rows"][row]["cells"][column]]
        return [data["targets"][data["rows"][row]["first"] + column]["name"], data["answers"][answer], *[data["lines"][line] for line in lines]]

    return data, cell


def pair(source, target, *words, file=MY_NIC, model="vendor-a.com/my-nic"):
    return compat(file, "--from", f"{model}@{source}", "--to", f"{model}@{target}", *words)


class Pair(unittest.TestCase):
    maxDiff = None

    def test_the_example_of_the_discussion_is_safe_after_disabling_rss(self):
        told = pair("version=1", "rss=on")
        self.assertEqual(
            f"source:  {NIC}@version=1\n"
            f"target:  {NIC}@rss=on,rx-filter-size=0\n"
            "verdict: compatible after configuration\n"
            "  disable rss\n", told.stdout)
        self.assertEqual(("", 1), (told.stderr, told.returncode))
        configured = pair("version=1", "rss=off")
        self.assertIn("verdict: compatible as it is\n", configured.stdout)
        self.assertEqual(0, configured.returncode)

    def test_the_exit_status_is_the_verdict(self):
        for source, target, verdict, status in [
                ("version=3", "version=3", "identical", 0),
                ("version=2,rx-filter-size=64", "version=3", "identical", 0),
                ("version=1", "version=2,rss=off", "compatible as it is", 0),
                ("version=2", "version=3", "compatible after configuration", 1),
                ("version=2", "version=1", "incompatible", 6),
        ]:
            with self.subTest(source=source, target=target):
                told = pair(source, target)
                self.assertIn(f"verdict: {verdict}\n", told.stdout)
                self.assertEqual(status, told.returncode)

    def test_json_tells_steps(self):
        told = json.loads(pair("version=2,rx-filter-size=32", "version=3,rss=off", "--format", "json").stdout)
        self.assertEqual(
            {
                "source": f"{NIC}@version=2,rx-filter-size=32",
                "target": f"{NIC}@version=3,rss=off",
                "verdict": "configurable",
                "steps": [
                    {"action": "set", "parameter": "rss", "value": "on"},
                    {"action": "set", "parameter": "rx-filter-size", "value": "32"},
                ],
                "reasons": [],
            }, told)

    def test_json_tells_reasons(self):
        told = json.loads(pair("version=3,rx-filter-size=200", "version=2", "--format", "json").stdout)
        self.assertEqual([], told["steps"])
        self.assertEqual(
            [{
                "rule": "allowed",
                "parameter": "rx-filter-size",
                "source": "200",
                "target": "0",
                "why": "rx-filter-size: the source has 200; in the target, 200 is not allowed in version 2: it may be 0, 32 or 64",
            }], told["reasons"])

    def test_csv_has_a_row_for_each_step_or_reason(self):
        def rows(*words):
            return list(csv.reader(io.StringIO(pair(*words, "--format", "csv").stdout)))

        head = ["verdict", "action", "parameter", "value", "rule", "source", "target", "interface", "file", "text"]
        none = ["", "", ""]
        self.assertEqual([head, ["configurable", "disable", "rss", "off", "", "", "", *none]], rows("version=1", "version=2"))
        self.assertEqual([head, ["incompatible", "", "rss", "", "known", "on", "", *none]], rows("version=2", "version=1"))
        self.assertEqual([head, ["identical", "", "", "", "", "", "", *none]], rows("version=2", "version=2"))

    def test_html_shows_each_parameters_share_in_the_verdict(self):
        told = pair("version=2,rx-filter-size=32", "version=3,rss=off,rx-filter-size=32", "--format", "html")
        data, cell = page_of(told)
        self.assertEqual([["the model", "identical"], ["rss", "compatible after configuration", "set rss on"], ["rx-filter-size", "identical"]],
                         [cell(0, column) for column in range(3)])
        self.assertEqual("source: on; target: off", data["targets"][1]["about"])
        self.assertIn("<pre>source:  ", told.stdout)
        self.assertEqual(1, told.returncode)
        refused = pair("version=2", "version=1", "--format", "html")
        self.assertEqual(["rss", "incompatible", "rss: the source has on; the target's version 1 has no such parameter: it is there since version 2"],
                         page_of(refused)[1](0, 1))
        self.assertEqual(["rx-filter-size", "compatible as it is"], page_of(refused)[1](0, 2))
        self.assertEqual(6, refused.returncode)

    def test_html_of_other_models_shows_these_alone(self):
        with tempfile.TemporaryDirectory() as folder:
            both = pathlib.Path(folder, "both.toml")
            both.write_text(f'include = ["{MY_NIC}", "{FAMILY}"]\n')
            data, cell = page_of(compat(both, "--from", f"{NIC}@version=1", "--to", "vendor-b.com/family@version=1", "--format", "html"))
        self.assertEqual([1], [len(row["cells"]) for row in data["rows"]])
        self.assertEqual("incompatible", cell(0, 0)[1])

    def test_html_has_no_tag_of_a_models_text(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "tags.toml")
            file.write_text("""[model."a.com/x"]\nparams.mode = { type = "string", initial = "</script>&<b>" }\nversions.1 = {}\n""")
            told = compat(file, "--from", "a.com/x@mode=a", "--to", "a.com/x@version=1", "--format", "html")
        self.assertEqual(("", 1), (told.stderr, told.returncode))
        self.assertEqual(1, told.stdout.count("</script>"))
        self.assertNotIn("<b>", told.stdout)
        self.assertEqual("source: a; target: </script>&<b>", page_of(told)[0]["targets"][1]["about"])

    def test_models_of_other_names_are_incompatible(self):
        with tempfile.TemporaryDirectory() as folder:
            both = pathlib.Path(folder, "both.toml")
            both.write_text(f'include = ["{MY_NIC}", "{FAMILY}"]\n')
            told = compat(both, "--from", "vendor-a.com/my-nic@version=1", "--to", "vendor-b.com/family@version=1")
            matrix = compat(both, "--matrix")
            chosen = compat(both, "--matrix", "--model", "vendor-a.com/my-nic")
        self.assertEqual(6, told.returncode)
        self.assertIn("the source is a vendor-a.com/my-nic, the target a vendor-b.com/family", told.stdout)
        self.assertEqual(2, matrix.returncode)
        self.assertIn(f"choose one with --model: {NIC}, vendor-b.com/family", matrix.stderr)
        self.assertEqual(0, chosen.returncode)


class Matrix(unittest.TestCase):
    maxDiff = None

    def test_text(self):
        told = compat(MY_NIC, "--matrix")
        self.assertEqual(
            f"{NIC}: the source's version in rows, the target's in columns\n"
            "= identical   + compatible as it is   ~ compatible after configuration   . incompatible\n"
            "\n"
            "  123\n"
            "1 =~~\n"
            "2 .=~\n"
            "3 .~=\n"
            "\n"
            "7 of 9 pairs are compatible\n", told.stdout)
        self.assertEqual(0, told.returncode)

    def test_csv(self):
        self.assertEqual(
            "source,1,2,3\n"
            "1,identical,configurable,configurable\n"
            "2,incompatible,identical,configurable\n"
            "3,incompatible,configurable,identical\n",
            compat(MY_NIC, "--matrix", "--format", "csv").stdout)

    def test_json_says_the_same_as_pairs_do(self):
        told = json.loads(compat(FAMILY, "--matrix", "--format", "json").stdout)
        self.assertEqual(list(range(1, 501)), told["versions"])
        self.assertEqual([500] * 500, [len(row) for row in told["matrix"]])
        incompatible = told["verdicts"].index("incompatible")
        self.assertEqual(told["compatible_pairs"], sum(cell != incompatible for row in told["matrix"] for cell in row))
        for source, target in [(1, 1), (17, 400), (3, 6), (500, 499), (250, 251), (400, 100)]:
            one = pair(f"version={source}", f"version={target}", "--format", "json", file=FAMILY, model="vendor-b.com/family")
            self.assertEqual(json.loads(one.stdout)["verdict"], told["verdicts"][told["matrix"][source - 1][target - 1]])

    def test_html_is_one_file_with_every_verdict(self):
        data, cell = page_of(compat(MY_NIC, "--matrix", "--format", "html"))
        self.assertEqual(["version 1", "version 2", "version 3"], [row["name"] for row in data["rows"]])
        self.assertEqual(["version 2", "compatible after configuration", "disable rss"], cell(0, 1))
        self.assertEqual(["version 2", "identical"], cell(1, 1))
        self.assertEqual(
            ["version 1", "incompatible", "rss: the source has on; the target's version 1 has no such parameter: it is there since version 2"],
            cell(1, 0))
        self.assertIsNone(data["kept"])


class Hosts(unittest.TestCase):
    """Types, instances and functions of hosts; rss-pair.toml is the discussion's example."""
    maxDiff = None

    def told(self, *words, file=RSS_PAIR, status=0):
        told = compat(file, *words)
        self.assertEqual(("", status), (told.stderr, told.returncode))
        return told.stdout

    def test_the_discussions_example_is_told_with_what_to_write(self):
        self.assertEqual(
            "source:  old/0000:00:04.0 (https://vendor-a.com/my-nic@version=1)\n"
            "target:  new/0000:00:04.0 (https://vendor-a.com/my-nic@version=2)\n"
            "verdict: compatible after configuration\n"
            "  disable rss\n"
            "by config_params:\n"
            "  echo '' > /sys/bus/pci/devices/0000:00:04.0/config_params\n",
            self.told("--from", "old/0000:00:04.0", "--to", "new/0000:00:04.0", status=1))

    def test_every_interface_of_the_target_has_its_own_words(self):
        told = json.loads(self.told("--from", f"{NIC}@version=1", "--to", "new/0000:00:05.0/my-nic-any", "--format", "json", status=1))
        types = "/sys/class/mdev_bus/0000:00:05.0/mdev_supported_types/my-nic-any"
        self.assertEqual("new/0000:00:05.0/my-nic-any", told["place"])
        self.assertEqual(
            {
                "create-parameters": [{"file": f"{types}/create", "text": "UUID,version=2,rss=off"}],
                "config_params": [{"file": f"{types}/create", "text": "UUID"},
                                  {"file": "/sys/bus/mdev/devices/UUID/config_params", "text": ""}],
            }, told["writes"])

    def test_csv_has_a_row_for_each_write(self):
        rows = list(csv.reader(io.StringIO(self.told("--from", "old/0000:00:04.0", "--to", f"new/{INSTANCE}", "--format", "csv", status=1))))
        self.assertEqual(["configurable", "disable", "rss", "off", "", "", "", "", "", ""], rows[1])
        self.assertEqual(["configurable", "write", "", "", "", "", "", "config_params",
                          f"/sys/bus/mdev/devices/{INSTANCE}/config_params", ""], rows[2])

    def test_the_best_of_all_hosts(self):
        told = json.loads(self.told("--from", f"{NIC}@version=1", "--format", "json"))
        self.assertEqual(("old/0000:00:05.0/my-nic-1", "identical"), (told["place"], told["verdict"]))
        self.assertEqual({"types": 3, "identical": 1, "compatible": 0, "configurable": 2, "incompatible": 0,
                          "not_to_be_configured": 1, "full": 0}, told["chosen"])

    def test_the_best_of_one_host_is_one_that_can_be_configured(self):
        told = self.told("--from", f"{NIC}@version=1", "--to", "new", status=1)
        self.assertIn("target:  new/0000:00:05.0/my-nic-any (", told)
        self.assertIn("chosen:  of 2 types: 0 identical, 0 compatible as it is, 2 compatible after configuration, "
                      "0 incompatible; 1 of these cannot be configured through sysfs\n", told)

    def test_html_shows_all_types_and_the_best_one(self):
        told = compat(RSS_PAIR, "--from", f"{NIC}@version=1", "--format", "html")
        data, cell = page_of(told)
        self.assertEqual(["old/0000:00:05.0/my-nic-1", "identical"], cell(0, 0))
        self.assertEqual(["new/0000:00:05.0/my-nic-any", "compatible after configuration", "disable rss"], cell(1, 0))
        self.assertEqual(["new/0000:00:05.0/my-nic-2", "compatible after configuration", "disable rss", "none of its interfaces can do this"],
                         cell(1, 1))
        self.assertEqual([0, 0], data["kept"])
        self.assertIn("target:  old/0000:00:05.0/my-nic-1 (", told.stdout)
        none = compat(RSS_PAIR, "--from", f"{NIC}@version=3,rx-filter-size=200", "--format", "html")
        self.assertIsNone(page_of(none)[0]["kept"])
        self.assertIn("target:  none", none.stdout)

    def test_without_a_compatible_type_there_is_no_best(self):
        for name in ("text", "csv", "json", "html"):
            self.assertIn("incompatible", self.told("--from", f"{NIC}@version=3,rx-filter-size=200", "--format", name, status=6))

    def test_a_type_without_room_is_not_chosen(self):
        with tempfile.TemporaryDirectory() as folder:
            full = pathlib.Path(folder, "full.toml")
            full.write_text(RSS_PAIR.read_text().replace("version = 1, instances = 4",
                                                         "version = 1, max_instances = 1, instances = [{ count = 1, seed = 1 }]"))
            told = self.told("--from", f"{NIC}@version=1", file=full, status=1)
        self.assertIn("target:  new/0000:00:05.0/my-nic-any (", told)
        self.assertIn("; 1 have no room\n", told)

    def test_what_is_not_there(self):
        for spec, text in [
            ("new/0000:00:05.0/my-nic-9", 'host "new" has no type, instance or PCI function 0000:00:05.0/my-nic-9 with a device model'),
            ("newer/0000:00:05.0", '"newer/0000:00:05.0" is no MODEL@CONFIGURATION'),
            ("/nowhere/kernel/mdevsim/devices/0000:00:04.0", "there is no device /nowhere/kernel/mdevsim/devices/0000:00:04.0"),
            ("/nowhere", "/nowhere is neither SYSROOT/kernel/mdevsim/devices/NAME nor the directory of a type"),
        ]:
            with self.subTest(spec):
                told = compat(RSS_PAIR, "--from", f"{NIC}@version=1", "--to", spec)
                self.assertEqual(("", 2), (told.stdout, told.returncode))
                self.assertIn(text, told.stderr)


class Mistakes(unittest.TestCase):

    def expect_usage(self, told, text):
        self.assertEqual(("", 2), (told.stdout, told.returncode))
        self.assertIn(text, told.stderr)

    def test_configurations_that_the_model_does_not_support(self):
        for source, text in [
            ("version=9", "--from: `version`: https://vendor-a.com/my-nic has no version 9: its versions are from 1 to 3"),
            ("version=1,rss=on", "--from: `rss`: version 1 has no such parameter: it is there since version 2"),
            ("tso=on", "--from: `tso`: https://vendor-a.com/my-nic has no such parameter"),
            ("rss=on,rss=on", "--from: `rss` is set twice"),
            ("rx-filter-size=96x", '--from: `rx-filter-size`: "96x" is not a decimal number'),
        ]:
            with self.subTest(source):
                self.expect_usage(pair(source, "version=1"), text)

    def test_specs(self):
        self.expect_usage(pair("version=1", "version=1", model="vendor-a.com/my-nik"), 'there is no model "vendor-a.com/my-nik"')
        self.expect_usage(compat(MY_NIC, "--from", "my-nic", "--to", "my-nic"), '"my-nic" is no MODEL@CONFIGURATION')

    def test_options(self):
        spec = f"{NIC}@version=1"
        self.expect_usage(compat(MY_NIC), "give --from, or --matrix")
        self.expect_usage(compat(MY_NIC, "--to", spec, "--matrix"), "--to needs --from")
        self.expect_usage(compat(MY_NIC, "--from", spec, "--to", spec, "--matrix"), "give --from, or --matrix")
        self.expect_usage(compat(MY_NIC, "--from", spec, "--to", spec, "--apply"), "--apply needs a target that runs")
        self.expect_usage(compat(MY_NIC, "--from", spec, "--to", spec, "--interface", "config_params"), "--interface belongs to --apply")
        self.expect_usage(compat(MY_NIC, "--from", spec, "--to", spec, "--uuid", "1"), '"1" is no uuid')
        self.expect_usage(compat(MY_NIC, "--matrix", "--format", "yaml"), 'there is no format "yaml"')
        self.expect_usage(compat(MY_NIC, "--matrix", "--model", "vendor-a.com/x"), 'there is no model "vendor-a.com/x"')
        self.expect_usage(compat(), "FILE is missing")

    def test_files(self):
        with tempfile.TemporaryDirectory() as folder:
            broken = pathlib.Path(folder, "broken.toml")
            broken.write_text(MY_NIC.read_text().replace("off = 0", "off = 1"))
            told = compat(broken, "--matrix")
        self.assertEqual(("", 3), (told.stdout, told.returncode))
        self.assertIn("the off value 1 is not allowed in version 2", told.stderr)
        self.assertEqual(3, compat("no-such-file.toml", "--matrix").returncode)
        self.expect_usage(compat("builtin:minimal", "--matrix"), "the file describes no device model")

    def test_a_file_of_models_alone_is_no_host(self):
        mount = subprocess.run([os.environ["MDEVSIM"], "run", MY_NIC, "--", "true"], capture_output=True, text=True, check=False, timeout=60)
        self.assertNotEqual(0, mount.returncode)
        self.assertIn("the file describes device models, but no host", mount.stderr)


if __name__ == "__main__":
    unittest.main()
