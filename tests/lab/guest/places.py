# SPDX-License-Identifier: GPL-2.0-or-later
"""Where things lie on the host."""

import os
from pathlib import Path

LAB = Path(__file__).resolve().parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "oekd" / "lab"
