# SPDX-License-Identifier: GPL-2.0-or-later
"""oekd is killed: nobody is left without network, and nothing closed opens (acceptance 18)."""

import time
from contextlib import ExitStack, contextmanager

import pytest
from lab.datagrams import both_ways
from lab.pcap import UDP
from lab.supervisor import Supervised
from lab.wait import wait_until

FAMILIES = pytest.mark.parametrize("family", [4, 6])
SYSCTLS = ("net.core.xfrm_larval_drop", "net.core.xfrm_acq_expires")


@pytest.fixture(autouse=True)
def sysctls_as_before(left_clean, west):
    """Who is killed cannot restore them, and `oekd --release` writes the kernel's defaults."""
    before = {name: west.sysctl(name) for name in SYSCTLS}
    yield
    for name, value in before.items():
        west.sysctl(name, value)


def of_plain(number, family):
    return f"10.3.1.{number}" if family == 4 else f"fd03::1:{number}"


@pytest.fixture
def closed(west, plain, family):
    """Datagrams both ways with an address of plain for each closed group."""
    addresses = {"private": of_plain(1, family), "block": of_plain(2, family)}
    with ExitStack() as stack:
        stack.enter_context(plain.more_addresses(addresses.values()))
        traffic = [
            stack.enter_context(both_ways(west, west.address(family), plain, address))
            for address in addresses.values()
        ]
        yield {group: [address] for group, address in addresses.items()}, traffic


@FAMILIES
def test_private_and_block_never_open(west, plain, oekd, closed, family):
    """Not when it dies, not while it is gone, not when the next one takes over."""
    groups, traffic = closed
    daemon = oekd(west, groups | {"private-or-clear": plain.networks}, kind=Supervised)
    since = time.monotonic()
    daemon.crash()
    daemon.wait_restarted()
    for ways in traffic:
        ways.is_stopped(since)


@FAMILIES
def test_private_or_clear_goes_on_in_the_clear(guest, west, plain, road, oekd, family):
    """Those in the clear by a shunt, and those that meet the trap just after the crash."""
    new = of_plain(3, family)
    road.drop(west, protocol=UDP, port=500)
    with plain.more_addresses([new]):
        daemon = oekd(west, {"private-or-clear": plain.networks}, kind=Supervised)
        with west.pinging(plain.address(family)) as old_flow:
            wait_until(lambda: old_flow.received, guest.patience(5), "the shunt")
            daemon.crash()
            crashed = time.monotonic()
            with west.pinging(new) as new_flow:
                wait_until(lambda: new_flow.received, guest.patience(5), "an answer in the clear")
                daemon.wait_restarted()
    for ping in (old_flow, new_flow):
        answered = min(ping.answered_at[n] for n in ping.answered_at if ping.sent_at[n] >= crashed)
        assert answered - crashed < guest.patience(1), f"{ping}"


@FAMILIES
def test_the_next_oekd_takes_over(guest, west, east, oekd, family):
    """It adopts the policies of the one before it, removes its SAs, and has the peers make new ones."""
    oekd(east, {"clear-or-private": west.networks})
    daemon = oekd(west, {"private-or-clear": east.networks, "private": ["198.51.100.0/24"]}, kind=Supervised)
    policies = policies_of(west)
    assert west.ping(east, family).lost == 0
    spis = west.spis_with(east.address(family))
    daemon.crash()
    daemon.wait_restarted()
    assert policies_of(west) == policies
    assert not spis & west.spis_with(east.address(family))
    with west.pinging(east.address(family)) as ping:
        wait_until(lambda: ping.received, guest.patience(5), "an answer")
    assert west.flow_with(east, family)["state"] == "keyed"
    assert east.ping(west, family).lost == 0, "east uses the new one too"


def policies_of(host):
    """All but those of flows: what the lines say, and the exemptions."""
    return sorted((p.direction, p.src, p.dst, p.action, p.priority, p.reqid) for p in host.xfrm_policies())


@FAMILIES
def test_released_and_gone_for_good(west, east, plain, oekd, closed, family):
    """Where nobody starts another one: open what may be open, and no trap is left to wait for nobody."""
    groups, traffic = closed
    oekd(west, groups | {"private-or-clear": [*plain.networks, *east.networks]}).kill()
    since = time.monotonic()
    west.run("oekd", "--release")
    for host in (plain, east):
        ping = west.ping(host, family)
        assert ping.lost == 0, f"{ping}"
    for ways in traffic:
        ways.is_stopped(since)
    traps = [p for p in west.xfrm_policies() if p.direction == "out" and p.reqid and p.priority & 1 == 0]
    assert not traps
    west.flush_xfrm()


@contextmanager
def foreign_state(host, other):
    """What another program has in the kernel, for other traffic and for a peer of ours."""
    state = f"src {host.ipv4} dst 203.0.113.1 proto esp spi 0x77"
    policies = [
        "src 10.77.0.0/16 dst 10.78.0.0/16 dir fwd",
        f"src {host.ipv4} dst {other.ipv4} proto tcp dport 7 dir out",
    ]
    host.ip(
        f"xfrm state add {state} reqid 7 mode tunnel aead rfc4106(gcm(aes)) 0x{7:040x} 128",
        *(f"xfrm policy add {policy} priority 7" for policy in policies),
    )
    try:
        yield lambda: [
            entry.text.split("lifetime config")[0]
            for entry in [state for state in host.xfrm_states() if state.reqid == 7]
            + [policy for policy in host.xfrm_policies() if policy.priority == 7]
        ]
    finally:
        host.ip(f"xfrm state del {state}", *(f"xfrm policy del {policy}" for policy in policies))


def test_other_programs_policies_and_sas_stay(west, east, oekd):
    oekd(east, {"clear-or-private": west.networks})
    with foreign_state(west, east) as theirs:
        before = theirs()
        assert len(before) == 3
        daemon = oekd(west, {"private-or-clear": east.networks}, kind=Supervised)
        assert west.ping(east).lost == 0
        daemon.crash()
        daemon.wait_restarted()
        assert theirs() == before
        daemon.stop()
        assert theirs() == before
