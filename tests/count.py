# SPDX-License-Identifier: GPL-2.0-or-later
"""count.py RESULT...: adds up what ran and ends with "N passed, N failed".

A result is meson's testlog.json, where a Catch2 program counts its cases and any other program is one,
or a JUnit file from pytest. A result that is missing or broken is a failure: its run died.
Exit code 0 only if something ran and nothing failed.
"""

import json
import re
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import NamedTuple

ALL_PASSED = re.compile(r"All tests passed \(\d+ assertions? in (\d+) test cases?\)")
SOME_FAILED = re.compile(r"test cases: +\d+(?: \| +(\d+) passed)?(?: \| +(\d+) failed)?")
NONE_MATCHED = re.compile(r"No tests ran|No test cases matched")


class Count(NamedTuple):
    passed: int = 0
    failed: int = 0

    def plus(self, other: "Count") -> "Count":
        return Count(self.passed + other.passed, self.failed + other.failed)


def of_program(test: dict) -> Count:
    """One entry of testlog.json. What went wrong outside all cases (a crash, a leak) is one more failure."""
    output, good = test.get("stdout", ""), test["result"] in ("OK", "EXPECTEDFAIL")
    if match := ALL_PASSED.search(output):
        return Count(int(match[1]), 0 if good else 1)
    if match := SOME_FAILED.search(output):
        return Count(int(match[1] or 0), max(int(match[2] or 0), 0 if good else 1))
    if good and NONE_MATCHED.search(output):
        return Count()
    return Count(1, 0) if good else Count(0, 1)


def of_meson(file: Path) -> Count:
    count = Count()
    for line in file.read_text().splitlines():
        count = count.plus(of_program(json.loads(line)))
    return count


def of_junit(file: Path) -> Count:
    count = Count()
    for case in ElementTree.parse(file).iter("testcase"):
        bad = any(case.find(kind) is not None for kind in ("failure", "error", "skipped"))
        count = count.plus(Count(0, 1) if bad else Count(1, 0))
    return count


def of(file: Path) -> Count:
    try:
        return of_junit(file) if file.suffix == ".xml" else of_meson(file)
    except (OSError, ValueError, KeyError, ElementTree.ParseError) as error:
        print(f"{file}: no result: {error}")
        return Count(0, 1)


def main(files: list[Path]) -> int:
    total = Count()
    for file in files:
        count = of(file)
        print(f"{file}: {count.passed} passed, {count.failed} failed")
        total = total.plus(count)
    print(f"{total.passed} passed, {total.failed} failed")
    return 0 if total.passed and not total.failed else 1


if __name__ == "__main__":
    sys.exit(main([Path(name) for name in sys.argv[1:]]))
