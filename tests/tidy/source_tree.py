"""What the tidy tests look at: the project's own files, read once."""

import functools
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ["sim", "fusefs", "library", "cli", "bench", "tests", "scenarios", "docs", "packaging", "cmake", ".ci"]


class File:
    """A file of the project: its path from the root, with slashes, and its text."""

    def __init__(self, path, text):
        self.path = path
        self.text = text

    def lines(self):
        return enumerate(self.text.splitlines(), 1)

    @property
    def is_cpp(self):
        return self.path.endswith((".h", ".cc", ".cpp", ".c"))


@functools.cache
def files():
    paths = [path for path in ROOT.iterdir() if path.is_file() and path.name != ".git"]  # a file in a linked worktree
    for folder in FOLDERS:
        paths += [path for path in (ROOT / folder).rglob("*") if path.is_file()]
    found = []
    for path in sorted(paths):
        if "__pycache__" in path.parts:
            continue
        try:
            found.append(File(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            pass  # a recording of bytes, not a text
    return found
