# SPDX-License-Identifier: GPL-2.0-or-later
"""Group lines with protocol and ports: as written, in any order (acceptance 11, 32).

West goes to the services of east. Both write their lines: what is "tcp 0 22" on west is "tcp 22 0" on east.
"""

import pytest
from lab.echo import answers_from_a_program
from lab.guest import this_guest
from lab.services import lines, mirrored, reach, serving
from lab.wait import wait_until

# From a low port it looks like an answer, and one packet pays for no question: test_reflection.py.
PROMPT = {"probe": {"amplification": 20}}
FAMILIES = pytest.mark.parametrize("family", [4, 6])
MODES = pytest.mark.parametrize("mode", ["transport", "tunnel"])
SSH, MAIL, ECHO, OTHER = "tcp 0 22", "tcp 0 25", "tcp 0 7", "tcp 0 8"
ECHO_HERE = mirrored(ECHO)
PORTS = (7, 8, 22, 25)


@pytest.fixture
def exchanges(wire, west, east, family):
    """exchanges(west, east, SSH, "ping"): what becomes of one after the other."""
    with (
        serving(west, *PORTS),
        serving(east, *PORTS),
        answers_from_a_program(west),
        answers_from_a_program(east),
    ):
        yield lambda host, other, *services: [reach(wire, host, other, s, family) for s in services]


def demand_esp(*hosts):
    """Each flow takes cleartext until the peer's first ESP packet; from now on no more."""

    def done(host):
        inbound = [p for p in host.xfrm_policies() if p.direction == "in" and p.reqid]
        return inbound and all(policy.level == "required" for policy in inbound)

    for host in hosts:
        wait_until(lambda: done(host), this_guest().patience(5), f"{host} to demand ESP")


def flows(host):
    """What `oekctl list` says: service, or None for everything, and protection."""
    return {flow["service"]: flow["protection"] for flow in host.flows()}


@FAMILIES
@pytest.mark.parametrize("group, mode", [("private-or-clear", "transport"), ("private", "tunnel")])
def test_a_service_is_left_out(wire, west, east, oekd, exchanges, family, mode, group):
    """Nobody asks for it, before there is a tunnel and beside it; the other direction is another service."""
    oekd(east, {"clear-or-private": lines(west), "clear": lines(west, mirrored(SSH))})
    oekd(west, {group: lines(east), "clear": lines(east, SSH)}, {"ike": {"mode": mode}})
    assert exchanges(west, east, SSH) == ["clear"]
    assert not wire.ike_sas(west, east)
    assert exchanges(west, east, "ping") == ["tunnel"]
    demand_esp(west, east)
    assert exchanges(west, east, OTHER, "udp 0 22", SSH, "ping") == ["tunnel", "tunnel", "clear", "tunnel"]
    assert exchanges(east, west, "ping", SSH, OTHER) == ["tunnel", "tunnel", "tunnel"]
    assert len(wire.ike_sas(west, east)) == 1


@FAMILIES
@pytest.mark.parametrize("theirs", ["clear-or-private", "private-or-clear"])
@pytest.mark.parametrize(
    "first, ours",
    [("the service", "private-or-clear"), ("the rest", "private"), ("the peer", "private-or-clear")],
)
def test_only_one_service_is_encrypted(wire, west, east, oekd, exchanges, family, ours, theirs, first):
    """The peer has one line for everything. Whoever begins and with what: nothing is lost, nothing else
    encrypted. Where the peer asks for everything it is refused, and goes clear."""
    oekd(east, {theirs: lines(west)})
    oekd(west, {ours: lines(east, ECHO)})
    if first == "the rest":
        assert exchanges(west, east, "ping", OTHER) == ["clear", "clear"]
    if first == "the peer":
        assert exchanges(east, west, "ping", ECHO, "udp 0 8") == ["clear"] * 3
    assert exchanges(west, east, ECHO) == ["tunnel"]
    demand_esp(west)
    assert exchanges(west, east, "ping", OTHER, "udp 0 7", ECHO) == ["clear", "clear", "clear", "tunnel"]
    assert exchanges(east, west, "ping", ECHO, OTHER) == ["clear"] * 3
    assert flows(west) == {ECHO: "anonymous"}


