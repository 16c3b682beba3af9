# SPDX-License-Identifier: GPL-2.0-or-later
"""Flows for one protocol and its ports: narrow selectors, beside the SA for all that two hosts exchange."""

import re

import pytest
from lab.byhand import template
from lab.guest import this_guest
from lab.host import Host
from lab.wait import wait_until

ECHO = "tcp 0 7"  # as the side sees it that goes to the other's port 7
ECHO_HERE = "tcp 7 0"  # as the side with the port sees it
WEST, EAST = "10.1.0.1/32", "10.2.0.1/32"

SERVICES = [
    ("tcp 0 7", "tcp 7 0", "proto tcp dport 7"),
    ("udp 53 0", "udp 0 53", "proto udp sport 53"),
    ("sctp 5 65535", "sctp 65535 5", "proto sctp sport 5 dport 65535"),
    ("tcp 0 0", "tcp 0 0", "proto tcp"),
    ("icmp 0 0", "icmp 0 0", "proto icmp"),
    ("gre 0 0", "gre 0 0", "proto gre"),
]


def flow(host: Host, other: Host, service: str = "", family: int = 4) -> str:
    return f"{host.address(family)} - {other.address(family)} {service}".strip()


def selectors(host: Host, destination: str) -> set[str]:
    """What the SAs to this address are for: "proto tcp dport 7"; "" for everything."""
    texts = [state.text for state in host.xfrm_states() if state.dst == destination and not state.larval]
    return {re.search(r"\tsel src \S+ dst \S+(.*?)(?: uid 0)? *\n", text)[1].strip() for text in texts}


@pytest.mark.parametrize("ours, theirs, selector", SERVICES)
def test_a_service_is_what_both_agree_on(west, east, peer, ours, theirs, selector):
    answers, begins = peer(east), peer(west, "--service", ours, to=east)
    assert begins.wait("up")["flow"] == flow(west, east, ours)
    assert answers.wait("up")["flow"] == flow(east, west, theirs)
    assert answers.events("installed")[0]["flow"] == flow(east, west, theirs)
    assert selectors(west, east.ipv4) == selectors(east, east.ipv4) == {selector}
    begins.stop()
    assert answers.wait("down")["flow"] == flow(east, west, theirs)
    answers.stop()
    assert begins.events("stopped")[0]["reqids"] == answers.events("stopped")[0]["reqids"] == "0"


def test_a_service_between_ipv6_addresses(west, east, peer):
    answers = peer(east)
    up = peer(west, "--service", ECHO, to=east, family=6).wait("up")
    assert up["flow"] == flow(west, east, ECHO, family=6)
    assert answers.wait("up")["flow"] == flow(east, west, ECHO_HERE, family=6)
    assert selectors(west, east.ipv6) == {"proto tcp dport 7"}


@pytest.mark.parametrize("sides", ["west", "east"])
def test_a_service_in_tunnel_mode(west, east, peer, sides):
    answers = peer(east, *["--tunnel"] * (sides == "east"))
    begins = peer(west, "--service", ECHO, *["--tunnel"] * (sides == "west"), to=east)
    assert (begins.wait("up")["mode"], answers.wait("up")["flow"]) == ("tunnel", flow(east, west, ECHO_HERE))


def require(host: Host, other: Host, reqid: str, sent: str = "", received: str = "", priority: int = 2000) -> None:
    """Only ESP with this reqid for this traffic."""
    out, back = template(host, other, reqid=int(reqid, 0)), template(other, host, reqid=int(reqid, 0))
    host.ip(f"xfrm policy add src {host.ipv4} dst {other.ipv4} {sent} dir out priority {priority} {out}",
            f"xfrm policy add src {other.ipv4} dst {host.ipv4} {received} dir in priority {priority} {back}")  # fmt: skip


