#!/usr/bin/env python3
"""Holds every C++ file against .clang-format, with the one version of clang-format that decides: formats differ by version."""

import subprocess
import sys

from source_tree import ROOT, files

CLANG_FORMAT = "clang-format-14"


def main():
    sources = [file.path for file in files() if file.path.endswith((".h", ".cc"))]
    mode = ["-i"] if sys.argv[1:] == ["--in-place"] else ["--dry-run", "-Werror", "--ferror-limit=1"]
    result = subprocess.run([CLANG_FORMAT, *mode, *sources], cwd=ROOT, check=False)
    if result.returncode:
        print("make format puts this right", file=sys.stderr)
    return result.returncode


if __name__ == "__main__":
    sys.exit(main())
