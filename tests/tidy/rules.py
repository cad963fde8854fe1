"""The rules of the house, each a function from files to problems ("path:line: what is wrong: what to do")."""

import collections
import pathlib
import posixpath
import re

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')

# Folders whose code is not part of the product: they may include and use what they test or measure.
OUTSIDE = ("tests", "bench")

# header, who may include it, why the others may not
CONFINED_HEADERS = [
    (r"fuse(3/|_).*|fuse\.h", r"fusefs/fuse/", "FUSE is known to fusefs/fuse alone"),
    (r"toml\+\+/.*|toml\.hpp", r"sim/config/[^/]*\.cc", "only sim/config/*.cc reads TOML"),
    (r"boost/.*", r"cli/", "only cli/ parses the command line"),
    (r"linux/netlink\.h", r"fusefs/uevent/|fusefs/launch/", "only the sender of uevents, and the part of udevd that run plays, speak netlink"),
    (r"lz4.*|zstd.*", r"sim/state/compression\.cc", "compression has one home"),
    (r"xxhash\.h", r"sim/state/digest\.cc", "digests have one home"),
    (r"\w*intrin\.h", r"sim/state/(block_x86\.h|[^/]*\.cc)", "what depends on the processor stays in the variants of sim/state"),
    (r"gtest/.*|gmock/.*|rapidcheck.*", r"tests/|bindings/cxx/", "test libraries stay in tests/"),
    (r"benchmark/.*", r"bench/|tests/bench/", "benchmarks stay in bench/"),
    (r"fcntl\.h|unistd\.h|sys/.*", r"(?!sim/world/|sim/base/|fusefs/sysfs/)", "the model of a host makes no system calls"),
]

# what, where, where not, why
BANNED = [
    (r"std::chrono::\w+::now\b|\b(clock_gettime|gettimeofday)\s*\(", r"sim/|fusefs/sysfs/", None, "time is passed in (sim/base/clock.h)"),
    (r"\b([sd]?rand(48)?)\s*\(|std::random_device|std::mt19937", r"sim/|fusefs/", None, "chance is passed in (sim/base/random.h)"),
    (r"std::(cout|cerr|clog|print)\b|\bf?printf\s*\(|\bputs\s*\(|fmt::print\b", r"sim/|fusefs/sysfs/", r"sim/base/check\.h", "a library prints nothing: return what is to be said"),
    (r"std::(thread|jthread|async)\b|pthread_create", r"sim/|fusefs/sysfs/", None, "sim/ starts no thread: take an executor"),
    (r"\bgetenv\s*\(", r"sim/|fusefs/sysfs/|fusefs/fuse/", None, "the environment is read by cli/ and fusefs/launch"),
    (r"\busing\s+namespace\b(?!.*\b\w*literals;)", r"sim/|fusefs/|cli/|bench/|tests/", r"tests/tidy/", "say which namespace"),
    (r"\b(TODO|FIXME|XXX|HACK)\b", r"", r"tests/tidy/", "do it, or say in docs/ that it is not done"),
    (r"\bstd::mutex\b|\bstd::(lock_guard|scoped_lock|unique_lock|shared_mutex)\b", r"sim/|fusefs/", r"sim/base/mutex\.h", "use the annotated Mutex of sim/base/mutex.h"),
    (r"(?<![\w./-])/(home|root|work|Users)/", r"", r"tests/tidy/", "no path of somebody's machine"),
    (r"^#ifndef\s+\w+_H_?$", r"sim/|fusefs/|cli/|bench/|tests/", None, "#pragma once"),
    (r"\t", r"", r"Makefile|docs/man/.*\.scd", "indent with spaces"),
    (r"[ \t]+$", r"", None, "no space at the end of a line"),
]
BANNED_EVERYWHERE_BUT = re.compile(r".*\.(golden|toml\.expected|out|diff|expected|tsv)$|tests/.*/(golden|corpus|recordings)/.*|LICENSE$")

# name, the header that must be included by whoever uses it, why
NAMES_AND_HEADERS = [
    (r"\bfmt::join\b", "fmt/ranges.h", "newer fmt declares it there alone"),
    (r"\bfmt::runtime\b", "fmt/format.h", "newer fmt declares it there alone"),
]

LINES_MAX = 500


def _folder(path):
    """The folder that the include list names: two levels, or one for cli and library."""
    parts = path.split("/")
    return parts[0] if parts[0] in ("cli", "library", *OUTSIDE) else "/".join(parts[:2])


def read_edges(text):
    edges = {}
    for line in text.splitlines():
        words = line.split("#")[0].split()
        if words:
            edges[words[0]] = set(words[1:])
    return edges


