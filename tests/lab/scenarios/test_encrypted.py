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
def test_a_group_line_may_name_one_host(wire, west, east, oekd, family):
    """Its trap has the selector of the flow's own policy, and the kernel keeps one policy per selector."""
    oekd(east, {"clear-or-private": west.networks})
    oekd(west, {"private-or-clear": [east.address(family)]})
    ping = west.ping(east, family)
    assert ping.lost == 0, f"{ping}"
    wire.assert_encrypted(west, east)


@pytest.fixture
def three_addresses(east, family):
    """Addresses of east that nobody has talked to."""
    addresses = [f"10.2.1.{number}" if family == 4 else f"fd02::1:{number}" for number in (1, 2, 3)]
    with east.more_addresses(addresses):
        yield addresses


@FAMILIES
def test_tcp_connects_without_repeating_its_syn(wire, guest, west, east, road, oekd, family, three_addresses):
    """Over a path of 10 ms round-trip time. libreswan repeats the SYN after a second and takes 1 150 ms."""
    oekd(east, {"clear-or-private": west.networks})
    oekd(west, {"private-or-clear": east.networks})
    road.delay(5)
    with east.listening(7):
        connects = [west.tcp_connect(address, 7) for address in three_addresses]
    assert [connected.repeated for connected in connects] == [0, 0, 0]
    if guest.name == "uml72" and guest.slowness == 1:
        assert (
            min(connected.seconds for connected in connects) < 0.110
        ), "the others may have waited for the CPU"
    packets = [packet for packet in wire.packets() if {packet.src, packet.dst} & set(three_addresses)]
    assert not [packet for packet in packets if packet.cleartext]
    assert all(any(packet.esp and packet.src == address for packet in packets) for address in three_addresses)


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