@FAMILIES
@pytest.mark.parametrize("ours", ["tcp 0 7", "udp 0 7", "udp 5 7", "tcp 0 0", "17 0 0"])
def test_the_same_service_on_both_sides(wire, west, east, oekd, exchanges, family, ours):
    """Its first packet is encrypted and answered; all the rest has no line, and nobody asks."""
    oekd(east, {"private-or-clear": lines(west, mirrored(ours))})
    oekd(west, {"private-or-clear": lines(east, ours)}, PROMPT)
    service = {"tcp 0 0": ECHO, "17 0 0": "udp 0 7"}.get(ours, ours)
    assert exchanges(west, east, "ping", service) == ["clear", "tunnel"]
    demand_esp(west, east)
    assert exchanges(west, east, "ping", service) == ["clear", "tunnel"]
    assert exchanges(east, west, "ping") == ["clear"]
    assert list(flows(east).values()) == ["anonymous"]


@FAMILIES
def test_a_private_service_of_a_host_that_cannot(wire, west, east, oekd, exchanges, family):
    """Nothing of it in the clear, out or in; all the rest is as if oekd were not there."""
    oekd(west, {"private": [*lines(east, ECHO), *lines(east, "tcp 22 0")]})
    assert exchanges(west, east, ECHO, OTHER, "ping") == ["nothing", "clear", "clear"]
    assert exchanges(east, west, SSH, OTHER, "ping") == ["nothing", "clear", "clear"]
    assert not [p for p in wire.sent(west, east) if p.cleartext and {7, 22} & set(p.ports)]


@FAMILIES
@pytest.mark.parametrize("here", ["west", "east"])
def test_a_service_is_blocked_inside_an_encrypted_network(wire, west, east, oekd, exchanges, family, here):
    """On whichever side the line stands; it begins no negotiation and disturbs none."""
    blocked = {"west": lines(east, MAIL), "east": lines(west, mirrored(MAIL))}
    oekd(east, {"clear-or-private": lines(west)} | ({"block": blocked["east"]} if here == "east" else {}))
    oekd(west, {"private-or-clear": lines(east)} | ({"block": blocked["west"]} if here == "west" else {}))
    if here == "west":
        assert exchanges(west, east, MAIL) == ["nothing"]
        assert not wire.between(west, east)
    assert exchanges(west, east, "ping", OTHER) == ["tunnel", "tunnel"]
    demand_esp(west, east)
    unanswered = "nothing" if here == "west" else "ESP all the same"  # it left, and east did not take it
    assert exchanges(west, east, MAIL, OTHER, "udp 0 25") == [unanswered, "tunnel", "tunnel"]


@FAMILIES
def test_a_service_of_one_host(wire, west, east, oekd, exchanges, family):
    """Lines for one host: the service's policy has the selector of its flow, and so has the plain one's."""
    host, other_side = east.address(family), west.address(family)
    oekd(east, {"clear-or-private": [other_side], "clear": [f"{other_side} {mirrored(SSH)}"]})
    oekd(west, {"private-or-clear": [host], "clear": [f"{host} {SSH}"], "private": [f"{host} {ECHO}"]})
    for _ in range(2):
        assert exchanges(west, east, SSH, ECHO, "ping", OTHER) == ["clear", "tunnel", "tunnel", "tunnel"]
        demand_esp(west, east)
    assert exchanges(east, west, "ping", SSH, ECHO) == ["tunnel"] * 3
    assert flows(west) == {None: "anonymous", ECHO: "anonymous"}


@FAMILIES
def test_a_longer_prefix_decides_before_a_service(wire, west, east, oekd, exchanges, family):
    """The service of a wider network says nothing about a host that has a line of its own."""
    oekd(east, {"clear-or-private": lines(west)})
    daemon = oekd(west, {"private-or-clear": [east.address(family)], "clear": lines(east, ECHO)})
    assert exchanges(west, east, ECHO, OTHER) == ["tunnel", "tunnel"]
    daemon.reload({"clear": [east.address(family)], "private": lines(east, ECHO)})
    assert exchanges(west, east, ECHO, OTHER) == ["clear", "clear"]
    daemon.reload({"clear": [east.address(family)], "block": [*lines(east), *lines(east, ECHO)]})
    assert exchanges(west, east, ECHO, OTHER) == ["clear", "clear"]