def edges_are_acyclic(edges):
    problems = []
    done, on_way = set(), []

    def visit(folder):
        if folder in on_way:
            problems.append("include_edges.txt: a cycle: " + " -> ".join([*on_way, folder]))
        elif folder not in done:
            on_way.append(folder)
            for target in sorted(edges.get(folder, ())):
                visit(target)
            on_way.pop()
            done.add(folder)

    for folder in edges:
        visit(folder)
    for folder, targets in edges.items():
        problems += [f"include_edges.txt: {folder} may include {target}, which has no line of its own" for target in sorted(targets - edges.keys())]
    return problems


def includes_follow_the_edges(files, edges):
    problems = []
    known = {file.path for file in files}
    for file in filter(lambda file: file.is_cpp, files):
        folder = _folder(file.path)
        if folder in OUTSIDE:
            continue
        for number, line in file.lines():
            match = INCLUDE.match(line)
            if not match or not match[1]:
                continue
            if match[1] not in known:
                problems.append(f'{file.path}:{number}: "{match[1]}" is not a file from the root: write the path from the root')
                continue
            target = _folder(match[1])
            if target != folder and target not in edges.get(folder, set()):
                problems.append(f"{file.path}:{number}: {folder} may not include {target} (tests/tidy/include_edges.txt)")
    return problems


def every_folder_has_its_edges(files, edges):
    folders = {_folder(file.path) for file in files if file.is_cpp} - set(OUTSIDE)
    return [f"{folder}: no line in tests/tidy/include_edges.txt" for folder in sorted(folders - edges.keys())]


def third_party_headers_are_confined(files):
    problems = []
    for file in filter(lambda file: file.is_cpp, files):
        if file.path.startswith(OUTSIDE):
            continue
        for number, line in file.lines():
            match = INCLUDE.match(line)
            if not match or not match[2]:
                continue
            for header, where, why in CONFINED_HEADERS:
                if re.fullmatch(header, match[2]) and not re.match(where, file.path):
                    problems.append(f"{file.path}:{number}: <{match[2]}>: {why}")
    return problems


def nothing_banned(files):
    problems = []
    for file in files:
        if BANNED_EVERYWHERE_BUT.fullmatch(file.path):
            continue
        for pattern, where, but, why in BANNED:
            if not re.match(where, file.path) or (but and re.match(but, file.path)):
                continue
            for number, line in file.lines():
                if re.search(pattern, line):
                    problems.append(f"{file.path}:{number}: {line.strip()[:60]!r}: {why}")
    return problems


def names_come_with_their_header(files):
    problems = []
    for file in filter(lambda file: file.is_cpp, files):
        for name, header, why in NAMES_AND_HEADERS:
            if re.search(name, file.text) and f"#include <{header}>" not in file.text:
                problems.append(f"{file.path}: no <{header}>: {why}")
    return problems


def files_are_small(files):
    return [
        f"{file.path}: {file.text.count(chr(10))} lines: split it, {LINES_MAX} is a lot already"
        for file in files
        if file.is_cpp and not file.path.startswith(OUTSIDE) and file.text.count("\n") > LINES_MAX
    ]


def headers_have_pragma_once(files):
    return [f"{file.path}: no #pragma once" for file in files if file.path.endswith(".h") and "#pragma once\n" not in file.text]


def no_dead_sources(files):
    """Every source is named by a CMakeLists.txt of its folder or one above, every header is included by somebody."""
    problems = []
    lists = [(posixpath.dirname(file.path), file.text) for file in files if posixpath.basename(file.path) == "CMakeLists.txt"]
    included = collections.Counter()
    for file in filter(lambda file: file.is_cpp, files):
        for _, line in file.lines():
            match = INCLUDE.match(line)
            if match and match[1]:
                included[match[1]] += 1
                included[posixpath.normpath(posixpath.join(posixpath.dirname(file.path), match[1]))] += 1
    for file in filter(lambda file: file.is_cpp, files):
        if file.path.endswith(".h"):
            if not included[file.path]:
                problems.append(f"{file.path}: nobody includes it")
            continue
        for folder, text in lists:
            relative = posixpath.relpath(file.path, folder or ".")
            stem = relative.rsplit(".", 1)[0]
            if not relative.startswith("..") and re.search(rf"(?<![\w/]){re.escape(stem)}\b", text):
                break
        else:
            problems.append(f"{file.path}: no CMakeLists.txt names it")
    return problems


def every_host_file_is_used(files):
    problems = []
    for file in files:
        if not re.fullmatch(r"scenarios/hosts/.*\.toml", file.path):
            continue
        name = pathlib.PurePosixPath(file.path).stem
        users = [other for other in files if other is not file and re.match(r"tests/|README|docs/|bench/|scenarios/", other.path)]
        if not any(re.search(rf"\b{re.escape(name)}\b", other.text) for other in users):
            problems.append(f"{file.path}: no test, document or other scenario uses it")
    return problems
