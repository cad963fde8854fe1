"""The scenarios that come with mdevsim pass, do the same twice, and each fails when one of its expectations is broken."""

import copy
import json
import pathlib
import re
import shutil
import subprocess
import tomllib
import unittest

from scenario_case import SCENARIOS, ScenarioCase
from simulated import MDEVSIM

FILES = sorted(SCENARIOS.glob("*.toml"))
# Expects what no shipped scenario has a use for.
KINDS = pathlib.Path(__file__).with_name("kinds.toml")

# What a real daemon with threads of its own asks for, or a parallel group, has no order of its own.
FREE = ("parallel", "libvirtd")


def steps_of(document):
    """All steps that are not in a group."""
    return [step for step in document["step"] if "steps" not in step and "parallel" not in step]


def members_of(document):
    return [member for step in document["step"] for member in step.get("parallel", [])]


def toml(value):
    """A value as TOML on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(key)} = {toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value) if isinstance(value, str) else repr(value)


def document_text(document):
    return "".join(f"{toml(key)} = {toml(value)}\n" for key, value in document.items())


WRITES = ("write", "create", "remove", "unbind", "bind", "vanish", "rescan")
PLAIN = {"read": "text", "wait": "text", "list": "names", "event": "count", "run": "status", "compat": "verdict", "migrate": "outcome",
         "configure": "outcome", **{verb: "errno" for verb in WRITES}}

STREAMS = ("stdout", "stderr")

# key of an expectation: what it is broken into
BROKEN = {
    "text": lambda _: "broken on purpose",
    "regex": lambda _: "^broken on purpose$",
    "json": lambda value: {key: "broken on purpose" for key in value},
    "errno": lambda value: "EXDEV",
    "because": lambda _: "^broken on purpose$",
    "names": lambda value: [*value, "broken on purpose"],
    "has": lambda value: ["broken on purpose"],
    "lacks": lambda value: ["*"],
    "count": lambda value: value + 1000,
    "status": lambda value: 77 if value != 77 else 78,
    "stdout": lambda value: "broken on purpose",
    "stderr": lambda value: "broken on purpose",
    "verdict": lambda value: "incompatible" if value != "incompatible" else "compatible",
    "outcome": lambda value: "refused" if value != "refused" else "done",
    "outcomes": lambda value: {"ok": 1000},
}


# A step with each verb that the runner knows; groups expect nothing.
SAMPLES = {
    "read": 'read = "a"', "write": 'write = "a"\ntext = "1"', "list": 'list = "a"', "wait": 'wait = "a"',
    "event": 'event = { ACTION = "add" }', "run": 'run = "true"', "create": 'create = "u"\ntype = "p/t"', "remove": 'remove = "u"',
    "bind": 'bind = "a"\ndriver = "d"', "unbind": 'unbind = "a"', "vanish": 'vanish = "a"', "rescan": "rescan = true",
    "compat": 'compat = { from = "m@version=1" }', "configure": 'configure = { from = "a/u", to = "b/u" }',
    "migrate": 'migrate = { from = "a/u", to = "b/u" }', "steps": None, "parallel": None,
}


def kinds_of_the_runner(folder):
    """(verb, key) of all that can be expected, as the runner itself says when it is given what it does not know."""

    def complaints(text):
        path = folder / "unknown.toml"
        path.write_text(text + "\n[host.a]\n")
        result = subprocess.run([str(MDEVSIM), "check", str(path)], capture_output=True, text=True)
        return re.sub(r"\n +", " ", result.stdout + "\n" + result.stderr)

    def list_after(words, text):
        listed = re.search(words + r" ([a-z_, -]+)", text)
        return re.split(r", | or ", listed.group(1).strip()) if listed else []

    kinds = set()
    verbs = list_after("a step needs one verb:", complaints("[[step]]"))
    assert sorted(verbs) == sorted(SAMPLES), verbs
    for verb, sample in SAMPLES.items():
        for key in list_after("it may have", complaints(f"[[step]]\n{sample}\nexpect = {{ zzzzzzzz = 1 }}")) if sample else []:
            inner = list_after("it may have", complaints(f"[[step]]\n{sample}\nexpect.{key} = {{ zzzzzzzz = 1 }}")) if key in STREAMS else []
            kinds.update(kind_of(verb, f"{key}.{each}") for each in inner or [""])
    return kinds


def kind_of(verb, key):
    """What is one and the same for several verbs is one kind: writes by another name, streams of commands, copies of a group."""
    key = key.rstrip(".")
    if key.split(".")[0] in STREAMS:
        return ("command", key if "." in key else f"{key}.text")
    if key == "outcomes":
        return ("parallel", key)
    return ("write" if verb in WRITES else verb, key)


def verb_of(step):
    return next((verb for verb in PLAIN if verb in step), None)


def expectations_of(step):
    """(key, value) of everything that the step expects, also what it expects by saying nothing."""
    verb = verb_of(step)
    if verb is None:
        return []
    expect = step.get("expect")
    if expect is None:
        silent = {"run": ("status", 0), "event": ("count", 1), "compat": ("verdict", "compatible"), "configure": ("outcome", "done"),
                  "migrate": ("outcome", "done"), "wait": None}
        found = silent.get(verb, ("errno", "none"))
        return [found] if found else []
    if isinstance(expect, dict):
        return [item for key, value in expect.items()
                for item in ([(f"{key}.{inner}", part) for inner, part in value.items()] if key in STREAMS and isinstance(value, dict)
                             else [(key, value)])]
    return [(PLAIN[verb], expect)]


def with_broken(step, key, value):
    """The step with one expectation broken, and patient no longer."""
    old = step.get("expect", {})
    expect = dict(old) if isinstance(old, dict) else {PLAIN[verb_of(step)]: old}
    *stream, key = key.split(".")
    if stream:
        expect[stream[0]] = {key: BROKEN[key](value)}
    else:
        expect[key] = BROKEN[key](value)
    return dict(step, expect=expect, within="300ms") if verb_of(step) in ("event", "wait") else dict(step, expect=expect)


def broken_copies(document):
    """(what is broken, verb and name of the step, document): one for each kind of expectation in a file."""
    seen = set()
    for steps in (steps_of, members_of):
        for number, step in enumerate(steps(document)):
            for key, value in expectations_of(step):
                kind = kind_of(verb_of(step), key)
                if kind in seen:
                    continue
                seen.add(kind)
                changed = copy.deepcopy(document)
                found = steps(changed)[number]
                name = f"broken {' '.join(kind)}"
                found.update(with_broken(found, key, value), name=name)
                yield kind, verb_of(step), name, changed


class Shipped(ScenarioCase):
    def test_all_pass(self):
        result = self.runs(SCENARIOS, "--json")
        lines = [json.loads(line) for line in result.stdout.splitlines()]
        files = {line["file"] for line in lines[:-1]}
        self.assertEqual(files, {str(path) for path in FILES})
        self.assertGreater(lines[-1]["passed"], 0)

    def trace(self, folder):
        """The trace of every case, by its file's name: what was asked and answered, without pids and times."""
        (self.folder / folder).mkdir(mode=0o777)
        (self.folder / folder).chmod(0o777)
        seeded = [path for path in FILES if not any(word in path.read_text() for word in FREE)]
        self.runs(*seeded, "--seed", "5", "--trace", folder)
        traces = {}
        for path in (self.folder / folder).iterdir():
            requests = [json.loads(line) for line in path.read_text().splitlines()]
            # What the kernel does on its own, when it finds the time, has no caller.
            traces[path.name] = [tuple(request.get(key) for key in ("host", "op", "path", "text", "result", "bytes"))
                                 for request in requests if request.get("op") not in ("release", "releasedir")]
        return traces

    def test_the_same_seed_gives_the_same_trace(self):
        first, second = self.trace("first"), self.trace("second")
        self.assertEqual(first.keys(), second.keys())
        for name, requests in first.items():
            self.assertTrue(requests, name)
            self.assertEqual(requests, second[name], name)
        self.assertTrue(first)


