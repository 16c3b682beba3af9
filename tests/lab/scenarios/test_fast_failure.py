# SPDX-License-Identifier: GPL-2.0-or-later
"""Errors that anybody can forge end a stranger's hold, and no effort (acceptance 3, 5; RFC 4322 §9.2).

The hold would last 10 s here, so that only the error can have ended it, and the probe goes on for as long.
"""

import os

import pytest
from lab import forge
from lab.datagrams import datagrams
from lab.pcap import UDP
from lab.wait import wait_until

pytestmark = pytest.mark.needs_speed
FAMILIES = pytest.mark.parametrize("family", [4, 6])
LONG = {"hold": {"silence": "10s", "limit": "30s"}, "ike": {"retransmissions": 4, "deadline": "30s"}}
# Who answers has its SA a few ms before who asks: an answer to what left in the clear may come as ESP too early.
MEANWHILE = 1
SHORT = {"ike": {"retransmit": "50ms"}, "shunt": {"short": "1s"}}


def icmp(road, victim, peer, spi, family):
    forge.port_unreachable(road, victim, peer, spi, family)


ERRORS = {"port unreachable": icmp, "NO_PROPOSAL_CHOSEN": forge.no_proposal_chosen}
ANY_ERROR = pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)


@pytest.fixture
def probing(wire, guest, west, east, road, oekd, family):
    """East could, but IKE does not get through. West pings it; returns the SPI of its IKE_SA_INIT."""

    def start(group):
        oekd(east, {"clear-or-private": west.networks})
        road.drop(west, protocol=UDP, port=500)
        oekd(west, {group: east.networks}, LONG)
        west.ping(east, family, count=1, seconds=0)
        return wait_until(lambda: wire.ike(west, east), guest.patience(5), "IKE_SA_INIT")[0].ike.initiator_spi

    return start


@FAMILIES
@ANY_ERROR
def test_a_forger_must_know_the_spi(wire, guest, west, east, road, probing, family, error):
    """Who does not see our packets can send errors, but not name what is in them."""
    spi = probing("private-or-clear")
    for guess in (bytes(8), os.urandom(8), spi[:7] + bytes([spi[7] ^ 1]), spi[::-1]):
        error(road, west, east, guess, family)
    wait_until(lambda: len(wire.ike(west, east)) >= 3, guest.patience(5), "the probe to go on")
    assert not wire.cleartext(west, east)
    assert west.flow_with(east, family)["state"] == "pending"


@FAMILIES
@ANY_ERROR
def test_an_error_ends_the_hold_at_once_and_encryption_comes_later(
    wire, guest, west, east, road, probing, family, error
):
    """A forgery delays, and cannot prevent: with no more than the traffic that goes on, ESP within 2 s."""
    spi = probing("private-or-clear")
    error(road, west, east, spi, family)
    wait_until(lambda: wire.cleartext(west, east), guest.patience(0.5), "the held packet to leave")
    road.restore(west)
    with west.pinging(east.address(family), interval=0.1) as ping:
        wait_until(lambda: wire.saw_esp(west, east), guest.patience(2.5), "the next attempt")
    assert ping.lost <= MEANWHILE, f"{ping}"


@FAMILIES
@ANY_ERROR
def test_private_stays_closed(wire, guest, west, east, road, probing, family, error):
    spi = probing("private")
    error(road, west, east, spi, family)
    with west.pinging(east.address(family), interval=0.1):
        wait_until(lambda: len(wire.ike(west, east)) >= 2, guest.patience(2.5), "another attempt")
        road.restore(west)
        wait_until(lambda: wire.saw_esp(west, east), guest.patience(3), "the tunnel")
    assert not wire.cleartext(west, east)


@FAMILIES
def test_a_closed_port_costs_one_round_trip(guest, west, plain, road, oekd, family):
    assert west.ping(plain, family, count=1).lost == 0, "the neighbours know one another"
    oekd(west, {"private-or-clear": plain.networks}, LONG)
    road.delay(20)
    ping = west.ping(plain, family, count=1)
    assert ping.lost == 0, f"{ping}"
    if guest.slowness == 1:
        assert 0.08 <= ping.first_reply < 0.08 + 0.05, "a round trip of the probe, one of the ping"


@FAMILIES
def test_a_peer_may_change_its_mind(wire, guest, west, east, oekd, family):
    """It refuses, then it does not: the flow is encrypted within 2 s."""
    responder = oekd(east, {"clear": west.networks})
    oekd(west, {"private-or-clear": east.networks}, LONG)
    ping = west.ping(east, family, count=2)
    assert ping.lost == 0 and ping.first_reply < guest.patience(0.5), f"{ping}"
    wire.assert_clear(west, east)
    responder.reload({"clear-or-private": west.networks})
    with west.pinging(east.address(family), interval=0.1) as ping:
        wait_until(lambda: wire.saw_esp(west, east), guest.patience(2.5), "the next attempt")
    assert ping.lost <= MEANWHILE, f"{ping}"


@FAMILIES
@pytest.mark.parametrize("line", ["the host", "its network"])
def test_a_silent_peer_is_asked_again_when_the_shunt_is_over(
    wire, guest, west, plain, road, oekd, family, line
):
    """The trap is back, also where it has the selector of the flow itself; nothing is lost meanwhile."""
    road.drop(west, protocol=UDP, port=500)
    lines = [plain.address(family)] if line == "the host" else plain.networks
    oekd(west, {"private-or-clear": lines}, SHORT)
    with west.pinging(plain.address(family), interval=0.05) as ping:
        wait_until(lambda: len(wire.ike_sas(west, plain)) >= 2, guest.patience(5), "another probe")
        enough = ping.sent + 10
        wait_until(lambda: ping.sent > enough, guest.patience(5), "traffic after it")
    assert ping.lost == 0, f"{ping}"


@FAMILIES
def test_who_has_talked_all_the_while_finds_the_trap_again(wire, guest, west, plain, road, oekd, family):
    """A connected socket keeps its route, as every TCP connection does: nobody else's packet need come."""
    road.drop(west, protocol=UDP, port=500)
    oekd(west, {"private-or-clear": plain.networks}, SHORT)
    with datagrams((west, west.address(family)), (plain, plain.address(family))) as sent:
        wait_until(lambda: len(wire.ike_sas(west, plain)) >= 2, guest.patience(5), "another probe")
    assert sent.arrived
