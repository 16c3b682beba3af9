# SPDX-License-Identifier: GPL-2.0-or-later
"""An anonymous peer gets an SA for the two hosts, whatever it asks for, and one only (acceptance 42).

libreswan plays the peer: it asks for what its configuration says.
"""

import pytest
from lab.wait import wait_until

ELSEWHERE = {"private-or-clear": ["10.8.0.0/16"]}
CONNECTION = """\
conn {name}
	ikev2=insist
	authby=null
	left=10.2.0.1
	leftid=%null
	leftupdown=%disabled
	right=10.1.0.1
	rightid=%null
	type=tunnel
	narrowing=yes
	auto=add
	{asks}
"""


@pytest.fixture
def east_asks(west, east, oekd, libreswan):
    """East's libreswan knows these connections, west runs oekd."""

    def start(**connections):
        texts = [CONNECTION.format(name=name, asks=asks) for name, asks in connections.items()]
        oekd(west, {"clear-or-private": [*east.networks, "10.3.0.0/16"]})
        return libreswan(east, ELSEWHERE, "".join(texts))

    return start


def asks_for(peer, name):
    peer.whack("--initiate", "--asynchronous", "--name", name)


def policies_of_the_pair(west, east):
    """Every policy with a template must be between exactly these two hosts."""
    pair = {f"{west.ipv4}/32", f"{east.ipv4}/32"}
    policies = [policy for policy in west.xfrm_policies() if policy.reqid]
    assert all({policy.src, policy.dst} == pair for policy in policies), f"{policies}"
    return policies


@pytest.mark.parametrize("subnet", ["10.3.0.0/16", "10.3.0.1/32", "10.1.0.1/32"])
def test_a_foreign_source_is_refused(guest, west, east, east_asks, subnet):
    """East says that it speaks for plain, or for west itself."""
    peer = east_asks(foreign=f"leftsubnet={subnet}")
    asks_for(peer, "foreign")
    wait_until(lambda: "TS_UNACCEPTABLE" in peer.said(), guest.patience(10), "the refusal")
    wait_until(lambda: not west.sas_with(east), guest.patience(5), "west to be clean")
    assert not policies_of_the_pair(west, east)


def test_everything_is_narrowed_to_the_two_hosts(guest, west, east, east_asks):
    peer = east_asks(greedy="leftsubnet=0.0.0.0/0\n\trightsubnet=0.0.0.0/0")
    asks_for(peer, "greedy")
    wait_until(lambda: established(peer), guest.patience(10), "the narrowed child")
    assert policies_of_the_pair(west, east)
    ends = {(state.src, state.dst) for state in west.sas_with(east)}
    assert ends == {(west.ipv4, east.ipv4), (east.ipv4, west.ipv4)}
    assert "[10.2.0.1-10.2.0.1:0-65535 0] -> [10.1.0.1-10.1.0.1:0-65535 0]" in peer.said()


def test_another_child_is_refused(wire, guest, west, east, east_asks):
    peer = east_asks(first="", second="leftprotoport=tcp\n\trightprotoport=tcp")
    asks_for(peer, "first")
    wait_until(lambda: established(peer), guest.patience(10), "the first child")
    wait_until(lambda: len(west.sas_with(east)) == 2, guest.patience(5), "its SAs on west")
    asks_for(peer, "second")
    wait_until(
        lambda: wire.ike(west, east, "CREATE_CHILD_SA"), guest.patience(10), "west's answer to the second"
    )
    assert east.ping(west, count=2).lost == 0, "the first child still works"
    assert len(west.sas_with(east)) == 2
    assert peer.said().count("established Child SA") == 1


def established(peer):
    return "established Child SA" in peer.said()
