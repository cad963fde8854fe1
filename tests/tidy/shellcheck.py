#!/usr/bin/env python3
"""Holds every sh script of the project against shellcheck."""

import subprocess
import sys

from source_tree import ROOT, files


def main():
    scripts = [file.path for file in files() if file.text.startswith(("#!/bin/sh", "#!/usr/bin/env sh"))]
    assert scripts, "no script found: the search is wrong"
    return subprocess.run(["shellcheck", *scripts], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
