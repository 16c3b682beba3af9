# SPDX-License-Identifier: GPL-2.0-or-later
"""What is never trapped, even where everything is: acceptance 40."""

import pytest

EVERYTHING = ["0.0.0.0/0", "::/0"]


@pytest.mark.parametrize("group", ["private", "private-or-clear"])
def test_the_host_itself_is_always_reached(west, oekd, group):
    oekd(west, {group: EVERYTHING})
    for address in ("127.0.0.1", "::1", *west.addresses):
        ping = west.ping_address(address, count=2, interval=0.01)
        assert ping.lost == 0 and ping.first_reply < 1, f"{address}: {ping}"
    assert not west.flows(), "no flow with oneself"


@pytest.mark.parametrize("family", [4, 6])
def test_ike_and_neighbour_discovery_pass(wire, west, east, oekd, family):
    """Without neighbours' addresses IKE cannot start, and IKE must not wait for IKE."""
    oekd(east, {"private": EVERYTHING})
    oekd(west, {"private": EVERYTHING})
    for host in (west, east):
        host.ip("neigh flush dev eth0")
    ping = west.ping(east, family)
    assert ping.lost == 0, f"{ping}"
    wire.assert_encrypted(west, east)


def test_neighbours_are_reached_by_link_local_and_multicast(west, oekd):
    oekd(west, {"private": EVERYTHING})
    west.ip("neigh flush dev eth0")
    assert (
        west.ping_address("ff02::2%eth0", count=2, interval=0.01).lost == 0
    ), "all routers of the link: the road"
