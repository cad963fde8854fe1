"""The scenarios that come with mdevsim pass, do the same twice, and each fails when one of its expectations is broken."""

import copy
import json
import shutil
import tomllib
import unittest

from scenario_case import SCENARIOS, ScenarioCase

FILES = sorted(SCENARIOS.glob("*.toml"))

# What a real daemon with threads of its own asks for, or a parallel group, has no order of its own; `compat` asks no host.
FREE = ("parallel", "libvirtd", "compat = ")


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
         **{verb: "errno" for verb in WRITES}}

STREAMS = ("stdout", "stderr")

# key of an expectation: what it is broken into
BROKEN = {
    "text": lambda _: "broken on purpose",
    "regex": lambda _: "^broken on purpose$",
    "json": lambda value: {key: "broken on purpose" for key in value},
    "errno": lambda value: "EXDEV",
    "names": lambda value: [*value, "broken on purpose"],
    "has": lambda value: ["broken on purpose"],
    "lacks": lambda value: ["*"],
    "count": lambda value: value + 1000,
    "status": lambda value: (value + 77) % 256,
    "stdout": lambda value: "broken on purpose",
    "stderr": lambda value: "broken on purpose",
    "verdict": lambda value: "incompatible" if value != "incompatible" else "compatible",
    "outcome": lambda value: "refused" if value != "refused" else "done",
    "outcomes": lambda value: {"ok": 1000},
}


def verb_of(step):
    return next((verb for verb in PLAIN if verb in step), None)


def expectations_of(step):
    """(key, value) of everything that the step expects, also what it expects by saying nothing."""
    verb = verb_of(step)
    if verb is None:
        return []
    expect = step.get("expect")
    if expect is None:
        silent = {"errno": "none"} if verb in (*WRITES, "read", "list") else {"status": 0} if verb == "run" else {}
        return list(silent.items()) or ([("count", 1)] if verb == "event" else [])
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
    """(what is broken, name of the step, document): one for each kind of expectation in a file."""
    seen = set()
    for steps in (steps_of, members_of):
        for number, step in enumerate(steps(document)):
            for key, value in expectations_of(step):
                kind = (verb_of(step) if verb_of(step) not in WRITES else "write", key)
                if kind in seen:
                    continue
                seen.add(kind)
                changed = copy.deepcopy(document)
                found = steps(changed)[number]
                name = f"broken {' '.join(kind)}"
                found.update(with_broken(found, key, value), name=name)
                yield kind, name, changed


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

    def check(self, path, kind, name, document):
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
        if kind[0] not in ("compat",):
            self.assertIn("the last requests that the simulated kernel answered:", report)
        return True

    def test_each_kind_of_expectation(self):
        shutil.copytree(SCENARIOS, self.folder / "scenarios", ignore=lambda folder, names: [n for n in names if n == "runner"])
        kinds = set()
        for path in FILES:
            document = tomllib.loads(path.read_text())
            # One combination is enough.
            document["matrix"] = {name: values[:1] for name, values in document.get("matrix", {}).items()}
            for kind, name, changed in broken_copies(document):
                with self.subTest(file=path.name, broken=name):
                    if self.check(path, kind, name, changed):
                        kinds.update(kind[1].split("."))
        missing = set(BROKEN) - kinds - {"outcome"}
        self.assertEqual(missing, set(), "no shipped scenario expects these")


if __name__ == "__main__":
    unittest.main()
