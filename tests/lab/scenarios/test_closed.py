# SPDX-License-Identifier: GPL-2.0-or-later
"""`private` and `block` let nothing out in the clear and nothing in, at any moment (acceptance 8, 32)."""

import time

import pytest
from lab.datagrams import both_ways

FAMILIES = pytest.mark.parametrize("family", [4, 6])
CLOSED = ["private", "block"]
OPEN = ["clear", "clear-or-private", "private-or-clear"]


@pytest.fixture
def traffic(west, plain, family):
    with both_ways(west, west.address(family), plain, plain.address(family)) as ways:
        yield ways


@FAMILIES
@pytest.mark.parametrize("group", CLOSED)
def test_closed_from_the_start(traffic, west, plain, oekd, group, family):
    """The other side sends all the while: what is let in once oekd is ready was let in in the clear."""
    traffic.flows()
    oekd(west, {group: plain.networks})
    traffic.is_stopped(time.monotonic(), count=200)


@FAMILIES
@pytest.mark.parametrize("group", CLOSED)
def test_closed_by_a_reload_and_opened_by_another(traffic, west, plain, oekd, group, family):
    daemon = oekd(west, {})
    for before in OPEN:
        daemon.reload({before: plain.networks})
        traffic.flows()
        daemon.reload({group: plain.networks})
        traffic.is_stopped(time.monotonic())


@FAMILIES
def test_no_gap_where_both_are_closed(traffic, west, plain, oekd, family):
    """From one closed group to the other, by lines of every length: no packet ever slips through."""
    addresses = [*plain.networks, *plain.addresses]
    world = ["0.0.0.0/0", "::/0"]
    daemon = oekd(west, {"private": plain.networks})
    closed = time.monotonic()
    for groups in (
        {"block": plain.networks},
        {"private": addresses, "block": world},
        {"private": world, "block": list(plain.addresses)},
        {"private": plain.networks, "clear": world},
        {"private": list(plain.addresses), "clear": [*plain.networks, *world]},
        {"private": plain.networks},
    ):
        daemon.reload(groups)
        traffic.is_stopped(closed, count=5)


@FAMILIES
@pytest.mark.parametrize("group", CLOSED)
def test_closed_where_a_line_in_the_clear_is_taken_away(traffic, west, plain, oekd, group, family):
    """Nothing comes into the kernel then, things only go; and who talks already does not look around."""
    world = {group: ["0.0.0.0/0", "::/0"]}
    daemon = oekd(west, world | {"clear": plain.networks})
    traffic.flows()
    daemon.reload(world)
    traffic.is_stopped(time.monotonic())
