# SPDX-License-Identifier: GPL-2.0-or-later
"""The peer's own IKE lifts a shunt of ours at once, and a hold (acceptance 15)."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from lab.pcap import UDP
from lab.wait import wait_until

FAMILIES = pytest.mark.parametrize("family", [4, 6])
LINES = pytest.mark.parametrize("line", ["the host", "its network"])
ONCE = {"ike": {"retransmit": "50ms", "retransmissions": 0}}  # the attempt is over before the hold is


def line_for(host, family, line):
    return [host.address(family)] if line == "the host" else host.networks


@FAMILIES
@LINES
@pytest.mark.parametrize("group, shunt", [("private-or-clear", "clear"), ("private", "deny")])
def test_it_lifts_a_shunt(wire, guest, west, east, road, oekd, family, line, group, shunt):
    """libreswan's /32 case is broken. Here every packet of the peer's is answered, the first included."""
    road.drop(west, protocol=UDP, port=500)
    oekd(west, {group: line_for(east, family, line)}, ONCE)
    west.ping(east, family, count=1, seconds=0)
    wait_until(lambda: "no answer on UDP" in str(west.flow_with(east, family)), guest.patience(5), "a shunt")
    assert west.flow_with(east, family)["state"] == shunt
    road.restore(west)

    oekd(east, {"private-or-clear": line_for(west, family, line)})
    before = len(wire.cleartext(west, east))
    ping = east.ping(west, family)
    assert ping.lost == 0, f"{ping}"
    assert west.flow_with(east, family)["state"] == "keyed"
    assert west.ping(east, family).lost == 0
    assert wire.cleartext(west, east)[before:] == []


@pytest.mark.needs_speed
@FAMILIES
@LINES
@pytest.mark.parametrize("group", ["private-or-clear", "private"])
def test_it_ends_a_hold(wire, guest, west, east, road, oekd, family, line, group):
    """Our IKE gets no answer, the peer's does: what is held leaves as ESP."""
    long = {
        "hold": {"silence": "10s", "limit": "30s"},
        "ike": {"retransmissions": 4, "deadline": "30s"},
    }
    road.drop(west, protocol=UDP, port=500)
    oekd(west, {group: line_for(east, family, line)}, long)
    with ThreadPoolExecutor(1) as other_hands:
        held = other_hands.submit(west.ping, east, family, 3, 0.01, 10)
        wait_until(lambda: wire.ike(west, east), guest.patience(5), "IKE_SA_INIT")
        road.restore(west)
        oekd(east, {"private-or-clear": line_for(west, family, line)})
        # The kernel loses an answer to an ICMPv6 echo that meets a hold: the first one may come that early.
        assert east.ping(west, family, count=2).lost <= (family == 6)
        assert held.result().lost == 0, f"{held.result()}"
    wire.assert_encrypted(west, east)
