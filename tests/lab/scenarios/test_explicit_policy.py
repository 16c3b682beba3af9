# SPDX-License-Identifier: GPL-2.0-or-later
"""What another program has told the kernel about IPsec wins, and is never touched (acceptance 37)."""

from contextlib import contextmanager

import pytest
from lab.byhand import Pair
from lab.supervisor import Supervised
from lab.wait import wait_until

REQID = 77
WEST, EAST, NETWORK = "10.1.0.1/32", "10.2.0.1/32", "10.2.0.0/16"
# What the other program's policies cover at east's end, beside our line's network or flow.
SELECTORS = {
    "equal to the flow's": EAST,
    "equal to the line's": NETWORK,
    "a part of the line's": "10.2.0.0/24",
    "wider than the line's": "10.0.0.0/8",
}


def policies(host, ours, theirs, rest):
    return [
        f"src {ours} dst {theirs} dir out priority 1000 {rest.format(src=ours[:-3], dst=EAST[:-3])}",
        f"src {theirs} dst {ours} dir in priority 1000 {rest.format(src=EAST[:-3], dst=ours[:-3])}",
    ]


TEMPLATE = f"tmpl src {{src}} dst {{dst}} proto esp reqid {REQID} mode transport"


@contextmanager
def explicit(west, east, theirs, rest=TEMPLATE):
    """By hand on west: policies towards east, and SAs on both. Yields what west's kernel says of them."""
    lines = policies(west, WEST, theirs, rest)
    if rest:
        Pair(west, east).install()
    west.ip(*(f"xfrm policy add {line}" for line in lines))
    try:
        yield lambda: (
            [p.text.split("\tlifetime config")[0] for p in west.xfrm_policies() if p.priority == 1000],
            {(sa.src, sa.dst, sa.spi, sa.mode) for sa in west.xfrm_states() if sa.reqid == REQID},
        )
    finally:
        west.ip(*(f"xfrm policy delete {line.split(' priority')[0]}" for line in lines))
        for host in (west, east) if rest else ():
            host.ip(*(f"xfrm state delete src {s} dst {d} proto esp spi {n}" for s, d, n in SAS))


SAS = [("10.1.0.1", "10.2.0.1", 0x1001), ("10.2.0.1", "10.1.0.1", 0x1002)]


def uses_it(wire, west, east):
    """Nothing but the SAs made by hand; east's answers take them since west accepts no others."""
    spis = {packet.spi for packet in wire.esp(west, east)}
    return spis == {0x1001} and not wire.ike(west, east)


@pytest.mark.parametrize("group", ["private-or-clear", "private"])
@pytest.mark.parametrize("selector", SELECTORS)
def test_it_wins_and_stays(wire, west, east, oekd, selector, group):
    """Through start, reload, crash, restart and stop."""
    lines = {group: [NETWORK, EAST] if selector == "equal to the flow's" else [NETWORK]}
    with explicit(west, east, SELECTORS[selector]) as theirs:
        back = TEMPLATE.format(src=east.ipv4, dst=west.ipv4)
        east.ip(f"xfrm policy add src {EAST} dst {WEST} dir out priority 1 {back}")
        before = theirs()
        assert len(before[0]) == len(before[1]) == 2
        daemon = oekd(west, lines, kind=Supervised)
        assert west.ping(east).lost == 0
        daemon.reload({group: ["10.2.0.0/15", NETWORK]})
        daemon.reload({"block": [NETWORK, EAST]})
        daemon.reload(lines)
        assert west.ping(east).lost == 0
        daemon.crash()
        daemon.wait_restarted()
        assert west.ping(east).lost == 0
        assert theirs() == before
        daemon.stop()
        assert theirs() == before
        assert uses_it(wire, west, east)
        east.ip(f"xfrm policy delete src {EAST} dst {WEST} dir out")


@pytest.mark.parametrize("group", ["private-or-clear", "private", "block"])
def test_a_policy_that_lets_pass_wins_too(wire, west, plain, oekd, group):
    theirs = ["src 10.1.0.1/32 dst 10.3.0.0/16 dir out", "src 10.3.0.0/16 dst 10.1.0.1/32 dir in"]
    west.ip(*(f"xfrm policy add {policy} priority 1000" for policy in theirs))
    try:
        oekd(west, {group: ["10.3.0.0/16"]})
        assert west.ping(plain).lost == 0
        assert not wire.ike(west, plain)
        assert "Another program has an IPsec policy for 10.3.0.0/16" in west.oekctl("why", plain.ipv4)
    finally:
        west.ip(*(f"xfrm policy delete {policy}" for policy in theirs))


@pytest.mark.parametrize("group", ["clear-or-private", "private"])
def test_a_peer_that_wants_an_sa_is_refused(wire, guest, west, east, oekd, group):
    """An SA without policies would serve nobody, and the peer would begin again with every packet."""
    with explicit(west, east, EAST) as theirs:
        before = theirs()
        oekd(west, {group: [NETWORK]})
        oekd(east, {"private-or-clear": west.networks})
        with east.pinging(west.ipv4, interval=0.1) as ping:
            wait_until(lambda: east.flow_with(west)["state"] == "clear", guest.patience(5), "the refusal")
            enough = ping.sent + 20
            wait_until(lambda: ping.sent > enough, guest.patience(10), "two seconds of traffic")
        assert len(wire.ike_sas(west, east)) == 1
        assert theirs() == before
        assert not west.flows() and not [sa for sa in west.sas_with(east) if sa.reqid != REQID]
