# SPDX-License-Identifier: GPL-2.0-or-later
"""What packets do while we ask, and after a failure, for every conduct of a group (acceptance 7, 32)."""

import itertools
from collections import Counter
from contextlib import ExitStack

import pytest
from lab.host import Host
from lab.pcap import ICMP, ICMPV6
from lab.wait import wait_until

NEGOTIATIONS, FAILURES = ["hold", "pass", "drop"], ["pass", "drop"]

# Which of west's addresses a peer meets decides what it does. Each host has one for either kind of line.
ENDS = ["ok", "silent", "IKE refused", "child refused"]
LINES = ["the host", "its network"]
KINDS = list(itertools.product(LINES, [4, 6]))
CELLS = list(itertools.product(ENDS, LINES, [4, 6]))

# The first packet is held until the end is known, or goes at once, or is lost; what follows; and the same
# again when the shunt is over: then the trap is back, also where it has the selector of the flow itself.
WHERE_IT_IS_OK = {"hold": ["held", "esp"], "pass": ["clear", "esp"], "drop": ["lost", "esp"]}
WHERE_IT_FAILS = {
    ("hold", "pass"): ["held", "clear"],
    ("pass", "pass"): ["clear"],
    ("drop", "pass"): ["lost", "clear", "lost"],
    ("hold", "drop"): ["lost"],
    ("pass", "drop"): ["clear", "lost", "clear"],
    ("drop", "drop"): ["lost"],
}


def ours(end: str, family: int) -> str:
    return address_of(1, ENDS.index(end) + 1, 1, family)


def theirs(host: Host, line: str, family: int) -> str:
    return address_of(host.number, 1, LINES.index(line) + 1, family)


def address_of(host: int, number: int, network: int, family: int) -> str:
    return f"10.{host}.{network}.{number}" if family == 4 else f"fd0{host}::{network}:{number}"


def line_of(host: Host, line: str, family: int) -> str:
    length = {("the host", 4): 32, ("the host", 6): 128, ("its network", 4): 24, ("its network", 6): 112}
    address = theirs(host, line, family)
    return address if line == "the host" else f"{address[:-1]}0/{length[line, family]}"


@pytest.fixture
def peers(west, east, plain, oekd):
    """East answers as it likes west's address; on plain somebody has the port and never says a word."""
    own = {end: [ours(end, family) for family in (4, 6)] for end in ENDS}
    with ExitStack() as stack:
        stack.enter_context(west.more_addresses(itertools.chain(*own.values())))
        for host in (east, plain):
            stack.enter_context(host.more_addresses(theirs(host, *kind) for kind in KINDS))
        for line, family in KINDS:
            stack.enter_context(plain.udp_socket(500, family, theirs(plain, line, family)))
        another_service = [f"{address} tcp 9 9" for address in own["child refused"]]
        oekd(east, {"clear-or-private": [*own["ok"], *another_service], "clear": own["IKE refused"]})
        yield {"silent": plain}


@pytest.mark.needs_speed
@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("negotiation", NEGOTIATIONS)
def test_every_conduct(wire, guest, west, east, plain, road, oekd, peers, negotiation, failure):
    """Sixteen pairs at once: each end, for either kind of line, in both families."""
    config = {
        "group": {"private-or-clear": {"negotiation": negotiation, "failure": failure}},
        "hold": {"silence": f"{500 * guest.slowness}ms", "limit": "30s"},
        "ike": {"retransmit": f"{200 * guest.slowness}ms", "retransmissions": 1},
        "shunt": {"again": "500ms", "short": "1s", "normal": "1s"},
    }
    road.delay(60)  # the kernel takes 100 ms to throw away what was on its way into a queue
    lines = [line_of(host, *kind) for host in (east, plain) for kind in KINDS]
    oekd(west, {"private-or-clear": lines}, config)
    pairs = {
        cell: (ours(cell[0], cell[2]), theirs(peers.get(cell[0], east), *cell[1:])) for cell in CELLS
    }
    with west.pinging_pairs(list(pairs.values()), interval=0.1) as pings:
        wait_until(lambda: all_are_over(wire, pairs), guest.patience(15), "the shunts to end, and new probes")
        more = max(ping.sent for ping in pings.values()) + 3
        wait_until(lambda: all(p.sent > more for p in pings.values()), guest.patience(5), "pings after them")
    packets = wire.packets()
    found = {
        cell: history([p for p in packets if {p.src, p.dst} == set(pair)], pings[pair], pair[0])[:3]
        for cell, pair in pairs.items()
    }
    assert found == {
        cell: WHERE_IT_IS_OK[negotiation] if cell[0] == "ok" else WHERE_IT_FAILS[negotiation, failure]
        for cell in CELLS
    }


def all_are_over(wire, pairs):
    """Where a pair was asked twice, the trap was there again."""
    begun = Counter(
        {(p.src, p.dst, p.ike.initiator_spi): (p.src, p.dst) for p in wire.so_far() if p.ike}.values()
    )
    return all(begun[pair] >= (1 if cell[0] == "ok" else 2) for cell, pair in pairs.items())


def history(packets, ping, source):
    """What became of the echoes, one after the other; what happened several times in a row is said once."""
    clear = {number_of(p) for p in packets if p.src == source and p.cleartext}
    fates = ["clear" if n in clear else "esp" if n in ping.answered_at else "lost" for n in ping.sent_at]
    said = [fate for fate, _ in itertools.groupby(fates)]
    return ["held", *said] if fates[0] != "lost" and was_held(packets, source) else said


def number_of(packet):
    assert packet.protocol in (ICMP, ICMPV6)
    return int.from_bytes(packet.payload[6:8])


def was_held(packets, source):
    """The first packet left after the peer's answer, or after the time that the probe was given for one."""
    probe = next(p for p in packets if p.ike)
    left = next(p for p in packets if p.src == source and not p.ike)
    answer = next((p for p in packets if p.ike and p.src != source), None)
    return left.time > (answer.time if answer else probe.time + 0.4)
