# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel we run in and the programs we run, as far as a scenario must know them."""

import json
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path


SLOW = {"tcg": 4, "uml": 3}  # emulated processors; system calls of an old User Mode Linux


@dataclass(frozen=True)
class Guest:
    name: str  # native, kvm, tcg, uml, uml72
    build: Path
    cache: Path  # unpacked packages

    @cached_property
    def slowness(self) -> int:
        """How much longer things may take. No figure from where this is not 1 is a result."""
        return SLOW.get(self.name, 1) * (2 if self._sanitized else 1)

    def patience(self, seconds: float) -> float:
        """A deadline that is generous where nothing is fast."""
        return seconds if self.slowness == 1 else seconds * self.slowness + 2

    @property
    def _sanitized(self) -> bool:
        options = self.build / "meson-info" / "intro-buildoptions.json"
        if not options.exists():
            return False
        return any(
            o["name"] == "b_sanitize" and o["value"] != "none" for o in json.loads(options.read_text())
        )


def this_guest() -> Guest:
    return _this


_this = Guest(os.environ["OEKD_GUEST"], Path(os.environ["OEKD_BUILD"]), Path(os.environ["OEKD_CACHE"]))
