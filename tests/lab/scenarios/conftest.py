# SPDX-License-Identifier: GPL-2.0-or-later
"""What every scenario may ask for. Hosts stand for the whole session; each test leaves them clean."""

from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from lab import evidence, network
from lab.guest import Guest, this_guest
from lab.host import Host
from lab.key_probe import KeyProbe
from lab.libreswan import Libreswan
from lab.nsd import Nsd
from lab.oekd import Groups, Oekd, Table
from lab.road import Road
from lab.unbound import Unbound
from lab.wire import Wire


def pytest_addoption(parser: pytest.Parser) -> None:
    text = "each scenario with one set of its parameters, and those that need a fast oekd not at all"
    parser.addoption("--brief", action="store_true", help=text)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs_speed: its outcome, or its limits, are those of a fast oekd")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """For the sanitizers, which see the same code with each set of parameters, and make it slow and large."""
    if not config.getoption("--brief"):
        return
    kept: dict[tuple[Path, str], pytest.Item] = {}
    for item in items:
        if not item.get_closest_marker("needs_speed"):
            kept.setdefault((item.path, getattr(item, "originalname", item.name)), item)
    chosen = set(kept.values())
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = kept.values()


@pytest.fixture(scope="session")
def guest() -> Guest:
    return this_guest()


@pytest.fixture(scope="session")
def hosts() -> Iterator[network.Network]:
    built = network.build()
    yield built
    network.take_down(built)


@pytest.fixture
def west(hosts: network.Network) -> Host:
    return hosts.west


@pytest.fixture
def east(hosts: network.Network) -> Host:
    return hosts.east


@pytest.fixture
def plain(hosts: network.Network) -> Host:
    return hosts.plain


@pytest.fixture
def road(hosts: network.Network) -> Road:
    return hosts.road


@pytest.fixture(autouse=True)
def left_clean(hosts: network.Network) -> Iterator[None]:
    """A test that leaves policies, states or sysctls behind fails; the next one starts clean."""
    before = hosts.sysctls()
    yield
    hosts.road.reset()
    left = [f"{host}: {entry}" for host in hosts.hosts for entry in host.flush_xfrm()]
    changed = {name: value for name, value in hosts.sysctls().items() if value != before[name]}
    for host_name, name in changed:
        Host(host_name, 0).sysctl(name, before[host_name, name])
    assert not left, "left in the kernel:\n" + "\n".join(left)
    assert not changed, f"sysctls not restored: {changed}"


@pytest.fixture
def running(request: pytest.FixtureRequest, hosts: network.Network, left_clean: None) -> Iterator[list]:
    """Everything that a test started: the wire and daemons, for the evidence if it fails."""
    parts: list[Wire | Oekd | Libreswan | Nsd | Unbound | KeyProbe] = []
    yield parts
    for part in parts:
        if isinstance(part, Wire):
            part.stop()


@pytest.fixture
def wire(running: list, road: Road, tmp_path: Path) -> Wire:
    """The capture on the road, from now on."""
    capture = Wire(road, tmp_path / "wire.pcap")
    running.append(capture)
    return capture


@pytest.fixture
def oekd(running: list, tmp_path: Path) -> Iterator[Callable[..., Oekd]]:
    """oekd(west, {"private-or-clear": ["10.2.0.0/16"]}) starts it there, ready; under a supervisor if asked."""
    with ExitStack() as stack:

        def start(host: Host, groups: Groups, config: Table | None = None, kind: type[Oekd] = Oekd) -> Oekd:
            daemon = kind(host, tmp_path / f"oekd-{host}-{len(running)}", groups, config or {})
            running.append(daemon)
            daemon.wait_ready()
            stack.callback(daemon.stop)
            return daemon

        yield start


@pytest.fixture
def libreswan(running: list, tmp_path: Path) -> Iterator[Callable[..., Libreswan]]:
    """libreswan(east, {"private-or-clear": ["10.1.0.0/16"]}) starts it there with AUTH-NULL."""
    with ExitStack() as stack:

        def start(host: Host, groups: dict[str, list[str]], connections: str = "") -> Libreswan:
            folder = tmp_path / f"libreswan-{host}"
            folder.mkdir()
            peer = Libreswan(host, folder, this_guest().cache / "libreswan", groups, connections)
            running.append(peer)
            stack.callback(peer.stop)
            return peer

        yield start


@pytest.fixture
def nsd(running: list, tmp_path: Path) -> Iterator[Callable[..., Nsd]]:
    """nsd(plain, {"example.net": ["www A 10.2.0.1"]}) starts it there, ready."""
    with ExitStack() as stack:

        def start(host: Host, zones: dict[str, list[str]], ttl: int = 60, signed: bool | Collection[str] = False) -> Nsd:
            folder = tmp_path / f"nsd-{host}"
            folder.mkdir()
            server = Nsd(host, folder, this_guest().cache / "dns", zones, ttl, signed)
            running.append(server)
            stack.callback(server.stop)
            return server

        yield start


@pytest.fixture
def unbound(running: list, tmp_path: Path) -> Iterator[Callable[..., Unbound]]:
    """unbound(east, server, server.trust_anchors(".")) resolves for others there, and validates."""
    with ExitStack() as stack:

        def start(host: Host, server: Nsd, anchors: str) -> Unbound:
            folder = tmp_path / f"unbound-{host}"
            folder.mkdir()
            resolver = Unbound(host, folder, this_guest().cache / "unbound", server.root_hints, anchors)
            running.append(resolver)
            stack.callback(resolver.stop)
            return resolver

        yield start


@pytest.fixture
def key_probe(running: list, tmp_path: Path) -> Iterator[Callable[..., KeyProbe]]:
    """key_probe(west, "--forwarder", "10.3.0.1") is ready to ask for keys there."""
    with ExitStack() as stack:

        def start(host: Host, *options: str) -> KeyProbe:
            probe = KeyProbe(host, tmp_path / f"key-probe-{len(running)}", *options)
            running.append(probe)
            stack.callback(probe.stop)
            return probe

        yield start


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> Iterator[None]:
    """On failure: evidence into the build directory, its end into the report."""
    outcome = yield
    report = outcome.get_result()
    parts = getattr(item, "funcargs", {})
    if not report.failed or "hosts" not in parts or call.when == "teardown":
        return
    running = parts.get("running", [])
    wire = next((part for part in running if isinstance(part, Wire)), None)
    daemons = [part for part in running if not isinstance(part, Wire)]
    folder = this_guest().build / "lab-failures" / item.name
    report.sections.append(("evidence", evidence.collect(folder, parts["hosts"], wire, daemons)))
