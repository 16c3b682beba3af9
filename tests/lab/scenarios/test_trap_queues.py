# SPDX-License-Identifier: GPL-2.0-or-later
"""One dead peer delays nobody else's first packets: a wide trap has more than one queue.

All peers are in one line of west's. The dead one has the address beside the first living one; somebody there
has the port and never says a word.
"""

import pytest
from lab.echo import answers_from_a_program
from lab.host import Host
from lab.wait import wait_until

FAMILIES = pytest.mark.parametrize("family", [4, 6])
GROUPS = pytest.mark.parametrize("group", ["private", "private-or-clear"])
LONG = {"hold": {"silence": "10s", "limit": "60s"}, "ike": {"retransmissions": 10, "deadline": "1min"}}
MANY = 20
ROOM = {"limits": {"sas-per-address": 64}}  # all living peers are east


def address(number: int, family: int) -> str:
    return f"10.2.1.{number}" if family == 4 else f"fd02::1:{number:x}"


@pytest.fixture
def dead(plain, road, family):
    """On plain, though its address looks like one of east's; the addresses after it are east's."""
    dead = address(1, family)
    with plain.more_addresses([dead]), plain.udp_socket(500, family, dead):
        road.ip(f"route add {dead} dev plain")
        yield dead
        road.ip(f"route del {dead} dev plain")


@pytest.fixture
def alive(east, family):
    addresses = [address(number, family) for number in range(2, 2 + MANY)]
    with east.more_addresses(addresses), answers_from_a_program(east):
        yield addresses


def held(wire, host: Host, address: str):
    """The dead peer was asked, and nothing has left for it in the clear."""
    pair = {host.address(6 if ":" in address else 4), address}
    packets = [p for p in wire.packets() if {p.src, p.dst} == pair]
    return any(p.ike for p in packets) and not any(p.cleartext or p.esp for p in packets)


@FAMILIES
@GROUPS
def test_new_peers_beside_a_dead_one_lose_nothing(wire, guest, west, east, oekd, dead, alive, group, family):
    """One after the other, while somebody tries to reach the dead one all the while."""
    oekd(east, {"clear-or-private": west.networks}, ROOM)
    oekd(west, {group: east.networks}, LONG | ROOM)
    with west.pinging(dead, interval=0.05):
        wait_until(lambda: held(wire, west, dead), guest.patience(5), "the dead one to be asked")
        pings = {peer: west.ping_address(peer, count=1, seconds=3) for peer in alive}
        assert not [f"{peer}: {ping}" for peer, ping in pings.items() if ping.lost]
        assert max(ping.first_reply for ping in pings.values()) < guest.patience(0.3)
        assert held(wire, west, dead)
    assert {flow["remote"] for flow in west.flows() if flow["state"] == "keyed"} == set(alive)


@FAMILIES
@GROUPS
def test_tcp_beside_a_dead_peer(wire, guest, west, east, oekd, dead, alive, group, family):
    oekd(east, {"clear-or-private": west.networks}, ROOM)
    oekd(west, {group: east.networks}, LONG | ROOM)
    with west.pinging(dead, interval=0.05), east.listening(7):
        wait_until(lambda: held(wire, west, dead), guest.patience(5), "the dead one to be asked")
        connects = [west.tcp_connect(peer, 7) for peer in alive[:8]]
    assert [connect.repeated for connect in connects] == [0] * 8
    assert max(connect.seconds for connect in connects) < guest.patience(0.5)


@FAMILIES
def test_many_new_peers_at_once_beside_a_dead_one(wire, guest, west, east, oekd, dead, alive, family):
    """First packets that come before oekd runs share a queue, where the kernel's own timer may lose some."""
    oekd(east, {"clear-or-private": west.networks}, ROOM)
    oekd(west, {"private": east.networks}, LONG | ROOM)
    with west.pinging(dead, interval=0.05):
        wait_until(lambda: held(wire, west, dead), guest.patience(5), "the dead one to be asked")
        pairs = [(west.address(family), peer) for peer in alive]
        pings = west.ping_pairs(pairs, count=5, seconds=1)
    assert not {pair: f"{ping}" for pair, ping in pings.items() if ping.lost > 1}


@FAMILIES
def test_many_dead_peers(wire, guest, west, east, plain, oekd, alive, family):
    """More than there are queues: who comes then may have to share one, with the first packet only."""
    nobody = [f"10.3.2.{n}" if family == 4 else f"fd03::2:{n:x}" for n in range(1, 81)]
    with plain.more_addresses(nobody), plain.udp_socket(500, family, "0.0.0.0" if family == 4 else "::"):
        oekd(east, {"clear-or-private": west.networks}, ROOM)
        oekd(west, {"private": ["10.0.0.0/8", "fd00::/8"]}, LONG | ROOM)
        with west.pinging_pairs([(None, peer) for peer in nobody], interval=0.5):
            wait_until(
                lambda: all(held(wire, west, peer) for peer in nobody), guest.patience(5), "all to be asked"
            )
            pings = [west.ping_address(peer, count=3, seconds=0.5) for peer in alive[:5]]
    assert not [f"{ping}" for ping in pings if ping.lost > 1]


@pytest.mark.needs_speed
@pytest.mark.parametrize("family", [4, 6])
def test_many_strangers_knock_at_once(west, plain, road, oekd, family):
    """Each answer is decided about as soon as it is trapped; those behind it in the queue must not pay."""
    oekd(west, {"private-or-clear": plain.networks})
    sources = [f"10.3.1.{n}" if family == 4 else f"fd03::1:{n}" for n in range(1, 13)]
    with plain.more_addresses(sources), answers_from_a_program(west):
        pairs = [(source, west.address(family)) for source in sources]
        pings = plain.ping_pairs(pairs, count=1, seconds=3)
    silent = [source for (source, _), ping in pings.items() if ping.lost]
    assert not silent, f"{len(silent)} of 12 got no answer"
