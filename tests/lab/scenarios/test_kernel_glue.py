# SPDX-License-Identifier: GPL-2.0-or-later
"""The part of kernel-glue's own tests that needs a kernel with ESP; it makes a network namespace of its own."""

import os
import subprocess

from lab.oekd import SANITIZER_OPTIONS


def test_kernel_glue_with_real_esp(guest):
    program = guest.build / "tests/kernel-glue/test-kernel-glue"
    done = subprocess.run([program, "[esp]"], capture_output=True, text=True, env=os.environ | SANITIZER_OPTIONS, timeout=guest.patience(60))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All tests passed" in done.stdout
