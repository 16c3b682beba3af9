# SPDX-License-Identifier: GPL-2.0-or-later
"""Negotiations that come to nothing: which reason is told, and how soon."""

from lab import forge
from lab.guest import this_guest
from lab.wait import wait_until
from peer import Peer


def ended(begins: Peer, seconds: float = 10) -> tuple[str, str]:
    event = begins.wait("ended", seconds=seconds)
    assert not begins.events("up")
    return event["reason"], event["detail"].rsplit(" ms=", 1)[0]


def test_a_dead_peer_gets_three_datagrams(wire, guest, road, west, east, peer):
    road.drop(east)
    begins = peer(west, to=east)
    assert ended(begins)[0] == "silent"
    assert 3000 < float(begins.events("ended")[0]["ms"]) < guest.patience(4.5) * 1000
    assert len(wire.ike(west, east)) == 3
    assert not begins.events("refused-port") and not begins.events("heard")


def test_an_unreachable_port_is_reported_at_once(west, east, peer):
    begins = peer(west, to=east)
    refused = begins.wait("refused-port")
    assert not begins.events("ended"), "ICMP can be forged: the negotiation goes on"
    assert ended(begins)[0] == "silent"
    assert float(refused["ms"]) * 4 < float(begins.events("ended")[0]["ms"]), "not by a time-out"
    assert len(begins.events("refused-port")) == 1


def test_a_forged_unreachable_needs_the_spi(wire, road, west, east, peer):
    """Who does not see our packets can send ICMP errors, but not quote what is in them."""
    road.drop(east)
    begins = peer(west, to=east)
    request = wait_until(lambda: wire.ike(west, east), this_guest().patience(5), "IKE_SA_INIT")[0]
    forge.port_unreachable(road, west, east, payload=bytes(8))
    forge.port_unreachable(road, west, east, payload=request.ike.initiator_spi[:7])
    forge.port_unreachable(road, west, east, payload=b"")
    assert not begins.events("refused-port")
    forge.port_unreachable(road, west, east, payload=request.ike.initiator_spi)
    begins.wait("refused-port")


def test_an_ignored_peer_hears_nothing(wire, west, east, peer):
    peer(east, "--ignore", west.ipv4)
    begins = peer(west, to=east)
    assert ended(begins)[0] == "silent"
    assert not wire.sent(east, west)


def test_a_refused_peer_hears_so(west, east, peer):
    peer(east, "--refuse", west.ipv4)
    assert ended(peer(west, to=east)) == ("unprotected", "NO_PROPOSAL_CHOSEN from the peer")


def test_a_peer_that_falls_silent_in_the_middle(road, west, east, peer):
    """East answers IKE_SA_INIT, then its port is gone: the deadline ends what nothing else would."""
    answers = peer(east)
    road.delay(150)
    begins = peer(west, "--deadline", "2000", to=east)
    begins.wait("heard")
    answers.kill()
    assert ended(begins)[0] == "silent"


def test_two_programs_cannot_share_the_port(west, peer):
    first = peer(west)
    try:
        peer(west)
    except AssertionError as error:
        assert "UDP port 500 is taken by another program: Address already in use" in str(error)
    else:
        raise AssertionError("the second one started")
    first.stop()
