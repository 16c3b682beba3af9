# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel we run in, as far as a scenario must know it."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Guest:
    name: str  # native, kvm, tcg, uml, uml72
    build: Path
    cache: Path  # unpacked packages

    @property
    def emulated(self) -> bool:
        """Every instruction is translated: about ten times slower, so no figure from here is a result."""
        return self.name == "tcg"

    def patience(self, seconds: float) -> float:
        """A deadline that is generous where nothing is fast."""
        return seconds * 4 + 2 if self.emulated else seconds


def this_guest() -> Guest:
    return Guest(os.environ["OEKD_GUEST"], Path(os.environ["OEKD_BUILD"]), Path(os.environ["OEKD_CACHE"]))
