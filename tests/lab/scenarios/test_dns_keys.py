# SPDX-License-Identifier: GPL-2.0-or-later
"""Keys in the DNS, with real servers: a root of our own; zones that are signed, unsigned, forged, slow, down."""

import base64
from pathlib import Path

import pytest
from lab.wait import wait_until


def ed25519(letter: str) -> str:
    return base64.b64encode(letter.encode() * 32).decode()


ONE, TWO, THREE, FORGED = ed25519("1"), ed25519("2"), ed25519("3"), ed25519("f")
WIRE_NAME = "02677707" + b"example".hex() + "03" + b"net".hex() + "00"  # gw.example.net

ZONES = {
    ".": [],
    "10.in-addr.arpa": ["4 DNAME 2"],
    "d.f.ip6.arpa": [f"*.2.0 IPSECKEY 10 0 4 . {ONE}"],
    "2.10.in-addr.arpa": [
        f"1.0 IPSECKEY 10 0 4 . {ONE}",
        f"2.0 IPSECKEY 20 1 4 10.2.0.100 {ONE}",
        f"2.0 IPSECKEY 10 3 4 gw.example.net. {TWO}",
        f"3.0 IPSECKEY 10 3 4 gw.example.org. {TWO}",
        rf"4.0 TYPE45 \# 19 0a0300{WIRE_NAME}",
        r"5.0 TYPE45 \# 5 0a00040102",
        r"6.0 TYPE45 \# 5 0a00090102",
        "7.0 A 192.0.2.1",
        f"8.0 IPSECKEY 10 0 4 . {ONE}",
        f"8.0 IPSECKEY 20 0 4 . {TWO}",
        "130.0 CNAME 130.128-255.0",
        "131.0 CNAME www.example.org.",
    ],
    "128-255.0.2.10.in-addr.arpa": [f"130 IPSECKEY 10 0 4 . {ONE}"],
    "3.10.in-addr.arpa": [
        f"1.0 IPSECKEY 10 0 4 . {ONE}",
        f"2.0 IPSECKEY 10 1 4 10.3.0.100 {ONE}",
        f"2.0 IPSECKEY 20 1 4 10.3.0.2 {TWO}",
        f"3.0 IPSECKEY 10 1 4 10.3.0.100 {ONE}",
    ],
    "9.10.in-addr.arpa": [f"1.0 IPSECKEY 10 0 4 . {ONE}", f"2.0 IPSECKEY 10 0 4 . {TWO}"],
    "example.net": ["gw A 10.2.0.200", "gw AAAA fd02::200", f"gw IPSECKEY 10 0 4 . {THREE}"],
    "example.org": ["gw A 10.2.0.200", f"www IPSECKEY 10 0 4 . {ONE}"],
}
SIGNED = [name for name in ZONES if name not in ("3.10.in-addr.arpa", "example.org")]
PRIVATE = ("10.in-addr.arpa", "d.f.ip6.arpa")  # the Internet's root does not vouch for them


@pytest.fixture
def server(nsd, plain):
    """All zones on one host, one of them changed after it was signed."""
    started = nsd(plain, ZONES, ttl=600, signed=SIGNED)
    started.change("9.10.in-addr.arpa", ZONES["9.10.in-addr.arpa"], forged=(ONE, FORGED))
    return started


@pytest.fixture
def anchors(server):
    return server.trust_anchors(".", *PRIVATE)


@pytest.fixture
def recursing(server, anchors, key_probe, west):
    """oekd's look-up on west, which asks the servers of the zones itself."""
    return lambda *options: key_probe(
        west, "--root-hints", server.root_hints, "--trust-anchor", anchors, *options
    )


@pytest.fixture
def forwarding(server, anchors, unbound, key_probe, west, east):
    """The same, which asks a resolver on east."""
    unbound(east, server, anchors)
    return lambda *options: key_probe(west, "--forwarder", east.ipv4, "--trust-anchor", anchors, *options)


def gateways(answer: dict) -> dict[str, list[str]]:
    return {gateway["address"]: gateway["keys"] for gateway in answer.get("gateways", [])}


EXPECTED = [  # why, address, answer, gateways in their order with their keys
    ("its own key", "10.2.0.1", "dnssec", {"10.2.0.1": [ONE]}),
    ("a wildcard for a network", "fd02::1:2:3", "dnssec", {"fd02::1:2:3": [ONE]}),
    ("a DNAME", "10.4.0.1", "dnssec", {"10.4.0.1": [ONE]}),
    ("a CNAME as in RFC 2317", "10.2.0.130", "dnssec", {"10.2.0.130": [ONE]}),
    ("a CNAME out of what is signed", "10.2.0.131", "unsigned", {"10.2.0.131": [ONE]}),
    ("two gateways, one by name", "10.2.0.2", "dnssec", {"10.2.0.200": [TWO], "10.2.0.100": [ONE]}),
    ("a gateway's name that nobody signed", "10.2.0.3", "none", {}),
    ("the key stands at the gateway's name", "10.2.0.4", "dnssec", {"10.2.0.200": [THREE]}),
    ("signed and malformed", "10.2.0.5", "bad", {}),
    ("an algorithm of tomorrow", "10.2.0.6", "none", {}),
    ("another record", "10.2.0.7", "none", {}),
    ("a roll-over", "10.2.0.8", "dnssec", {"10.2.0.8": [ONE, TWO]}),
    ("nothing", "10.2.0.99", "none", {}),
    ("unsigned", "10.3.0.1", "unsigned", {"10.3.0.1": [ONE]}),
    ("unsigned: only itself", "10.3.0.2", "unsigned", {"10.3.0.2": [TWO]}),
    ("unsigned: nobody else", "10.3.0.3", "none", {}),
    ("forged", "10.9.0.1", "bad", {}),
    ("its neighbour is not", "10.9.0.2", "dnssec", {"10.9.0.2": [TWO]}),
]


