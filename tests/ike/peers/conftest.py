# SPDX-License-Identifier: GPL-2.0-or-later
"""ike/ alone against itself, hostile peers and libreswan, on a kernel with ESP:

    tests/lab/run test --build DIR --rootdir=$PWD/tests/ike/peers $PWD/tests/ike/peers
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from lab import network
from lab.guest import this_guest
from lab.host import Host
from lab.libreswan import Libreswan
from lab.road import Road
from lab.wire import Wire
from peer import Peer


@pytest.fixture(scope="session")
def hosts() -> Iterator[network.Network]:
    built = network.build()
    yield built
    network.take_down(built)


@pytest.fixture(autouse=True)
def left_clean(hosts: network.Network) -> Iterator[None]:
    """libcharon writes this sysctl; to restore it is the daemon's part."""
    yield
    for host in hosts.hosts:
        host.sysctl("net.core.xfrm_acq_expires", 30)


@pytest.fixture
def west(hosts: network.Network) -> Host:
    return hosts.west


@pytest.fixture
def east(hosts: network.Network) -> Host:
    return hosts.east


@pytest.fixture
def road(hosts: network.Network) -> Iterator[Road]:
    yield hosts.road
    hosts.road.reset()


@pytest.fixture
def wire(road: Road, tmp_path: Path) -> Iterator[Wire]:
    capture = Wire(road, tmp_path / "wire.pcap")
    yield capture
    capture.stop()


@pytest.fixture
def peer(hosts: network.Network, tmp_path: Path) -> Iterator[Callable[..., Peer]]:
    """peer(east) answers; peer(west, to=east) begins. What they leave in the kernel is an error."""
    with ExitStack() as stack:

        def start(host: Host, *options: str, to: Host | None = None, family: int = 4) -> Peer:
            addresses = ["--initiate", "--local", host.address(family), "--remote", to.address(family)] if to else []
            started = Peer(host, tmp_path / f"{host}-{len(list(tmp_path.iterdir()))}", (*addresses, *options))
            stack.callback(started.stop)
            return started

        yield start
    left = [f"{host}: {entry}" for host in hosts.hosts for entry in host.flush_xfrm()]
    assert not left, "left in the kernel:\n" + "\n".join(left)


@pytest.fixture
def libreswan(tmp_path: Path, peer: Callable[..., Peer]) -> Iterator[Callable[..., Libreswan]]:
    with ExitStack() as stack:

        def start(host: Host, groups: dict[str, list[str]]) -> Libreswan:
            folder = tmp_path / f"libreswan-{host}"
            folder.mkdir()
            started = Libreswan(host, folder, this_guest().cache / "libreswan", groups)
            stack.callback(started.stop)
            return started

        yield start

