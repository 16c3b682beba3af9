# SPDX-License-Identifier: GPL-2.0-or-later
"""A hop of 1280 bytes: post-quantum set-up and bulk traffic pass, in each direction (acceptance 45)."""

import pytest

FAMILIES = pytest.mark.parametrize("family", [4, 6])
NARROW = 1280  # the least that IPv6 asks of a link
BULK = 1 << 20
WORLD = ["0.0.0.0/0", "::/0"]


@FAMILIES
@pytest.mark.parametrize("mode", ["transport", "tunnel"])
@pytest.mark.parametrize("group", ["private-or-clear", "private"])
def test_bulk_traffic_through_a_narrow_hop(wire, guest, west, east, road, oekd, family, mode, group):
    """The router's error quotes ESP, and comes in the clear even where everything is private."""
    lines = WORLD if group == "private" else None
    oekd(east, {group: lines or west.networks})
    oekd(west, {group: lines or east.networks}, {"ike": {"mode": mode}})
    with road.narrow(NARROW):
        for one, other in ((west, east), (east, west)):
            one.transfer(other, family, BULK, guest.patience(10))
    assert wire.too_big(west) and wire.too_big(east), "else the hop was not narrow"
    wire.assert_encrypted(west, east)
    assert wire.ike(west, east, "IKE_INTERMEDIATE"), "with ML-KEM"
