# SPDX-License-Identifier: GPL-2.0-or-later
"""What is left of port lines, and of traps that stand there several times, after oekd (acceptance 18)."""

import pytest
from lab.echo import answers_from_a_program
from lab.pcap import UDP
from lab.services import lines, mirrored, reach, serving
from lab.wait import wait_until

FAMILIES = pytest.mark.parametrize("family", [4, 6])
SSH, MAIL, ECHO, OTHER = "tcp 0 22", "tcp 0 25", "tcp 0 7", "tcp 0 8"
PORTS = (7, 8, 22, 25)
SYSCTLS = ("net.core.xfrm_larval_drop", "net.core.xfrm_acq_expires")

# East's network is open but for two services, plain's closed but for two.
OPEN_NETWORK = {ECHO: "nothing", MAIL: "nothing", OTHER: "clear", SSH: "clear", "ping": "clear"}
CLOSED_NETWORK = {ECHO: "nothing", MAIL: "nothing", OTHER: "clear", SSH: "clear", "ping": "nothing"}


@pytest.fixture(autouse=True)
def sysctls_as_before(left_clean, west):
    """Who is killed cannot restore them, and `oekd --release` writes the kernel's defaults."""
    before = {name: west.sysctl(name) for name in SYSCTLS}
    yield
    for name, value in before.items():
        west.sysctl(name, value)


@pytest.fixture
def groups(east, plain):
    return {
        "clear": [*lines(east, SSH), *lines(plain, SSH)],
        "private-or-clear": [*lines(east), *lines(plain, OTHER)],
        "private": [*lines(east, ECHO), *lines(plain)],
        "block": [*lines(east, MAIL), *lines(plain, MAIL)],
    }


@pytest.fixture
def exchanges(wire, west, east, plain, family):
    """exchanges(west, east): what becomes of one exchange with each service."""
    with (
        serving(west, *PORTS),
        serving(east, *PORTS),
        serving(plain, *PORTS),
        answers_from_a_program(east),
    ):
        yield lambda host, other, services: {s: reach(wire, host, other, s, family, 0.2) for s in services}


def traps(host):
    """What would still wait for an SA that nobody makes, though it may go in the clear."""
    return [p for p in host.xfrm_policies() if p.direction == "out" and p.reqid and p.priority & 1 == 0]


@pytest.fixture
def with_aliases(guest, west, east, plain, road, oekd, groups, family):
    """oekd on west, with packets to several peers that say nothing in the queues of each of its traps."""
    road.drop(west, protocol=UDP, port=500)
    daemon = oekd(west, groups, {"hold": {"silence": "10s", "limit": "60s"}})
    networks = ("10.2.9.{}", "10.3.9.{}") if family == 4 else ("fd02::9:{}", "fd03::9:{}")
    asked = [network.format(number) for network in networks for number in range(1, 5)]
    for address in asked:
        west.ping_address(address, count=1, seconds=0)
    wait_until(lambda: len(west.flows()) == len(asked), guest.patience(5), "all of them to be asked")
    wide = [p for p in west.xfrm_policies() if p.direction == "out" and p.reqid and "/" in p.dst]
    assert len(wide) >= 2 * 5, "one for each that waits, and one in front"
    return daemon


@FAMILIES
def test_released_after_a_crash(wire, west, east, plain, oekd, groups, exchanges, with_aliases, family):
    """The next oekd takes over what is left, and leaves nothing."""
    with_aliases.kill()
    west.run("oekd", "--release")
    assert not traps(west)
    assert exchanges(west, east, OPEN_NETWORK) == OPEN_NETWORK
    assert exchanges(west, plain, CLOSED_NETWORK) == CLOSED_NETWORK
    assert exchanges(east, west, ["ping", SSH, ECHO]) == {"ping": "clear", SSH: "clear", ECHO: "clear"}
    assert exchanges(plain, west, ["ping", SSH]) == {"ping": "nothing", SSH: "nothing"}
    assert not any(p.cleartext for p in wire.sent(west, plain) if not {8, 22} & set(p.ports))

    daemon = oekd(west, groups)
    assert exchanges(west, plain, [ECHO, SSH, "ping"]) == {ECHO: "nothing", SSH: "clear", "ping": "nothing"}
    daemon.stop()
    assert west.xfrm_is_empty()


@FAMILIES
def test_stopped(west, with_aliases, family):
    with_aliases.stop()
    assert west.xfrm_is_empty()


@FAMILIES
def test_a_tunnel_for_one_service_outlives_its_oekd(wire, west, east, oekd, exchanges, family):
    """`private` stays encrypted as long as the SA lives, and closed then; all the rest opens."""
    oekd(east, {"clear-or-private": lines(west)})
    daemon = oekd(west, {"private": lines(east, ECHO), "private-or-clear": lines(east)})
    assert exchanges(west, east, [ECHO, "ping"]) == {ECHO: "tunnel", "ping": "tunnel"}
    daemon.kill()
    west.run("oekd", "--release")
    assert not traps(west)
    assert exchanges(west, east, [ECHO]) == {ECHO: "tunnel"}
    west.ip("xfrm state flush")
    assert exchanges(west, east, [ECHO]) == {ECHO: "nothing"}
    assert not any(p.cleartext for p in wire.sent(west, east) if 7 in p.ports)
    oekd(west, {}).stop()
    assert west.xfrm_is_empty()


@FAMILIES
def test_tunnels_are_stopped(wire, guest, west, east, oekd, exchanges, family):
    """On both sides: the plain one, the service's, and what led to them."""
    responder = oekd(east, {"clear-or-private": lines(west), "clear": lines(west, mirrored(SSH))})
    groups = {"private": lines(east, ECHO), "private-or-clear": lines(east), "clear": lines(east, SSH)}
    daemon = oekd(west, groups)
    assert exchanges(west, east, [ECHO, "ping", SSH]) == {ECHO: "tunnel", "ping": "tunnel", SSH: "clear"}
    daemon.stop()
    assert west.xfrm_is_empty()
    wait_until(lambda: not east.flows(), guest.patience(5), "east to hear of it")
    responder.stop()
    assert east.xfrm_is_empty()
