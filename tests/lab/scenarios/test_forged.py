# SPDX-License-Identifier: GPL-2.0-or-later
"""An SA is worth the address pair that it was made for, and no more (acceptance 42)."""

import pytest
from lab.byhand import template

TUNNEL = {"ike": {"mode": "tunnel"}}


@pytest.fixture(params=["clear-or-private", "private"])
def tunnel(request, west, east, oekd):
    """A tunnel between west and east that oekd made, and its outbound SA on west."""
    oekd(east, {request.param: [*west.networks, "10.3.0.0/16"]})
    oekd(west, {"private-or-clear": east.networks}, TUNNEL)
    assert west.ping(east, count=1).lost == 0
    return next(state for state in west.sas_with(east) if state.src == west.ipv4)


def through(west, east, sa, source, destination):
    """A policy of the attacker's own: these inner addresses, through the SA that oekd made."""
    return f"src {source}/32 dst {destination}/32 dir out", template(west, east, "tunnel", sa.reqid)


def sent_through(west, sa):
    return next(state.packets for state in west.xfrm_states() if state.spi == sa.spi)


def test_a_forged_inner_source_is_dropped(tunnel, west, east, plain):
    """west says that plain says so."""
    selector, through_sa = through(west, east, tunnel, plain.ipv4, east.ipv4)
    west.ip(f"addr add {plain.ipv4}/32 dev lo", f"xfrm policy add {selector} {through_sa}")
    try:
        with east.udp_socket(7777) as receiver:
            before = sent_through(west, tunnel)
            send_as(west, plain.ipv4, b"forged", east.ipv4)
            assert sent_through(west, tunnel) == before + 1, "it left through the SA"
            send_as(west, west.ipv4, b"true", east.ipv4)
            receiver.settimeout(5)
            assert receiver.recv(100) == b"true"
    finally:
        west.ip(f"xfrm policy delete {selector}", f"addr del {plain.ipv4}/32 dev lo")


def test_a_forged_inner_destination_is_not_forwarded(tunnel, west, east, plain, road):
    """west uses east as a way to plain."""
    selector, through_sa = through(west, east, tunnel, west.ipv4, plain.ipv4)
    west.ip(f"xfrm policy add {selector} {through_sa}")
    east.sysctl("net.ipv4.ip_forward", 1)
    try:
        with plain.udp_socket(7777) as receiver:
            before = sent_through(west, tunnel)
            send_as(west, west.ipv4, b"forged", plain.ipv4)
            assert sent_through(west, tunnel) == before + 1, "it left through the SA"
            assert west.ping(east, count=1).lost == 0, "east has taken what came before this"
            send_as(road, "10.3.0.254", b"true", plain.ipv4)
            receiver.settimeout(5)
            assert receiver.recv(100) == b"true"
    finally:
        east.sysctl("net.ipv4.ip_forward", 0)
        west.ip(f"xfrm policy delete {selector}")


def send_as(host, source, text, destination):
    with host.udp_socket(address=source) as sock:
        sock.sendto(text, (destination, 7777))
