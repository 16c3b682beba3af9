# SPDX-License-Identifier: GPL-2.0-or-later
"""A shell with the topology up."""

import os
import subprocess

from . import network

GREETING = """
  west 10.1.0.1 fd01::1   east 10.2.0.1 fd02::1   plain 10.3.0.1 fd03::1 (no IKE)   router: road
  ip netns exec west bash       ip -n west xfrm policy       ip netns exec road tcpdump -ni any
  oekd and oekctl are in PATH. `exit` ends the lab; of a guest's files only the build directory's stay.
"""


def main() -> int:
    network.build()
    subprocess.call(["stty", "rows", os.environ["LINES"], "cols", os.environ["COLUMNS"]])
    print(GREETING, flush=True)
    return subprocess.call(["bash", "--norc", "-i"], env=os.environ | {"PS1": "lab:\\w# "})


raise SystemExit(main())
