# SPDX-License-Identifier: GPL-2.0-or-later
"""A peer that has encrypted before is likely to answer: it is waited for, and nothing that can be forged ends
that (acceptance 4, 5; oekd.conf(5), hold.capable)."""

import pytest
from lab import forge
from lab.pcap import UDP
from lab.wait import wait_until

pytestmark = pytest.mark.needs_speed
FAMILIES = pytest.mark.parametrize("family", [4, 6])


def icmp(road, victim, peer, spi, family):
    forge.port_unreachable(road, victim, peer, spi, family)


ERRORS = {"port unreachable": icmp, "NO_PROPOSAL_CHOSEN": forge.no_proposal_chosen}


@pytest.fixture
def capable(guest):
    """hold.capable in seconds; a stranger is held for half as long."""
    return 1.0 * guest.slowness


@pytest.fixture
def known(guest, wire, west, east, road, oekd, family, capable):
    """East has encrypted with west, has gone, and no IKE gets through any more."""

    def start(group, **hold):
        responder = oekd(east, {"clear-or-private": west.networks})
        times = {"silence": f"{capable * 500:.0f}ms", "capable": f"{capable:.0f}s", "limit": "30s"} | hold
        oekd(west, {group: east.networks}, {"hold": times, "ike": {"retransmissions": 4, "deadline": "30s"}})
        assert west.ping(east, family, count=1).lost == 0
        road.drop(west, protocol=UDP, port=500)
        responder.stop()
        wait_until(lambda: not west.flows(), guest.patience(5), "west to hear that east is gone")
        return len(wire.packets())

    return start


def forging(wire, road, west, east, family, error, since):
    """Answers each of west's IKE_SA_INITs, repeated ones too."""
    answered = []

    def forge_all():
        for packet in wire.so_far()[since:]:
            if packet.ike and packet.src in west.addresses and packet.time not in answered:
                answered.append(packet.time)
                error(road, west, east, packet.ike.initiator_spi, family)
        return answered

    return forge_all


@FAMILIES
def test_it_is_held_for_longer(guest, west, east, known, family, capable):
    known("private-or-clear")
    ping = west.ping(east, family, count=1)
    assert ping.lost == 0, f"{ping}"
    assert capable <= ping.first_reply < guest.patience(capable + 0.2)


@FAMILIES
@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)
@pytest.mark.parametrize("group", ["private-or-clear", "private"])
def test_forgeries_change_nothing(wire, guest, west, east, road, known, family, capable, error, group):
    """Not if each message is answered with one: the hold lasts, and `private` never opens."""
    since = known(group)
    forge_all = forging(wire, road, west, east, family, error, since)
    with west.pinging(east.address(family), interval=0.1) as ping:
        enough = 13 * capable
        wait_until(lambda: forge_all() and ping.sent > enough, guest.patience(5), "the hold to be over")
        left = [p for p in wire.packets()[since:] if p.src == west.address(family) and p.cleartext]
    if group == "private":
        assert not left
        assert west.flow_with(east, family)["protection"] == "blocked"
        return
    began = next(p.time for p in wire.packets()[since:] if p.ike)
    assert left and left[0].time - began >= capable - 0.01
    assert ping.lost == 0, f"{ping}"


@FAMILIES
@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)
@pytest.mark.parametrize("group", ["private-or-clear", "private"])
def test_encrypted_although_somebody_forges(wire, guest, west, east, road, oekd, known, family, error, group):
    """East is back a moment later, and the next probe reaches it: nothing has left in the clear."""
    since = known(group, capable="10s")
    forge_all = forging(wire, road, west, east, family, error, since)
    with west.pinging(east.address(family), interval=0.1) as ping:
        wait_until(lambda: len(forge_all()) >= 1 and ping.sent > 3, guest.patience(5), "a forgery")
        oekd(east, {"clear-or-private": west.networks})
        road.restore(west)
        wait_until(lambda: ping.received, guest.patience(5), "an answer")
    packets = wire.packets()[since:]
    assert not [p for p in packets if p.cleartext]
    if group == "private-or-clear":
        assert ping.lost == 0, f"{ping}"
