#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""tidy.py BUILD: clang-tidy over our C and C++ as BUILD compiles it; .clang-tidy says what it looks for.

A file that was clean is looked at again only when something that it was compiled from has changed: BUILD/lint remembers.
Tests are left out: the macros of their framework break rules on every line.
"""

import hashlib
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

TIDY = "clang-tidy-19"
FOREIGN = ("subprojects", "tests")
# C next to strongSwan is written as strongSwan is: INIT() initializes, names are lower case, and whoever takes a chunk owns it.
NOT_FOR_C = "-cppcoreguidelines-*,-modernize-*,-readability-identifier-naming,-clang-analyzer-unix.Malloc"


@cache
def content(file: Path) -> bytes:
    return hashlib.sha256(file.read_bytes()).digest()


def dependencies(build: Path) -> dict[str, list[str]]:
    """What each object was compiled from, as ninja has it from the compiler."""
    output = subprocess.run(["ninja", "-C", build, "-t", "deps"], check=True, capture_output=True, text=True).stdout
    found: dict[str, list[str]] = {}
    files: list[str] = []
    for line in output.splitlines():
        if line.startswith(" "):
            files.append(line.strip())
        elif line.endswith("(VALID)"):
            files = found.setdefault(line.split(":")[0], [])
        else:
            files = []
    return found


class Sources:
    def __init__(self, top: Path, build: Path):
        self.top, self.build = top, build
        self.known = dependencies(build)
        version = subprocess.run([TIDY, "--version"], check=True, capture_output=True).stdout
        self.tool = version + (top / ".clang-tidy").read_bytes() + NOT_FOR_C.encode()
        entries = json.loads((build / "compile_commands.json").read_text())
        self.entries = {path: entry for entry in entries if (path := self.path(entry)) is not None}

    def path(self, entry: dict) -> str | None:
        path = Path(os.path.relpath(self.build / entry["file"], self.top))
        return None if path.parts[0] in FOREIGN else path.as_posix()

    def stamp(self, path: str) -> Path | None:
        """Where it stands that this very text is clean. None where nobody knows what the text is."""
        entry = self.entries[path]
        files = self.known.get(entry["output"])
        if not files:
            return None
        digest = hashlib.sha256(self.tool + entry["command"].encode())
        for file in files:
            digest.update(file.encode() + content(self.build / file))
        return self.build / "lint" / digest.hexdigest()

    def check(self, path: str) -> tuple[str, str]:
        """What became of it, "clean", "unchanged" or "findings", and what there is to say."""
        stamp = self.stamp(path)
        if stamp and stamp.exists():
            return "unchanged", ""
        less = [f"--checks={NOT_FOR_C}"] if path.endswith(".c") else []
        command = [TIDY, "--quiet", "--warnings-as-errors=*", *less, "-p", self.build, self.top / path]
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode != 0:
            return "findings", result.stdout or result.stderr
        if stamp:
            stamp.touch()
        return "clean", ""


def main(build: Path) -> int:
    sources = Sources(Path.cwd(), build.resolve())
    (build / "lint").mkdir(exist_ok=True)
    outcomes: list[str] = []
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for outcome, text in pool.map(sources.check, sorted(sources.entries)):
            outcomes.append(outcome)
            print(text, end="", flush=True)
    bad = outcomes.count("findings")
    print(f"{len(outcomes)} files, {outcomes.count('unchanged')} unchanged since they were clean, {bad} with findings")
    return 1 if bad or not outcomes else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