@FAMILIES
@MODES
def test_a_service_beside_all_the_rest(wire, guest, west, east, oekd, exchanges, family, mode):
    """Each has its own SAs, which carry nothing else; each is listed and shown."""
    oekd(east, {"clear-or-private": lines(west)})
    groups = {"private-or-clear": lines(east), "private": lines(east, ECHO)}
    daemon = oekd(west, groups, {"ike": {"mode": mode}})
    assert exchanges(west, east, ECHO, "ping") == ["tunnel", "tunnel"]
    demand_esp(west, east)
    assert len(west.spis_with(east.address(family))) == len(east.spis_with(west.address(family))) == 4
    before = packets_out(west)
    assert exchanges(west, east, ECHO, ECHO, "ping") == ["tunnel"] * 3
    assert exchanges(east, west, "ping", ECHO) == ["tunnel", "tunnel"]
    grown = {service: count - before[service] for service, count in packets_out(west).items()}
    assert grown == {ECHO: 6, None: 3}, "SYN, ACK, RST each; an echo, an echo's answer and a SYN's"
    assert flows(west) == {None: "anonymous", ECHO: "anonymous"}
    assert set(flows(east)) == {None, ECHO_HERE}
    assert f"{east.address(family)} {ECHO}" in west.oekctl("show", east.address(family))

    daemon.reload({"private": lines(east, ECHO)})
    wait_until(lambda: set(flows(east)) == {ECHO_HERE}, guest.patience(5), "east to have heard the DELETE")
    assert exchanges(west, east, ECHO, "ping") == ["tunnel", "clear"]
    assert flows(west) == {ECHO: "anonymous"}


def packets_out(host):
    return {flow["service"]: flow["packets_out"] for flow in host.flows()}


@FAMILIES
@pytest.mark.parametrize("theirs", ["clear-or-private", "private-or-clear"])
def test_the_peer_wants_one_service_only(wire, west, east, oekd, exchanges, family, theirs):
    """We ask for everything and are refused: in the clear. What the peer begins for its service is encrypted
    all the same, and neither disturbs the other."""
    service = "udp 0 7"
    oekd(east, {theirs: lines(west, mirrored(service))}, PROMPT)
    oekd(west, {"private-or-clear": lines(east)})
    assert exchanges(west, east, "ping", OTHER) == ["clear", "clear"]
    assert flows(west)[None] == "clear"
    answered = {"clear-or-private": "clear", "private-or-clear": "later"}[theirs]
    assert exchanges(west, east, service) == [answered]
    assert exchanges(west, east, service) == [answered.replace("later", "tunnel")]
    assert exchanges(west, east, "ping", OTHER) == ["clear", "clear"]
    assert exchanges(east, west, "ping", OTHER) == ["clear", "clear"]


@FAMILIES
def test_lines_in_any_order(west, east, oekd, family):
    """The same policies, number by number; and of lines that contradict each other the stricter holds."""
    words = [*lines(east), *lines(east, ECHO), *lines(east, "tcp 0 0"), *lines(east, "tcp 7 7"),
             *lines(east, "tcp 7 0"), east.address(family), f"{east.address(family)} {ECHO}"]  # fmt: skip
    clear = {"clear": [f"{east.address(family)} {SSH}", *lines(east, SSH), "10.0.0.0/8", "::/0 udp 0 53"]}
    daemon = oekd(west, {"private-or-clear": words} | clear)
    expected = policies_of(west)
    for turn in range(1, len(words), 3):
        turned = words[turn:] + words[:turn]
        daemon.reload({"private-or-clear": turned[::-1], "clear": clear["clear"][::-1]})
        assert policies_of(west) == expected
        daemon.reload({"private-or-clear": ["198.51.100.0/24"]})
        daemon.reload({"private-or-clear": turned} | clear)
        assert policies_of(west) == expected


def policies_of(host):
    return sorted((p.direction, p.src, p.dst, p.action, p.priority, p.reqid or 0, p.text.splitlines()[0])
                  for p in host.xfrm_policies())  # fmt: skip


