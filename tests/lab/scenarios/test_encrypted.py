# SPDX-License-Identifier: GPL-2.0-or-later
"""Two hosts that can: ESP from the first packet on, which is held and not lost (acceptance 1, 2, 32, 44)."""

import pytest
from lab.wait import wait_until

FAMILIES = pytest.mark.parametrize("family", [4, 6])
MODES = pytest.mark.parametrize("mode", ["transport", "tunnel"])


@FAMILIES
@MODES
def test_the_first_ping_is_encrypted_and_answered(wire, west, east, oekd, family, mode):
    oekd(east, {"clear-or-private": west.networks})
    oekd(west, {"private-or-clear": east.networks}, {"ike": {"mode": mode}})
    ping = west.ping(east, family)
    assert ping.lost == 0, f"{ping}"
    wire.assert_encrypted(west, east)

    assert len(wire.ike_sas(west, east)) == 1
    for host, other in ((west, east), (east, west)):
        states = host.sas_with(other)
        assert len(states) == 2 and {state.mode for state in states} == {mode}
        assert len({state.reqid for state in states}) == 1
        assert host.flow_with(other, family)["protection"] == "anonymous"


@FAMILIES
def test_tcp_connects_without_repeating_its_syn(wire, guest, west, east, road, oekd, family):
    """Over a path of 10 ms round-trip time; libreswan takes 1 150 ms, because the SYN is repeated after a second."""
    oekd(east, {"clear-or-private": west.networks})
    oekd(west, {"private-or-clear": east.networks})
    road.delay(5)
    with east.listening(7):
        connected = west.tcp_connect(east, 7, family)
    assert connected.repeated == 0
    if guest.name == "uml72":
        assert connected.seconds < 0.110
    wire.assert_encrypted(west, east)


def test_both_may_begin(wire, west, east, oekd):
    for host, other in ((west, east), (east, west)):
        oekd(host, {"private-or-clear": other.networks})
    assert west.ping(east).lost == 0
    assert east.ping(west).lost == 0
    wire.assert_encrypted(west, east)
    assert len(wire.ike_sas(west, east)) == 1, "the second ping found the tunnel of the first"


def test_a_private_group_talks_to_a_private_group(wire, west, east, oekd):
    for host, other in ((west, east), (east, west)):
        oekd(host, {"private": other.networks})
    assert west.ping(east).lost == 0
    wire.assert_encrypted(west, east)


def test_a_flow_that_was_deleted_is_keyed_again_at_once(wire, guest, west, east, oekd):
    """No larval state may be left that keeps the kernel from asking: libreswan stays silent for 30 s."""
    oekd(west, {"private-or-clear": east.networks})
    for _ in range(3):
        responder = oekd(east, {"clear-or-private": west.networks})
        ping = west.ping(east, count=3)
        assert ping.lost == 0, f"{ping}"
        assert ping.first_reply < guest.patience(1.5)
        responder.stop()
        wait_until(lambda: not west.sas_with(east), guest.patience(5), "west to hear of the deletion")
    wire.assert_encrypted(west, east)


def test_a_restarted_initiator_is_keyed_again_at_once(wire, west, east, oekd):
    oekd(east, {"clear-or-private": west.networks})
    for _ in range(2):
        initiator = oekd(west, {"private-or-clear": east.networks})
        assert west.ping(east, count=3).lost == 0
        initiator.stop()
    wire.assert_encrypted(west, east)
