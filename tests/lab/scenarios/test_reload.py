# SPDX-License-Identifier: GPL-2.0-or-later
"""New group files while tunnels are up: only flows whose group has changed are touched (12, 13)."""

from contextlib import contextmanager

import pytest
from lab.outcome import outcome
from lab.wait import wait_until

FAMILIES = pytest.mark.parametrize("family", [4, 6])

# What each peer was, what the reload makes of it, and how it is reached then.
CHANGES = {
    "kept": ("private-or-clear", "private-or-clear", "tunnel"),
    "kept closed": ("private", "private", "tunnel"),
    "closed": ("private-or-clear", "private", "tunnel"),
    "loosened": ("private", "private-or-clear", "tunnel"),
    "opened": ("private", "clear", "clear"),
    "cleared": ("private-or-clear", "clear", "clear"),
    "blocked": ("private-or-clear", "block", "nothing"),
    "forgotten": ("private-or-clear", None, "clear"),
    "encrypted": ("clear", "private-or-clear", "tunnel"),
    "found": (None, "private", "tunnel"),
}


def groups_of(addresses, when):
    groups = {}
    for name, address in addresses.items():
        group = CHANGES[name][when]
        if group:
            groups.setdefault(group, []).append(address)
    return groups


@pytest.fixture
def addresses(east, family):
    """One peer for each change; all of them are east."""
    numbered = {
        name: f"10.2.1.{number}" if family == 4 else f"fd02::1:{number}"
        for number, name in enumerate(CHANGES, start=1)
    }
    with east.more_addresses(numbered.values()):
        yield numbered


@contextmanager
def undisturbed(host, *addresses):
    """Meanwhile no packet to these peers is lost, and each keeps the SAs that it has."""
    spis = {address: host.spis_with(address) for address in addresses}
    assert all(len(found) == 2 for found in spis.values())
    with host.pinging(addresses[0]) as one, host.pinging(addresses[-1]) as other:
        wait_until(lambda: one.received and other.received, 5, "the pings to be answered")
        yield
        enough = one.sent + 20
        wait_until(lambda: one.sent > enough, 5, "pings after it")
    assert one.lost == 0 and other.lost == 0, f"{one}; {other}"
    assert {address: host.spis_with(address) for address in addresses} == spis


@FAMILIES
def test_only_what_has_changed_is_touched(wire, guest, west, east, oekd, addresses, family):
    oekd(east, {"clear-or-private": west.networks})
    daemon = oekd(west, groups_of(addresses, 0))
    pairs = [(west.address(family), address) for address in addresses.values()]
    assert all(ping.lost == 0 for ping in west.ping_pairs(pairs, count=1, seconds=5).values())

    with undisturbed(west, addresses["kept"], addresses["kept closed"]):
        daemon.reload(groups_of(addresses, 1))
    seen = len(wire.packets())
    pings = west.ping_pairs(pairs, count=2, seconds=1)
    packets = wire.packets()[seen:]
    found = {name: outcome(packets, *pair, pings[pair]) for name, pair in zip(addresses, pairs)}
    assert found == {name: ends for name, (_, _, ends) in CHANGES.items()}
    for name in ("opened", "cleared", "blocked", "forgotten"):
        for host in (west, east):
            wait_until(lambda: not host.spis_with(addresses[name]), guest.patience(5), f"{name} to be clean")


@FAMILIES
def test_lines_that_say_the_same_in_other_words_touch_nothing(guest, west, east, oekd, family):
    """A network in two halves, a line for the host alone, lines about others: the group is the same."""
    oekd(east, {"clear-or-private": west.networks})
    daemon = oekd(west, {"private-or-clear": east.networks})
    assert west.ping(east, family).lost == 0
    halves = ["10.2.0.0/17", "10.2.128.0/17", "fd02::/65", "fd02::8000:0:0:0/65"]
    with undisturbed(west, east.address(family)):
        daemon.reload({"private-or-clear": halves})
        daemon.reload({"private-or-clear": [*halves, *east.addresses]})
        daemon.reload({"private-or-clear": list(east.addresses), "block": ["198.51.100.0/24"]})
        daemon.reload({"private-or-clear": ["0.0.0.0/0", "::/0"]})
        daemon.reload({"private-or-clear": east.networks})
    assert west.flow_with(east, family)["line"] == (1 if family == 4 else 2), "where it stands now"


def test_a_bad_line_is_named_and_the_others_come_into_force(west, east, plain, oekd):
    """`private` lines hold even beside a line that is no good."""
    oekd(east, {"clear-or-private": west.networks})
    daemon = oekd(west, {"private-or-clear": east.networks})
    assert west.ping(east).lost == 0
    with undisturbed(west, east.ipv4):
        encrypted, closed = [*east.networks, "10.2.0.0/33"], ["nonsense/24 tcp", *plain.networks]
        daemon.reload({"private-or-clear": encrypted, "private": closed})
    said = daemon.said()
    assert f"{daemon.policies}/private-or-clear:3: " in said and f"{daemon.policies}/private:1: " in said
    assert west.ping(plain, count=2, seconds=0.3).received == 0


def test_group_files_that_are_gone_change_nothing(west, east, plain, oekd):
    daemon = oekd(west, {"private-or-clear": east.networks, "block": plain.networks})
    oekd(east, {"clear-or-private": west.networks})
    assert west.ping(east).lost == 0
    elsewhere = daemon.policies.rename(daemon.policies.with_name("elsewhere"))
    with undisturbed(west, east.ipv4):
        daemon.reload_as_it_is()
    assert "the old policy stays in force" in daemon.said()
    assert west.ping(plain, count=2, seconds=0.3).received == 0
    elsewhere.rename(daemon.policies)
