#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The last line of ./dev test says what ran: it must not count what did not, nor miss what failed."""

import contextlib
import io
import json
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import count  # noqa: E402

PROGRAMS = [  # why, meson's result, output, what it counts as
    ("a Catch2 program counts its cases", "OK", "All tests passed (7 assertions in 3 test cases)", (3, 0)),
    ("one case is singular", "OK", "All tests passed (1 assertion in 1 test case)", (1, 0)),
    ("failures", "FAIL", "test cases: 5 | 3 passed | 2 failed\nassertions: …", (3, 2)),
    ("only failures", "FAIL", "test cases: 2 | 2 failed", (0, 2)),
    ("a leak found at exit", "FAIL", "All tests passed (7 assertions in 3 test cases)", (3, 1)),
    ("a crash before any summary", "FAIL", "Segmentation fault", (0, 1)),
    ("nothing matched", "OK", "No test cases matched '*x*'", (0, 0)),
    ("a check program is one", "OK", "324 files checked", (1, 0)),
    ("out of time", "TIMEOUT", "", (0, 1)),
    ("skipped is not passed", "SKIP", "", (0, 1)),
]

JUNIT = """<testsuites><testsuite><testcase name="a"/><testcase name="b"><failure/></testcase>
<testcase name="c"><error/></testcase><testcase name="d"><skipped/></testcase></testsuite></testsuites>"""


class Counting(unittest.TestCase):
    def total(self, files: dict[str, str | None]) -> tuple[int, str]:
        """The exit code and the last line for these result files; None is a file that does not exist."""
        with tempfile.TemporaryDirectory() as folder:
            paths = [Path(folder, name) for name in files]
            for path, text in zip(paths, files.values()):
                if text is not None:
                    path.write_text(text)
            output = io.StringIO()
            with contextlib.redirect_stdout(output):
                status = count.main(paths)
            return status, output.getvalue().splitlines()[-1]

    def test_programs(self):
        for why, result, output, expected in PROGRAMS:
            with self.subTest(why):
                self.assertEqual(tuple(count.of_program({"result": result, "stdout": output})), expected)

    def test_the_sum_over_all_runs(self):
        log = json.dumps({"result": "OK", "stdout": "All tests passed (9 assertions in 4 test cases)"})
        self.assertEqual(self.total({"a.json": log, "b.json": log}), (0, "8 passed, 0 failed"))

    def test_scenarios_with_failure_error_and_skip(self):
        self.assertEqual(self.total({"lab.xml": JUNIT}), (1, "1 passed, 3 failed"))

    def test_a_run_without_result_failed(self):
        good = json.dumps({"result": "OK", "stdout": ""})
        self.assertEqual(self.total({"a.json": good, "lab.xml": None}), (1, "1 passed, 1 failed"))
        self.assertEqual(self.total({"a.json": good, "lab.xml": "<half"}), (1, "1 passed, 1 failed"))

    def test_nothing_ran(self):
        self.assertEqual(self.total({"a.json": ""}), (1, "0 passed, 0 failed"))


if __name__ == "__main__":
    unittest.main()
