# SPDX-License-Identifier: GPL-2.0-or-later
"""The longest prefix decides, whatever the groups and wherever the lines stand (acceptance 9, 10, 12, 32)."""

import pytest
from lab.echo import answers_from_a_program
from lab.host import Host
from lab.outcome import outcome

FAMILIES = pytest.mark.parametrize("family", [4, 6])
GROUPS = ["clear", "clear-or-private", "private-or-clear", "private", "block"]

# How west reaches east, which can encrypt and has west in private-or-clear, and plain, which cannot: no two
# groups look the same.
SIGNATURES = {
    "clear": ("clear", "clear"),
    "clear-or-private": ("later", "clear"),
    "private-or-clear": ("tunnel", "clear"),
    "private": ("tunnel", "nothing"),
    "block": ("nothing", "nothing"),
}


def network(host: Host, wide: int, family: int) -> str:
    """The wide-th network of that host: 256 addresses."""
    return f"10.{host.number}.{wide + 1}.0/24" if family == 4 else f"fd0{host.number}::{wide + 1}:0/120"


def inside(host: Host, wide: int, narrow: int, family: int) -> str:
    return network(host, wide, family).split("/")[0].removesuffix("0") + str(narrow + 1)


@FAMILIES
@pytest.mark.parametrize("oekd_mode", ["transport", "tunnel"])
def test_an_encrypted_network_inside_a_clear_world(wire, west, east, oekd, family, oekd_mode):
    """libreswan brings the tunnel up, and its traffic is dead."""
    oekd(east, {"clear-or-private": west.networks})
    world = {"clear": ["0.0.0.0/0", "::/0"], "private-or-clear": east.networks}
    oekd(west, world, {"ike": {"mode": oekd_mode}})
    ping = west.ping(east, family)
    assert ping.lost == 0, f"{ping}"
    wire.assert_encrypted(west, east)
    with east.listening(7):
        assert west.tcp_connect(east.address(family), 7).repeated == 0
    assert not wire.cleartext(west, east)


@pytest.mark.needs_speed
@FAMILIES
def test_each_group_inside_each_group(wire, guest, west, east, plain, oekd, family):
    """A network for each group, and in each a host for each group and one without a line of its own."""
    # With 42 set-ups at once on one processor; and who does not begin is asked after its first packet.
    patient = {
        "hold": {"silence": f"{guest.patience(1):.0f}s", "limit": "60s"},
        "probe": {"amplification": 20},
    }
    wide = {number: group for number, group in enumerate(GROUPS)}
    narrow = dict(wide)
    cells = [(w, n) for w in wide for n in [*narrow, len(GROUPS)]]
    lines = {group: [] for group in GROUPS}
    for host in (east, plain):
        for w in wide:
            lines[wide[w]].append(network(host, w, family))
            for n in narrow:
                lines[narrow[n]].append(inside(host, w, n, family))
    with (
        east.more_addresses(inside(east, *cell, family) for cell in cells),
        plain.more_addresses(inside(plain, *cell, family) for cell in cells),
        answers_from_a_program(east),
    ):
        oekd(east, {"private-or-clear": west.networks}, patient)
        oekd(west, lines, patient)
        addresses = {
            (host.name, *cell): inside(host, *cell, family) for host in (east, plain) for cell in cells
        }
        pairs = {name: (west.address(family), address) for name, address in addresses.items()}
        pings = west.ping_pairs(list(pairs.values()), count=1, seconds=2)
    packets = wire.packets()
    seen = {name: outcome(packets, *pair, pings[pair]) for name, pair in pairs.items()}
    found = {(w, n): (seen["east", w, n], seen["plain", w, n]) for w, n in cells}
    assert found == {(w, n): SIGNATURES[narrow.get(n, wide[w])] for w, n in cells}
