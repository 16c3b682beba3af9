# SPDX-License-Identifier: GPL-2.0-or-later
"""Anonymous peers are told apart by their addresses alone, and all of them coexist (acceptance 29)."""

import select
import time
from contextlib import ExitStack, contextmanager

import pytest

PORT = 7777
# Some hundred set-ups at once on one processor.
PATIENT = {
    "hold": {"silence": "10s", "capable": "10s", "limit": "60s"},
    "ike": {"retransmit": "5s", "deadline": "60s"},
}


def address(family, number):
    """In IPv6 each is a customer of its own: one /64 counts as one peer."""
    return f"10.2.{16 + number // 250}.{1 + number % 250}" if family == 4 else f"fd02:0:0:{number + 1:x}::1"


@contextmanager
def peers(east, road, family, count):
    """Addresses of east, each with a socket."""
    addresses = [address(family, number) for number in range(count)]
    with ExitStack() as stack:
        if family == 6:
            road.ip(f"route add fd02::/48 via {east.ipv6}")
            stack.callback(road.ip, f"route del fd02::/48 via {east.ipv6}")
        stack.enter_context(east.more_addresses(addresses))
        yield {a: stack.enter_context(east.udp_socket(family=family, address=a)) for a in addresses}


def speak(sockets, receiver, seconds):
    """One datagram from each; returns those that do not arrive."""
    for sock in sockets.values():
        sock.sendto(b"", receiver.getsockname())
    silent = set(sockets)
    deadline = time.monotonic() + seconds
    while silent and select.select([receiver], [], [], max(0, deadline - time.monotonic()))[0]:
        silent.discard(receiver.recvfrom(100)[1][0])
    return silent


@pytest.mark.parametrize("family, count", [(4, 50), (6, 50), pytest.param(4, 500, marks=pytest.mark.needs_speed)])
def test_so_many_peers_at_once(wire, guest, west, east, road, oekd, family, count):
    """All begin in the same moment. None loses a datagram or sends one in the clear; each has its own SA."""
    with peers(east, road, family, count) as sockets, west.udp_socket(PORT, family) as receiver:
        oekd(west, {"clear-or-private": ["10.2.0.0/16", "fd02::/48"]})
        oekd(east, {"private-or-clear": west.networks}, PATIENT)
        assert not speak(sockets, receiver, guest.patience(60))
        assert not speak(sockets, receiver, guest.patience(10))
        flows = [flow for flow in west.flows() if flow["remote"] in sockets]
        assert len(flows) == count and {flow["protection"] for flow in flows} == {"anonymous"}
        sas = [sa for sa in west.xfrm_states() if sa.src in sockets]
        assert len(sas) == count == len({sa.reqid for sa in sas}) and all(sa.packets == 2 for sa in sas)
    assert not [packet for packet in wire.packets() if packet.cleartext and packet.src in sockets]