@pytest.mark.parametrize("way", ["recursing", "forwarding"])
def test_what_the_dns_says_about_an_address(way, request):
    probe = request.getfixturevalue(way)("--deadline-ms", "30000")
    answers = probe.ask(*(address for _, address, _, _ in EXPECTED), seconds=30)
    seen = [(answer["asked"], answer["answer"], gateways(answer)) for answer in answers]
    assert seen == [(address, answer, found) for _, address, answer, found in EXPECTED]
    assert [list(found) for _, _, found in seen] == [list(found) for _, _, _, found in EXPECTED], "their order"


@pytest.mark.parametrize("way", ["recursing", "forwarding"])
def test_what_the_dns_says_about_a_name(way, request):
    probe = request.getfixturevalue(way)("--deadline-ms", "30000")
    host, other = probe.ask("gw.example.net", "gw.example.org", seconds=30)
    assert (host["answer"], host["keys"]) == ("dnssec", [THREE])
    assert host["addresses"] == ["10.2.0.200", "fd02::200"]
    assert other["answer"] == "none"


def test_a_forgery_is_no_more_than_silence_while_there_is_no_clock(recursing):
    probe = recursing("--deadline-ms", "30000", "--without-clock")
    forged, good = probe.ask("10.9.0.1", "10.2.0.1", seconds=30)
    assert (forged["answer"], good["answer"]) == ("unavailable", "dnssec")
    assert "the clock is not synchronised" in forged["why"]


def test_a_root_key_of_yesterday_denies_nobody(server, key_probe, west, tmp_path):
    """Nor does a resolver that leaves signatures out: nobody can tell what is forged."""
    anchor = tmp_path / "yesterday.key"
    anchor.write_text(Path(server.trust_anchors("example.net")).read_text().replace("example.net.", ".", 1))
    options = ("--root-hints", server.root_hints, "--trust-anchor", str(anchor), "--deadline-ms", "30000")
    answer = key_probe(west, *options).ask_one("gw.example.net", seconds=30)
    assert answer["answer"] == "unavailable"
    assert "trust anchor" in answer["why"]


def test_an_outage_costs_the_deadline_and_what_is_known_stays_known(guest, recursing, server):
    probe = recursing()
    wait_until(
        lambda: probe.ask_one("10.2.0.1")["answer"] == "dnssec", guest.patience(10), "the chain of signatures"
    )
    server.stop()
    known, unknown = probe.ask("10.2.0.1", "10.2.0.8")
    assert known["answer"] == "dnssec"
    assert known["seconds"] < guest.patience(0.1)
    assert unknown["answer"] == "unavailable"
    assert unknown["seconds"] < guest.patience(1.2)
    server.start()
    wait_until(
        lambda: probe.ask_one("10.2.0.8")["answer"] == "dnssec", guest.patience(30), "the server to be heard"
    )


def test_a_slow_dns_costs_its_delay_and_not_the_answer(guest, recursing, road):
    road.delay(400)
    probe = recursing("--deadline-ms", str(int(1000 * guest.patience(1))))
    wait_until(
        lambda: probe.ask_one("10.2.0.1")["answer"] == "dnssec", guest.patience(60), "the chain of signatures"
    )
    answer = probe.ask_one("10.2.0.8")
    assert answer["answer"] == "dnssec"
    assert answer["seconds"] >= 0.8


def test_what_comes_after_the_deadline_is_remembered(guest, recursing, road):
    road.delay(200)
    probe = recursing("--deadline-ms", "100")
    first = probe.ask_one("10.2.0.1")
    assert (first["answer"], first["why"]) == ("unavailable", "no answer in time")
    wait_until(
        lambda: probe.ask_one("10.2.0.1")["answer"] == "dnssec", guest.patience(30), "the answer, once it came"
    )
    assert probe.ask_one("10.2.0.1")["seconds"] < guest.patience(0.1)


def test_a_thousand_at_the_same_time(guest, recursing, road):
    probe = recursing("--deadline-ms", "30000")
    assert probe.ask_one("10.2.0.1", seconds=30)["answer"] == "dnssec"
    road.delay(100)
    addresses = [f"10.2.{10 + n // 250}.{n % 250}" for n in range(1000)]
    answers = probe.ask(*addresses, seconds=60)
    assert {answer["answer"] for answer in answers} == {"none"}
    print(f"1000 answers after {max(answer['seconds'] for answer in answers):.2f} s")
    assert probe.figures()["under_way"] == 0


def test_what_is_too_much_at_the_same_time_gets_no_answer(guest, recursing, road):
    """Until the others have theirs."""
    probe = recursing("--deadline-ms", "30000", "--max-searches", "10")
    assert probe.ask_one("10.2.0.1", seconds=30)["answer"] == "dnssec"
    road.delay(400)
    *answers, last = probe.ask(*(f"10.2.7.{n}" for n in range(10)), "10.2.0.8", seconds=30)
    assert {answer["answer"] for answer in answers} == {"none"}
    assert (last["answer"], last["why"]) == ("unavailable", "10 searches for keys are under way")
    assert probe.ask_one("10.2.0.8", seconds=30)["answer"] == "dnssec"
