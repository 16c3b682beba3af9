# SPDX-License-Identifier: GPL-2.0-or-later
"""A peer that cannot or does not answer: clear where the group allows it, else nothing (acceptance 3, 4)."""

import pytest
from lab.pcap import UDP
from lab.wait import wait_until

FAMILIES = pytest.mark.parametrize("family", [4, 6])
SILENCE = 0.2  # seconds, the default
STRANGERS = {"hold": {"silence": "200ms", "limit": "5s"}}


@FAMILIES
def test_a_silent_peer_is_reached_in_clear(wire, guest, west, plain, road, oekd, family):
    """Held for 200 ms of silence and not longer; nothing is lost, and the probe goes on meanwhile."""
    road.drop(west, protocol=UDP, port=500)
    oekd(west, {"private-or-clear": plain.networks}, STRANGERS)
    ping = west.ping(plain, family)
    assert ping.lost == 0, f"{ping}"
    assert (
        SILENCE <= ping.first_reply < guest.patience(SILENCE + 0.3)
    ), "the queue alone would wait for 700 ms"
    wire.assert_clear(west, plain)
    assert west.flow_with(plain, family)["protection"] == "clear"
    wait_until(
        lambda: len(wire.ike(west, plain, "IKE_SA_INIT")) >= 2, guest.patience(5), "the probe to be repeated"
    )


def test_a_silent_peer_costs_at_most_three_probes(wire, guest, west, plain, road, oekd):
    """A stranger's spoofed packet makes us send to somebody else."""
    road.drop(west, protocol=UDP, port=500)
    oekd(west, {"private-or-clear": plain.networks}, STRANGERS | {"ike": {"retransmit": "100ms"}})
    west.ping(plain)
    wait_until(
        lambda: "no answer" in str(west.flow_with(plain)), guest.patience(10), "the probe to be given up"
    )
    assert len(wire.ike(west, plain, "IKE_SA_INIT")) == 3


@FAMILIES
def test_a_late_answer_upgrades_the_flow(wire, guest, west, east, road, oekd, family):
    oekd(east, {"clear-or-private": west.networks})
    oekd(west, {"private-or-clear": east.networks}, STRANGERS | {"ike": {"retransmit": "1s"}})
    road.drop(west, protocol=UDP, port=500)
    assert west.ping(east, family, count=2).lost == 0
    wire.assert_clear(west, east)
    road.restore(west)
    assert_upgraded(wire, guest, west, east, family)


def assert_upgraded(wire, guest, west, east, family=4):
    """A repeated probe, or one for a later packet, is answered, and from then on all is ESP."""

    def has_sas() -> bool:
        west.ping(east, family, count=1, seconds=0.5)
        return bool(west.sas_with(east))

    wait_until(has_sas, guest.patience(10), "a probe to be answered")
    wait_until(
        lambda: west.flow_with(east, family)["state"] == "keyed", guest.patience(5), "oekd to hear of it"
    )
    clear_before = len(wire.cleartext(west, east))
    assert west.ping(east, family).lost == 0
    assert wire.saw_esp(west, east)
    assert len(wire.cleartext(west, east)) == clear_before


@FAMILIES
def test_a_closed_port_ends_the_hold(wire, guest, west, plain, oekd, family):
    """The hold would last 10 s: the ICMP error says at once that nobody listens."""
    oekd(west, {"private-or-clear": plain.networks}, {"hold": {"silence": "10s", "limit": "30s"}})
    ping = west.ping(plain, family)
    assert ping.lost == 0, f"{ping}"
    # A round trip, or the kernel's queue timer of 100 ms where the answer is faster than our own packet.
    assert ping.first_reply < guest.patience(0.2)
    assert not wire.esp(west, plain)


def test_a_closed_port_is_tried_again_within_two_seconds(wire, guest, west, plain, oekd):
    """Whoever forges the error delays encryption, and cannot prevent it."""
    oekd(west, {"private-or-clear": plain.networks})
    assert west.ping(plain).lost == 0
    wait_until(lambda: len(wire.ike(west, plain, "IKE_SA_INIT")) >= 2, guest.patience(2), "another attempt")


def test_a_port_that_opens_later_upgrades_the_flow(wire, guest, west, east, oekd):
    oekd(west, {"private-or-clear": east.networks})
    assert west.ping(east).lost == 0
    wire.assert_clear(west, east)
    oekd(east, {"clear-or-private": west.networks})
    assert_upgraded(wire, guest, west, east)


@FAMILIES
def test_private_lets_nothing_out_and_nothing_in(wire, guest, west, plain, oekd, family):
    oekd(west, {"private": plain.networks}, STRANGERS)
    assert west.ping(plain, family, count=3, seconds=0.5).received == 0
    assert not [packet for packet in wire.cleartext(west, plain) if packet.src in west.addresses]
    with west.udp_socket(7777, family) as receiver, plain.udp_socket(0, family) as sender:
        receiver.setblocking(False)
        sender.sendto(b"let me in", (west.address(family), 7777))
        wait_until(
            lambda: any(p.ports[1] == 7777 for p in wire.sent(plain, west)),
            5,
            "the datagram to be on the wire",
        )
        assert plain.ping(west, family, count=1, seconds=0.3).received == 0
        with pytest.raises(BlockingIOError):
            receiver.recv(100)


def test_block_is_silent_even_to_ike(wire, guest, west, east, road, oekd):
    """As if nobody were there: the other side goes clear, and its cleartext gets no answer either."""
    oekd(east, {"block": west.networks})
    oekd(west, {"private-or-clear": east.networks}, STRANGERS)
    assert west.ping(east, count=3, seconds=0.5).received == 0
    assert wire.ike(west, east, "IKE_SA_INIT")
    assert not wire.sent(east, west)


def test_what_no_line_names_is_left_alone(wire, west, plain, east, oekd):
    oekd(west, {"private-or-clear": east.networks})
    assert west.ping(plain).lost == 0
    assert not wire.ike_sas(west, plain)
