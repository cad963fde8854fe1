#!/usr/bin/env python3
"""Compares the simulated PCI tree with the recorded machine's, entry by entry."""

import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

from simulated import PROBE, run  # noqa: E402


def entries(text):
    """Path -> what the probe says of it; the time since boot is left out."""
    found = {}
    for line in text.splitlines():
        name, separator, rest = line.partition("\t")
        if separator and name.startswith("tree.") and not name.endswith("runtime_active_time"):
            found[name.removeprefix("tree.")] = rest
    return found


def expected():
    rules = []
    for line in (HERE / "pci-differences.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            kind, pattern, _ = re.match(r"(missing|differs) (\S+) # (.+)", line).groups()
            rules.append((kind, re.compile(pattern)))
    return rules


def main():
    recorded = entries((HERE / "recordings/6.12/tree-pci.golden").read_text(errors="replace"))
    printed = run([PROBE, "tree", "/sys/devices/pci0000:00", "/sys/bus/pci"])
    assert printed.returncode == 0, printed.stderr
    simulated = entries(printed.stdout)
    differences = [("missing", path) for path in recorded if path not in simulated]
    differences += [("differs", path) for path in recorded if path in simulated and recorded[path] != simulated[path]]
    rules = expected()
    used = set()
    problems = [f"not recorded: {path}" for path in simulated if path not in recorded]
    for kind, path in differences:
        matching = [rule for rule in rules if rule[0] == kind and rule[1].fullmatch(path)]
        used.update(matching)
        if not matching:
            problems.append(f"{kind}: {path}\n  recorded  {recorded[path]}\n  simulated {simulated.get(path)}")
    problems += [f"expected but not so any more: {kind} {pattern.pattern}" for kind, pattern in rules if (kind, pattern) not in used]
    print("\n".join(problems))
    print(f"{len(recorded)} recorded entries, {len(recorded) - len(differences)} the same, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
