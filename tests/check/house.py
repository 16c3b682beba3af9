#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""house.py TOP: holds every file below TOP to the rules in rules.py; prints what breaks one."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

sys.dont_write_bytecode = True
from rules import check  # noqa: E402

# Not ours or not written by hand. Build directories are known by what meson leaves in them.
FOREIGN = {".git", ".cache", ".pytest_cache", "__pycache__", "packagecache"}


def is_foreign(folder: Path) -> bool:
    unpacked = folder.parent.name == "subprojects" and folder.name != "packagefiles"
    return folder.name in FOREIGN or unpacked or (folder / "meson-private").exists()


def sources(top: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(top):
        here = Path(folder)
        folders[:] = sorted(name for name in folders if not is_foreign(here / name))
        yield from (here / name for name in sorted(files) if name != ".git")  # a worktree has a file there


def text_of(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8")
    except (UnicodeDecodeError, FileNotFoundError):  # a picture; a link that leads nowhere
        return None


def main(top: Path) -> int:
    files = findings = 0
    for file in sources(top):
        path = file.relative_to(top).as_posix()
        if (text := text_of(file)) is None:
            continue
        files += 1
        for line, message in check(path, text):
            findings += 1
            print(f"{path}:{line}: {message}")
    print(f"{files} files checked, {findings} breaches of the house rules")
    return 1 if findings or not files else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
