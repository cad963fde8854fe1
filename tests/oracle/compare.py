#!/usr/bin/env python3
"""Holds what the probe printed against the recording of a real kernel, line by line.

    compare.py RECORDING OUTPUT --kernel 6.12 --user root [--sections create,remove]
    compare.py --markdown      the expected differences as docs/fidelity.md shows them

Numbers that a kernel hands out are not compared. Differences must be listed in expected-differences.txt, exactly as they
come; one that is listed and does not come is an error as well. Lines that begin with # hold figures: of those is checked
what must hold of every run. Ends with 0 when all is as expected, else 1.
"""

import argparse
import collections
import dataclasses
import fnmatch
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
EXPECTED = HERE / "expected-differences.txt"

# What the kernel numbers as it likes: groups, minors and majors of devices, and the time a device was active.
HANDED_OUT = [
    (re.compile(r"iommu_groups/\d+"), "iommu_groups/G"),
    (re.compile(r"/vfio/\d+"), "/vfio/G"),
    (re.compile(r"DEVNAME=vfio/\d+"), "DEVNAME=vfio/G"),
    (re.compile(r"vfio-dev/vfio\d+"), "vfio-dev/vfioN"),
    (re.compile(r"MINOR=\d+"), "MINOR=N"),
    (re.compile(r"MAJOR=[0-9M]+"), "MAJOR=M"),
    (re.compile(r'(runtime_active_time)\t\d+\t-\t(.*)"\d+\\n"'), r"\1\tT\t-\t\2T"),
    # Kernels list the two names in different orders.
    (re.compile(r"(listxattr)\t21\t-\t.*"), r"\1\t21\t-\t(two names)"),
]


def version(text):
    """3.17 -> (3, 17)"""
    return tuple(int(part) for part in text.split("."))


@dataclasses.dataclass(frozen=True)
class Line:
    name: str  # section.operation
    result: str  # "value errno more"

    @property
    def section(self):
        return self.name.split(".", 1)[0]


@dataclasses.dataclass
class Expected:
    """One entry of expected-differences.txt."""

    what: str = ""
    lines: str = ""  # a pattern of names
    here: str = ""  # the result that the simulation gives, a pattern as well
    kernels: str = "6.1 6.12"
    user: str = "root unprivileged"
    libfuse: str = ""  # "below 3.17": with older ones only
    why: str = ""
    number: int = 0  # of its first line in the file
    seen: int = 0

    def concerns(self, kernel, user, libfuse):
        if kernel not in self.kernels.split() or user not in self.user.split():
            return False
        return not self.libfuse or not libfuse or libfuse < version(self.libfuse.removeprefix("below "))

    def matches(self, name, result):
        return all(fnmatch.fnmatchcase(text, pattern.replace("[", "[[]")) for text, pattern in ((name, self.lines), (result, self.here)))


@dataclasses.dataclass
class Figures:
    """What must hold of a line that begins with #."""

    name: str
    holds: callable
    rule: str


def tally(more):
    """ok(1)=25 ENODEV=135 -> {"ok(1)": 25, "ENODEV": 135}"""
    return {name: int(count) for name, count in re.findall(r"(\S+)=(\d+)", more)}


def removers(value, more, outcomes):
    counts = tally(more)
    return value == 0 and counts.get("ok(1)", 0) >= 20 and sum(counts.values()) == 160 and counts.keys() <= outcomes


FIGURES = [
    Figures("concurrent.concurrent remove, fds preopened, 8proc x20",
            lambda value, more: removers(value, more, {"ok(1)", "ENODEV"}),
            "nothing is left over; one remover or more of each round succeeds, the others get ENODEV"),
    Figures("concurrent.concurrent open+remove, 8proc x20",
            lambda value, more: removers(value, more, {"ok(1)", "ENODEV", "open:ENOENT", "open:ENODEV"}),
            "nothing is left over; one remover or more of each round succeeds, the others find the file gone"),
    Figures("concurrent.window: samples where U exists",
            lambda value, more: value > 0,
            "a bystander sees the instance while it is created and removed over and over"),
]


def read_probe_output(text):
    """The lines to compare, normalised, and those with figures as {name: (value, more)}."""
    compared, figures = [], {}
    for raw in text.splitlines():
        if raw.startswith("#"):
            name, value, _, more = (raw[1:].split("\t", 3) + [""] * 3)[:4]
            figures[name] = (int(value), more)
            continue
        for pattern, replacement in HANDED_OUT:
            raw = pattern.sub(replacement, raw)
        name, *rest = raw.split("\t", 3)
        compared.append(Line(name, " ".join(rest).strip()))
    return compared, figures


