# SPDX-License-Identifier: GPL-2.0-or-later
"""The first table of the acceptance scenarios: every group against every group, 25 address pairs at once.

Judged by the pings and by every packet on the wire between the two, both directions.
"""

import pytest
from lab.echo import answers_from_a_program
from lab.host import Host
from lab.outcome import outcome

FAMILIES = pytest.mark.parametrize("family", [4, 6])
# Else a stranger who does not begin is asked after some packets only: see test_reflection.py.
PROMPT = {"probe": {"amplification": 20}}
GROUPS = ["private-or-clear", "clear-or-private", "private", "clear", "block"]

# The row's group pings the column's. "later": our first packet goes in the clear, as our group says, and the
# answer to it meets the other side's trap. A private host does not even take that first packet.
OUTCOMES = """
tunnel  tunnel  tunnel  clear   nothing
later   clear   nothing clear   nothing
tunnel  tunnel  tunnel  nothing nothing
clear   clear   nothing clear   nothing
nothing nothing nothing nothing nothing
"""
EXPECTED = {
    (row, column): outcome
    for row, line in zip(GROUPS, OUTCOMES.strip().splitlines())
    for column, outcome in zip(GROUPS, line.split())
}
# Where the first packet made a tunnel, all is ESP from then on, whoever speaks. Else each for itself.
THEN = {cell: "tunnel" if word in ("tunnel", "later") else word for cell, word in EXPECTED.items()}
BACK = {
    (row, column): word if word == "tunnel" else THEN[column, row] for (row, column), word in THEN.items()
}


def address(host: Host, group: str, family: int) -> str:
    """Each host has one address for each group that the other side may have it in."""
    number = GROUPS.index(group) + 1
    return f"10.{host.number}.1.{number}" if family == 4 else f"fd0{host.number}::1:{number}"


@pytest.fixture
def many_addresses(west, east, family):
    with (
        west.more_addresses(address(west, group, family) for group in GROUPS),
        east.more_addresses(address(east, group, family) for group in GROUPS),
        answers_from_a_program(west),
        answers_from_a_program(east),
    ):
        yield


@FAMILIES
def test_every_group_against_every_group(wire, west, east, oekd, many_addresses, family):
    """West has its peer in the row's group, east has its peer in the column's. West pings, once
    and again, then east."""
    oekd(east, {column: [address(west, column, family)] for column in GROUPS}, PROMPT)
    oekd(west, {row: [address(east, row, family)] for row in GROUPS}, PROMPT)
    there = {
        (row, column): (address(west, column, family), address(east, row, family)) for row, column in EXPECTED
    }

    back = {cell: (theirs, ours) for cell, (ours, theirs) in there.items()}

    seen = []
    for host, pairs, count, expected in (
        (west, there, 1, EXPECTED),
        (west, there, 2, THEN),
        (east, back, 2, BACK),
    ):
        pings = host.ping_pairs(list(pairs.values()), count, seconds=2)
        packets = wire.packets()[len(seen) :]
        assert {cell: outcome(packets, *pair, pings[pair]) for cell, pair in pairs.items()} == expected
        seen += packets

    for (row, column), (ours, theirs) in there.items():
        assert_strict(row, [p for p in seen if (p.src, p.dst) == (ours, theirs)])
        assert_strict(column, [p for p in seen if (p.src, p.dst) == (theirs, ours)])


def assert_strict(group, sent):
    """Whoever has its peer in this group never sent it what the group forbids."""
    if group == "block":
        assert not sent, "IKE included"
    if group == "private":
        assert not [packet for packet in sent if packet.cleartext]
