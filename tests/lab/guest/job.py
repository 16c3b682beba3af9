# SPDX-License-Identifier: GPL-2.0-or-later
"""What is to be run, and the folder that both sides of the guest's wall can write."""

import os
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from .places import CACHE, LAB

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
FAILED = 125  # exit code when the guest, not the job, is at fault


class GuestError(Exception):
    """The guest could not run the job; the text says why, for a person."""


@dataclass
class Job:
    command: list[str]
    build: Path  # the meson build directory: programs in, results out
    interactive: bool
    seconds: int

    @property
    def work(self) -> Path:
        """Script, console and exit code; seen under the same path in the guest, and writable there."""
        return self.build / "lab-guest"

    @property
    def colour(self) -> bool:
        return sys.stdout.isatty()

    def write(self) -> None:
        """Writes the script that the guest runs; what an earlier run left goes."""
        for old in (self.work, self.build / "lab-failures"):
            shutil.rmtree(old, ignore_errors=True)
        self.work.mkdir(parents=True)
        size = shutil.get_terminal_size()
        environment = {
            "PATH": f"{self.build}/daemon:{self.build}/cli:{SYSTEM_PATH}",
            "HOME": "/root",
            "LC_ALL": "C.UTF-8",
            "PYTHONPATH": str(LAB),
            "PYTHONDONTWRITEBYTECODE": "1",
            "TERM": os.environ.get("TERM", "dumb") if self.colour else "dumb",
            "COLUMNS": str(size.columns),
            "LINES": str(size.lines),
            "OEKD_BUILD": str(self.build),
            "OEKD_CACHE": str(CACHE),
        }
        lines = [f"cd {LAB}"]
        lines += [f"export {name}={shlex.quote(value)}" for name, value in environment.items()]
        lines += [f"exec {shlex.join(self.command)}"]
        (self.work / "job").write_text("\n".join(lines) + "\n")

    def exit_code(self) -> int:
        """What the guest wrote when the job had ended."""
        try:
            return int((self.work / "exit-code").read_text())
        except (OSError, ValueError):
            raise GuestError(f"the guest died; its console said:\n{self.console()}") from None

    def out_of_time(self) -> GuestError:
        return GuestError(f"not finished in {self.seconds} s; the guest's console said:\n{self.console()}")

    def console(self) -> str:
        try:
            lines = (self.work / "console").read_text(errors="replace").splitlines()
        except OSError:
            return "(nothing)"
        return "\n".join(lines[-30:])