def test_a_service_beside_all_the_rest(west, east, peer):
    """Two IKE_SAs of one pair: each flow's packets go through its own SAs, and each ends alone."""
    answers, begins = peer(east), peer(west, "--service", "everything", "--service", ECHO, to=east)
    begins.wait("up", count=2), answers.wait("up", count=2)
    reqid = {(event["flow"]): event["reqid"] for each in (begins, answers) for event in each.events("up")}
    assert len(reqid) == 4 and reqid[flow(west, east)] != reqid[flow(west, east, ECHO)]
    assert selectors(west, east.ipv4) == selectors(east, east.ipv4) == {"", "proto tcp dport 7"}

    for host, other, service in ((west, east, ECHO), (east, west, ECHO_HERE)):
        require(host, other, reqid[flow(host, other)])
        sent, received = ("dport 7", "sport 7") if host is west else ("sport 7", "dport 7")
        narrow = reqid[flow(host, other, service)]
        require(host, other, narrow, f"proto tcp {sent}", f"proto tcp {received}", priority=1000)

    def packets(service: str) -> int:
        number = int(reqid[flow(west, east, service)], 0)
        return sum(state.packets for state in west.xfrm_states() if state.reqid == number)

    with east.listening(7), east.listening(8):
        west.tcp_connect(east.ipv4, 7)
        narrow = packets(ECHO)
        assert narrow >= 3 and packets("") == 0
        west.tcp_connect(east.ipv4, 8)
        assert west.ping(east).received == 5
    assert packets("") >= 3 + 2 * 5
    for host in (west, east):
        host.ip("xfrm policy flush")
    begins.stop()
    answers.wait("down", count=2)
    assert {event["flow"] for event in answers.events("down")} == {flow(east, west), flow(east, west, ECHO_HERE)}


def test_both_begin_at_once_for_one_service(west, east, peer):
    one, other = peer(west, "--service", ECHO, to=east), peer(east, "--service", ECHO_HERE, to=west)
    for each in (one, other):
        each.wait("up", count=2)
        assert {event["by"] for event in each.events("up")} == {"us", "peer"}
        assert len({(event["flow"], event["reqid"]) for event in each.events("up")}) == 1


def test_rekeying_keeps_the_service(west, east, peer):
    answers = peer(east)
    begins = peer(west, "--service", ECHO, "--rekey-child", "4", "--rekey-ike", "9", to=east)
    before, after = begins.wait("up"), begins.wait("rekeyed", count=2, seconds=15)
    assert before["flow"] == after["flow"] == flow(west, east, ECHO)
    assert before["reqid"] == after["reqid"]
    assert answers.wait("rekeyed")["flow"] == flow(east, west, ECHO_HERE)
    assert selectors(west, east.ipv4) == {"proto tcp dport 7"}
    assert not begins.events("down") and not answers.events("down")


def test_a_policy_for_one_service_refuses_the_rest(west, east, peer):
    answers = peer(east, "--only", ECHO_HERE)
    begins = peer(west, "--service", "everything", "--service", "tcp 0 8", "--service", ECHO, to=east)
    begins.wait("ended", count=2), begins.wait("up")
    for event in begins.events("ended"):
        assert (event["reason"], event["detail"].rsplit(" ms=", 1)[0]) == ("refused", "TS_UNACCEPTABLE from the peer")
    assert [event["flow"] for event in begins.events("up")] == [flow(west, east, ECHO)]
    assert [event["flow"] for event in answers.events("up")] == [flow(east, west, ECHO_HERE)]
    begins.stop()
    answers.wait("down")
    wait_until(lambda: not east.xfrm_states(), this_guest().patience(5), "east's SAs to go")
    answers.stop()
    assert answers.events("stopped")[0]["reqids"] == "0"


def test_icmp_is_about_the_flow_that_it_answers(west, east, peer):
    begins = peer(west, "--service", "everything", "--service", ECHO, to=east)
    begins.wait("refused-port", count=2)
    flows = {event["flow"].rsplit(" ms=", 1)[0] for event in begins.events("refused-port")}
    assert flows == {flow(west, east), flow(west, east, ECHO)}


OFFERS = {
    "another protocol on each side": (f"{WEST} 6 0 65535", f"{EAST} 17 7 7"),
    "a service and everything": (f"{WEST} 6 0 65535", EAST),
    "several services": (f"{WEST} 6 0 65535, {WEST} 17 0 65535", f"{EAST} 6 7 7, {EAST} 17 7 7"),
    "several services of ours": (f"{WEST} 6 0 65535", f"{EAST} 6 7 7, {EAST} 6 22 22"),
    "a range of ports": (f"{WEST} 6 0 65535", f"{EAST} 6 1 1023"),
    "port 0": (f"{WEST} 6 0 65535", f"{EAST} 6 0 0"),
    "opaque ports": (f"{WEST} 6 0 65535", f"{EAST} 6 65535 0"),
    "ports of no protocol": (WEST, f"{EAST} 0 7 7"),
    "a type of ICMP": (f"{WEST} 1 2048 2048", f"{EAST} 1 2048 2048"),
    "ports of ESP": (f"{WEST} 50 7 7", f"{EAST} 50 0 65535"),
    "a network's service": (f"{WEST} 6 0 65535", "10.2.0.0/16 6 7 7"),
    "another host's service": ("10.3.0.1/32 6 0 65535", f"{EAST} 6 7 7"),
    "a service and another host's": (f"{WEST} 6 0 65535, 10.3.0.1/32 6 0 65535", f"{EAST} 6 7 7"),
}


