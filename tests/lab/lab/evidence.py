# SPDX-License-Identifier: GPL-2.0-or-later
"""What is kept of a failed test: capture, logs, kernel state."""

import shutil
import subprocess
from pathlib import Path

from .libreswan import Libreswan
from .network import Network
from .nsd import Nsd
from .oekd import Oekd
from .wire import Wire

TAIL = 15


def collect(folder: Path, network: Network, wire: Wire | None, daemons: list[Oekd | Libreswan | Nsd]) -> str:
    """Writes everything into the folder and returns the end of it as text."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shown = []
    for daemon in daemons:
        name = f"{type(daemon).__name__.lower()}-{daemon.host}.log"
        (folder / name).write_text(daemon.said())
        shown.append(end_of(name, daemon.said()))
    for host in network.hosts:
        (folder / f"xfrm-{host}.txt").write_text(kernel_state(str(host)))
    if wire:
        shutil.copy(wire.file, folder / "wire.pcap")
        (folder / "wire.txt").write_text(wire.text())
        packets = "\n".join(str(packet) for packet in wire.packets())
        shown.append(end_of("packets on the road", packets))
    return "\n".join([*shown, f"all of it: {folder}"])


def end_of(name: str, text: str) -> str:
    lines = text.splitlines()
    return "\n".join([f"--- {name}, last {min(TAIL, len(lines))} of {len(lines)} lines", *lines[-TAIL:]])


def kernel_state(host: str) -> str:
    """One call each: `ip xfrm … list` ends a batch."""
    shown = []
    for words in ("xfrm state list", "xfrm policy list", "addr", "route", "-6 route"):
        command = ["ip", "-s", "-n", host, *words.split()]
        shown.append(
            f"$ {' '.join(command)}\n{subprocess.run(command, capture_output=True, text=True).stdout}"
        )
    return "\n".join(shown)
