# SPDX-License-Identifier: GPL-2.0-or-later
"""ike/ alone, without the daemon: against itself, hostile peers and libreswan."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from lab import network
from lab.host import Host
from peer import Peer

ACQ_EXPIRES = "net.core.xfrm_acq_expires"


@pytest.fixture
def peer(hosts: network.Network, tmp_path: Path) -> Iterator[Callable[..., Peer]]:
    """peer(east) answers; peer(west, to=east) begins."""
    before = {host: host.sysctl(ACQ_EXPIRES) for host in hosts.hosts}
    with ExitStack() as stack:

        def start(host: Host, *options: str, to: Host | None = None, family: int = 4) -> Peer:
            addresses = ["--initiate", "--local", host.address(family), "--remote", to.address(family)] if to else []
            started = Peer(host, tmp_path / f"{host}-{len(list(tmp_path.iterdir()))}", (*addresses, *options))
            stack.callback(started.stop)
            return started

        yield start
    for host, value in before.items():
        host.sysctl(ACQ_EXPIRES, value)  # libcharon writes it; to restore it is the daemon's part
