# SPDX-License-Identifier: GPL-2.0-or-later
"""The first table of the acceptance scenarios: every group against every group, 25 address pairs at once."""

import pytest
from lab.host import Host

GROUPS = ["private-or-clear", "clear-or-private", "private", "clear", "block"]

# The row's group pings the column's. A later tunnel: our first packet goes in the clear, as our group says,
# and the
# answer to it meets the other side's trap. (A private host does not even take that first packet.)
OUTCOMES = """
tunnel  tunnel  tunnel  clear    nothing
later   clear   nothing clear    nothing
tunnel  tunnel  tunnel  nothing  nothing
clear   clear   nothing clear    nothing
nothing nothing nothing nothing  nothing
"""
EXPECTED = {
    (row, column): outcome
    for row, line in zip(GROUPS, OUTCOMES.strip().splitlines())
    for column, outcome in zip(GROUPS, line.split())
}


def address(host: Host, group: str) -> str:
    """Each host has one address for each group that the other side may have it in."""
    return f"10.{host.number}.1.{GROUPS.index(group) + 1}"


@pytest.fixture
def many_addresses(west, east):
    for host in (west, east):
        host.ip(*(f"addr add {address(host, group)}/32 dev eth0" for group in GROUPS))
    yield
    for host in (west, east):
        host.ip(*(f"addr del {address(host, group)}/32 dev eth0" for group in GROUPS))


def test_every_group_against_every_group(wire, guest, west, east, oekd, many_addresses):
    """West has its peer in the row's group, east has its peer in the column's."""
    oekd(east, {column: [f"{address(west, column)}/32"] for column in GROUPS})
    oekd(west, {row: [f"{address(east, row)}/32"] for row in GROUPS})
    pairs = {(row, column): (address(west, column), address(east, row)) for row, column in EXPECTED}
    pings = west.ping_pairs(list(pairs.values()), count=3, seconds=2)
    packets = wire.packets()
    assert {cell: outcome(packets, *pair, pings[pair]) for cell, pair in pairs.items()} == EXPECTED


def outcome(packets, source, destination, ping):
    between = [packet for packet in packets if {packet.src, packet.dst} == {source, destination}]
    esp = any(packet.esp for packet in between)
    clear = [packet for packet in between if packet.cleartext and packet.src == source]
    if ping.received == 0:
        return "nothing"
    if ping.lost:
        return f"{ping.lost} lost"
    if esp:
        return "later" if clear else "tunnel"
    return "clear"
