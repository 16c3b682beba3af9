# SPDX-License-Identifier: GPL-2.0-or-later
"""`private` and `block` let nothing out in the clear and nothing in, at any moment (acceptance 8, 32)."""

import time

import pytest
from lab.datagrams import datagrams
from lab.wait import wait_until

FAMILIES = pytest.mark.parametrize("family", [4, 6])
CLOSED = ["private", "block"]
OPEN = ["clear", "clear-or-private", "private-or-clear"]


@pytest.fixture
def traffic(west, plain, family):
    """Datagrams both ways without pause, and a look at them."""
    with datagrams(west, plain, family) as out, datagrams(plain, west, family) as in_:
        yield Traffic({"out": out, "in": in_})


class Traffic:
    def __init__(self, directions):
        self._directions = directions

    def flows(self):
        """Both ways, from now on."""
        start = time.monotonic()
        for name, way in self._directions.items():
            wait_until(lambda: way.got_through(start, time.monotonic()), 5, f"a datagram {name}")

    def is_stopped(self, since, count=40):
        """Not one of the next ones gets through, either way."""
        for way in self._directions.values():
            enough = len(way.sent_at) + count
            wait_until(lambda: len(way.sent_at) > enough, 5, "more datagrams to be sent")
        now = time.monotonic()
        through = {name: way.got_through(since, now) for name, way in self._directions.items()}
        assert through == {"out": [], "in": []}, f"in the clear: {through}"
        return now


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
    """From one closed group to the other, by lines of every length: at no moment does a packet slip through."""
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