def read_expected(path=EXPECTED):
    entries, entry, field = [], None, None
    for number, raw in enumerate(path.read_text().splitlines(), 1):
        if raw.startswith("#"):
            continue
        if not raw.strip():
            entry = None
            continue
        if entry is None:
            entry = Expected(number=number)
            entries.append(entry)
        key, colon, value = raw.partition(":")
        if raw[0] == " " and field:
            setattr(entry, field, getattr(entry, field) + " " + raw.strip())
        elif colon and key in ("what", "lines", "here", "kernels", "user", "libfuse", "why"):
            field = key
            setattr(entry, field, value.strip())
        else:
            sys.exit(f"{path}:{number}: not `what:`, `lines:`, `here:`, `kernels:`, `user:`, `libfuse:` or `why:`")
    for entry in entries:
        if not (entry.what and entry.lines and entry.here and entry.why):
            sys.exit(f"{path}:{entry.number}: what, lines, here and why are needed")
    return entries


def keyed(lines):
    """Lines by name and by how often the name came before, for some names come more than once."""
    counts = collections.Counter()
    result = {}
    for line in lines:
        result[(line.name, counts[line.name])] = line
        counts[line.name] += 1
    return result


def is_expected(expected, name, result):
    hits = [entry for entry in expected if entry.matches(name, result)]
    for entry in hits:
        entry.seen += 1
    return bool(hits)


def compare_lines(recorded, printed, expected):
    problems = []
    recorded, printed = keyed(recorded), keyed(printed)
    for key, line in recorded.items():
        result = printed[key].result if key in printed else "(no line)"
        if result != line.result and not is_expected(expected, line.name, result):
            problems.append(f"{line.name}\n    kernel: {line.result}\n    here:   {result}")
    for key, line in printed.items():
        if key not in recorded and not is_expected(expected, line.name, line.result):
            problems.append(f"{line.name}\n    kernel: (no line)\n    here:   {line.result}")
    common = [key for key in printed if key in recorded]
    if common != [key for key in recorded if key in printed]:
        problems.append("the same lines came in another order")
    return problems


def compare_figures(recorded, printed, sections):
    problems = []
    for row in FIGURES:
        if row.name.split(".", 1)[0] not in sections or row.name not in recorded:
            continue
        if row.name not in printed:
            problems.append(f"#{row.name}\n    here:   (no line)")
        elif not row.holds(*printed[row.name]):
            value, more = printed[row.name]
            problems.append(f"#{row.name}\n    rule:   {row.rule}\n    here:   {value} {more}")
    return problems


def compare(recording, output, kernel, user, only=None, libfuse=None):
    """The problems, as text; empty when all is as expected. LIBFUSE is the server's, as (3, 14); None: an old one."""
    recorded, recorded_figures = read_probe_output(recording)
    printed, printed_figures = read_probe_output(output)
    sections = set(only or {line.section for line in recorded})
    recorded = [line for line in recorded if line.section in sections]
    expected = [entry for entry in read_expected() if entry.concerns(kernel, user, libfuse)]

    problems = compare_lines(recorded, printed, expected)
    problems += compare_figures(recorded_figures, printed_figures, sections)
    for entry in expected:
        concerned = entry.lines.split(".", 1)[0] in sections
        if concerned and not entry.seen:
            problems.append(f"{EXPECTED.name}:{entry.number}: {entry.what}: listed, and does not occur: strike it out")
    return problems


def markdown():
    rows = ["| What | Recorded line | Here | Kernels | As | Why |", "|---|---|---|---|---|---|"]
    for entry in read_expected():
        cells = [entry.what, f"`{entry.lines}`", f"`{entry.here}`", entry.kernels.replace(" ", ", "), entry.user.replace(" ", ", "), entry.why + (f" (libfuse {entry.libfuse})" if entry.libfuse else "")]
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recording", nargs="?")
    parser.add_argument("output", nargs="?")
    parser.add_argument("--kernel", default="6.12", choices=["6.1", "6.12"])
    parser.add_argument("--user", default="root", choices=["root", "unprivileged"])
    parser.add_argument("--sections", help="only these, separated by commas")
    parser.add_argument("--markdown", action="store_true")
    arguments = parser.parse_args()
    if arguments.markdown:
        print(markdown())
        return 0
    if not arguments.output:
        parser.error("RECORDING and OUTPUT are needed")
    recording, output = (pathlib.Path(name).read_text(errors="replace") for name in (arguments.recording, arguments.output))
    only = arguments.sections.split(",") if arguments.sections else None
    problems = compare(recording, output, arguments.kernel, arguments.user, only)
    print("\n".join(problems + [f"{len(problems)} differences from the kernel that are not expected"]))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