@pytest.mark.parametrize("offer", OFFERS)
def test_offers_that_are_no_service(west, east, peer, offer):
    answers = peer(east)
    source, target = OFFERS[offer]
    event = peer(west, "--hostile-source", source, "--hostile-target", target, to=east).wait("ended")
    assert event["reason"] == "refused" and event["detail"].startswith("TS_UNACCEPTABLE")
    assert not answers.events("installed")
    wait_until(lambda: not east.xfrm_states(), this_guest().patience(5), "no SA to be left")
    answers.stop()
    assert answers.events("stopped")[0]["reqids"] == "0"


def test_all_the_rest_among_the_offers_is_the_whole_pair(west, east, peer):
    """As strongSwan offers it, with the packet's own ports in front (RFC 7296 §2.9)."""
    answers = peer(east)
    offer = ["--hostile-source", f"{WEST} 6 40000 40000, {WEST}", "--hostile-target", f"{EAST} 6 7 7, {EAST}"]
    peer(west, *offer, to=east).wait("up")
    assert answers.wait("up")["flow"] == flow(east, west)


ANSWERS = {
    "everything": (EAST, WEST),
    "another port": (f"{EAST} 6 8 8", f"{WEST} 6 0 65535"),
    "one port of all": (f"{EAST} 6 7 7", f"{WEST} 6 40000 40000"),
    "another protocol": (f"{EAST} 17 7 7", f"{WEST} 17 0 65535"),
    "more ports": (f"{EAST} 6 0 65535", f"{WEST} 6 0 65535"),
    "one port more": (f"{EAST} 6 7 7, {EAST} 6 8 8", f"{WEST} 6 0 65535"),
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_answers_that_are_not_what_was_asked(west, east, peer, answer):
    source, target = ANSWERS[answer]
    peer(east, "--hostile-source", source, "--hostile-target", target)
    begins = peer(west, "--service", ECHO, to=east)
    assert begins.wait("ended")["reason"] == "refused"
    assert not begins.events("installed")
    wait_until(lambda: not west.xfrm_states(), this_guest().patience(5), "no SA to be left")


def test_a_service_is_no_answer_to_everything(west, east, peer):
    peer(east, "--hostile-source", f"{EAST} 6 7 7", "--hostile-target", f"{WEST} 6 0 65535")
    begins = peer(west, to=east)
    assert begins.wait("ended")["reason"] == "refused"
    assert not begins.events("installed")


REKEYINGS = {
    "everything": (WEST, EAST),
    "another port": (f"{WEST} 6 0 65535", f"{EAST} 6 8 8"),
    "another protocol": (f"{WEST} 17 0 65535", f"{EAST} 17 7 7"),
    "one port of all": (f"{WEST} 6 40000 40000", f"{EAST} 6 7 7"),
}


@pytest.mark.parametrize("offer", REKEYINGS)
def test_rekeying_for_something_else_is_refused(west, east, peer, offer):
    answers = peer(east)
    source, target = REKEYINGS[offer]
    others = ["--hostile-rekey-source", source, "--hostile-rekey-target", target]
    begins = peer(west, "--service", ECHO, "--hostile-rekeys", *others, to=east)
    assert begins.wait("hostile-child").text == "hostile-child refused"
    assert not answers.events("rekeyed") and not answers.events("down")
    assert selectors(east, east.ipv4) == {"proto tcp dport 7"}


def test_a_rekeying_that_is_answered_with_something_else_ends_the_sa(west, east, peer):
    peer(east, "--hostile-rekey-source", f"{EAST} 6 8 8", "--hostile-rekey-target", f"{WEST} 6 0 65535")
    begins = peer(west, "--service", ECHO, "--rekey-child", "4", to=east)
    begins.wait("down")
    assert "no acceptable traffic selectors found" in begins.log.read_text()
    assert not begins.events("rekeyed")
    wait_until(lambda: not west.xfrm_states(), this_guest().patience(5), "no SA to be left")