class BrokenOnPurpose(ScenarioCase):
    """Every kind of expectation in every shipped scenario fails when it should, and says so."""

    def check(self, path, verb, name, document):
        target = self.folder / "scenarios" / path.name
        target.write_text(document_text(document))
        result = self.runs(target, status=None)
        if result.returncode == 0 and "skipped" in result.stdout and "passed  " not in result.stdout:
            return False
        self.assertEqual(result.returncode, 1, f"{path.name} with {name}\n{result.stdout}{result.stderr}")
        lines = result.stdout.splitlines()
        begin = next(number for number, line in enumerate(lines) if line.startswith("FAILED"))
        end = next(number for number, line in enumerate(lines) if number > begin and line.startswith("  to repeat it: "))
        report = "\n".join(lines[begin:end + 1])
        self.assertRegex(report, rf'{path.name}:\d+:\d+: step "{name}" failed', report)
        self.assertRegex(report, r"\n      expected +\| actual\n", report)
        self.assertRegex(report, r"\n      .* !(?: |\n)", report)
        self.assertIn(f"to repeat it: mdevsim test {target}", lines[end])
        if verb != "compat":  # which asks no host
            self.assertRegex(report, "the last requests that the simulated kernel answered:|the simulated kernel was asked nothing")
        return True

    def test_each_kind_of_expectation(self):
        shutil.copytree(SCENARIOS, self.folder / "scenarios", ignore=lambda folder, names: [n for n in names if n == "runner"])
        shutil.copy(KINDS, self.folder / "scenarios")
        self.runs(self.folder / "scenarios" / KINDS.name)
        broken = set()
        for path in [*FILES, KINDS]:
            document = tomllib.loads(path.read_text())
            # One combination is enough, and two of hundreds of rounds.
            document["matrix"] = {name: values[:1] for name, values in document.get("matrix", {}).items()}
            for step in document["step"]:
                step.update({"repeat": 2} if step.get("repeat", 1) > 100 else {})
            for kind, verb, name, changed in broken_copies(document):
                with self.subTest(file=path.name, broken=name):
                    if self.check(path, verb, name, changed):
                        broken.add(kind)
        self.assertEqual(kinds_of_the_runner(self.folder) - broken, set(), "nothing expects these: add them to kinds.toml")


if __name__ == "__main__":
    unittest.main()