@pytest.mark.parametrize("family", [4])
def test_lines_that_contradict_each_other(wire, west, east, oekd, exchanges, family):
    """One service in three groups: the strictest holds; each of the others is named with what outdoes it."""
    oekd(east, {"clear-or-private": lines(west)})
    echo = lines(east, ECHO)[0]
    lines_of = {"clear": [echo], "private-or-clear": [*lines(east), echo], "block": ["# why", echo, echo]}
    daemon = oekd(west, lines_of)
    assert exchanges(west, east, ECHO, OTHER) == ["nothing", "tunnel"]
    said = daemon.said().replace(f"{daemon.policies}/", "")
    assert f"private-or-clear:3: {echo} is also in group block (block:2), which is stricter and holds" in said
    assert f"clear:1: {echo} is also in group " in said
    assert f"block:3: {echo} is listed already in block:2" in said


@FAMILIES
def test_a_service_comes_and_goes_while_a_tunnel_is_up(wire, west, east, oekd, exchanges, family):
    """The tunnel of all the rest is not touched, and loses nothing."""
    responder = oekd(east, {"clear-or-private": lines(west)})
    daemon = oekd(west, {"private-or-clear": lines(east)})
    assert exchanges(west, east, "ping", ECHO) == ["tunnel", "tunnel"]
    demand_esp(west, east)
    address = east.address(family)
    plain = west.spis_with(address)
    for group, expected in (("clear", "clear"), ("block", "nothing"), ("private", "tunnel")):
        mirror = {"clear": lines(west, ECHO_HERE)} if group == "clear" else {}
        with west.pinging(address) as ping:
            responder.reload({"clear-or-private": lines(west)} | mirror)
            daemon.reload({"private-or-clear": lines(east), group: lines(east, ECHO)})
        assert exchanges(west, east, ECHO, OTHER) == [expected, "tunnel"]
        with west.pinging(address) as again:
            daemon.reload({"private-or-clear": lines(east)})
            responder.reload({"clear-or-private": lines(west)})
        assert ping.lost == again.lost == 0, f"{group}: {ping}; {again}"
        assert exchanges(west, east, ECHO, OTHER) == ["tunnel", "tunnel"]
        assert west.spis_with(address) == plain


@pytest.mark.parametrize("family", [4])
def test_files_as_other_implementations_write_them(wire, west, east, oekd, exchanges, family):
    """FreeS/WAN's and libreswan's: short networks, comments, blanks, other line ends, numbers for names."""
    oekd(east, {"clear-or-private": lines(west), "clear": ["10.1/16  6\t22  0   # ssh"]})
    text = ["# This file defines the set of CIDRs to which communication should be private, if possible,",
            "", "   ", "\t# $Id$", "10/8\t\t# all of it\r", " 10.2.0.0/16   udp 0  7\r"]  # fmt: skip
    daemon = oekd(west, {"private-or-clear": text, "clear": ["10/8 tcp 0 22#ssh", "10.2/16 TCP 0 22"]})
    assert exchanges(west, east, SSH, ECHO, "udp 0 7") == ["clear", "tunnel", "tunnel"]
    assert set(flows(west)) == {None, "udp 0 7"}
    assert "warning" not in daemon.said()


@pytest.mark.parametrize("family", [4])
def test_libreswan_begins_with_a_service(wire, west, east, oekd, libreswan, exchanges, family):
    oekd(east, {"clear-or-private": lines(west)})
    libreswan(west, {"private-or-clear": [f"10.2.0.0/16 {ECHO}"]})
    exchanges(west, east, ECHO)  # libreswan loses the first packet
    assert exchanges(west, east, ECHO, OTHER, "ping") == ["tunnel", "clear", "clear"]
    assert flows(east) == {ECHO_HERE: "anonymous"}


@pytest.mark.parametrize("family", [4])
def test_libreswan_answers_to_a_service(wire, west, east, oekd, libreswan, exchanges, family):
    libreswan(east, {"private-or-clear": [f"10.1.0.0/16 {ECHO_HERE}"]})
    oekd(west, {"private-or-clear": lines(east, ECHO)})
    assert exchanges(west, east, ECHO, OTHER, "ping") == ["tunnel", "clear", "clear"]
