# SPDX-License-Identifier: GPL-2.0-or-later
"""What oekd relies on in the kernel, proven with ESP made by hand: no daemon runs here.

If one of these fails on a new kernel, the forwarding plane must change before the other scenarios can pass.
"""

import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress

import pytest
from lab.byhand import Pair, selector, template
from lab.echo import answers_from_a_program
from lab.host import Host
from lab.network import end_of_link, main_ip
from lab.wait import wait_until

WIDE = "dst 10.0.0.0/8 dir out priority 1000000 tmpl proto esp reqid 1 mode transport"


@pytest.fixture(autouse=True)
def by_hand(left_clean, west, east):
    """Takes away what the test made, so that nothing is left."""
    held = west.sysctl("net.core.xfrm_larval_drop")
    yield
    west.sysctl("net.core.xfrm_larval_drop", held)
    for host in (west, east):
        host.flush_xfrm()


@pytest.fixture
def receiver(east):
    """A datagram socket on east, and those that arrived at it."""
    with east.udp_socket(7777) as sock:
        sock.settimeout(5)
        yield sock


@pytest.fixture
def trapped(west):
    """west traps 10.0.0.0/8 and holds what it traps."""
    west.sysctl("net.core.xfrm_larval_drop", 0)
    west.ip(f"xfrm policy add src {west.ipv4}/32 {WIDE}")


def send(sender, receiver, text):
    with sender.udp_socket() as sock:
        sock.sendto(text, (receiver.ipv4, 7777))


def hold(west, east):
    west.ip(f"xfrm policy add {selector(west, east, 'out')} {template(west, east)}")


def kick_wide_trap(west):
    west.ip(f"xfrm policy update src {west.ipv4}/32 {WIDE}")


@contextmanager
def acquires_of(host, folder):
    """What the kernel asks for; only with a listener does it keep larval states."""
    with (folder / "acquires").open("w") as output:
        monitor = subprocess.Popen(host.command("ip", "xfrm", "monitor", "acquire"), stdout=output)
    wait_until(lambda: monitors(host), 5, "`ip xfrm monitor` to listen")
    yield lambda: (folder / "acquires").read_text().count("acquire proto esp")
    monitor.terminate()
    monitor.wait()


@pytest.fixture
def acquires(west, tmp_path):
    with acquires_of(west, tmp_path) as count:
        yield count


def monitors(host):
    """Netlink sockets of that host that are subscribed to XFRM (protocol 6) groups."""
    rows = [line.split() for line in host.run("cat", "/proc/self/net/netlink").splitlines()[1:]]
    return [row for row in rows if row[1] == "6" and int(row[3], 16) != 0]


def test_a_larval_state_keeps_the_kernel_from_asking_again(trapped, acquires, west, east):
    for text in (b"first", b"second", b"third"):
        send(west, east, text)
    assert [(state.larval, state.reqid, state.dst) for state in west.xfrm_states()] == [(True, 1, east.ipv4)]
    wait_until(lambda: acquires() == 1, 5, "one acquire")


def test_without_a_listener_there_is_no_larval_state(trapped, west, east):
    send(west, east, b"held all the same")
    assert not west.xfrm_states()


@pytest.fixture
def young():
    """A host that has never had an SA: the kernel's hash tables grow with them, and never shrink."""
    host = Host("young", 7)
    main_ip([f"netns add {host}"])
    host.ip("link add eth0 type dummy", *end_of_link("eth0", host.number, 1), "route add default dev eth0")
    host.sysctl("net.core.xfrm_larval_drop", 0)
    yield host
    main_ip([f"netns del {host}"])


@pytest.mark.parametrize("reqids", ["one for all", "one for each source"])
def test_the_larval_state_of_another_source_may_keep_the_kernel_from_asking(young, tmp_path, reqids):
    """Where the two come to the same hash, xfrm_state_find() does not compare their sources."""
    sources = [f"10.7.1.{number}" for number in range(1, 21)]
    with young.more_addresses(sources), acquires_of(young, tmp_path):
        for number, source in enumerate(sources, 1):
            reqid = 1 if reqids == "one for all" else number
            young.ip(
                f"xfrm policy add src {source}/32 dst 10.0.0.0/8 dir out priority 1000000 "
                f"tmpl proto esp reqid {reqid} mode transport"
            )
            with young.udp_socket(address=source) as sock:
                sock.sendto(b"held", ("10.2.0.1", 7777))
        asked = len(young.xfrm_states())
    assert (asked < 20) if reqids == "one for all" else (asked == 20), f"{asked} times"


def test_a_hold_with_another_reqid_asks_again(trapped, acquires, west, east):
    """Why the hold carries the wide trap's reqid."""
    send(west, east, b"first")
    hold(west, east)
    send(west, east, b"second")
    wait_until(lambda: acquires() == 2, 5, "a second acquire")


def test_packets_before_the_decision_are_held_and_leave_encrypted(trapped, wire, west, east, receiver):
    send(west, east, b"first, in the wide trap's queue")
    hold(west, east)
    send(west, east, b"second, in the hold's queue")
    assert not wire.sent(west, east)

    Pair(west, east).install()
    decided = time.monotonic()
    west.ip(f"xfrm policy update {selector(west, east, 'out')} {template(west, east)}")
    kick_wide_trap(west)
    assert {receiver.recv(100)[:5], receiver.recv(100)[:5]} == {b"first", b"secon"}
    assert time.monotonic() - decided < 2
    assert len(wire.esp(west, east)) == 2
    assert not wire.cleartext(west, east)


def test_updating_a_policy_releases_its_queue_at_once(trapped, guest, west, east, receiver):
    """Left alone, the queue is looked at by a timer that doubles from 100 ms: here it is near a second."""
    hold(west, east)
    send(west, east, b"held")
    held = time.monotonic()
    wait_until(lambda: time.monotonic() - held > 0.9, 2, "the queue's timer to have doubled to 800 ms")
    west.ip(f"xfrm policy update {selector(west, east, 'out')}")
    updated = time.monotonic()
    receiver.recv(100)
    assert time.monotonic() - updated < guest.patience(0.1)


def test_a_hold_that_becomes_a_pass_shunt_releases_in_clear(trapped, wire, west, east, receiver):
    send(west, east, b"first")
    hold(west, east)
    send(west, east, b"second")
    west.ip(f"xfrm policy update {selector(west, east, 'out')}")
    kick_wide_trap(west)
    assert {receiver.recv(100), receiver.recv(100)} == {b"first", b"second"}
    assert not wire.esp(west, east)


def test_deleting_a_hold_throws_its_queue_away(trapped, wire, west, east):
    """Why oekd updates policies and never replaces them."""
    hold(west, east)
    send(west, east, b"lost")
    west.ip(
        f"xfrm policy delete {selector(west, east, 'out').removesuffix(' priority 1000')}",
        f"xfrm policy add {selector(west, east, 'out')}",
    )
    assert west.ping(east).lost == 0, "new packets pass"
    assert not [packet for packet in wire.sent(west, east) if packet.ports[1] == 7777]


@pytest.mark.parametrize("path", ["ordinary", "narrow"])
def test_a_held_packet_is_lost_where_the_path_is_known_to_be_narrow(west, east, road, receiver, path):
    """It keeps the route that it was queued with. An insert makes routes old, the next look-up makes a new
    one, and where the kernel remembers a path MTU it throws away what still uses the one before."""
    west.sysctl("net.core.xfrm_larval_drop", 0)
    with road.narrow(1280) if path == "narrow" else nullcontext():
        if path == "narrow":
            with west.udp_socket() as sock:
                sock.sendto(bytes(1400), (east.ipv4, 7777))
            wait_until(lambda: "mtu 1280" in west.run("ip", "route", "get", east.ipv4), 5, "the path's MTU")
        hold(west, east)
        send(west, east, b"held")
        west.ip("xfrm policy add src 192.0.2.1 dst 192.0.2.2 dir out priority 1")
        west.run("ip", "route", "get", east.ipv4)
        west.ip(f"xfrm policy update {selector(west, east, 'out')}")
        send(west, east, b"after it")
        assert all_of(receiver) == ({b"held", b"after it"} if path == "ordinary" else {b"after it"})


def all_of(receiver):
    """What arrives until nothing has for half a second; the marker of who made the path narrow left out."""
    receiver.settimeout(0.5)
    arrived = set()
    with suppress(TimeoutError):
        while True:
            arrived.add(receiver.recv(2000))
    return arrived - {bytes(1400)}


def test_without_holding_the_first_packet_is_lost(west, east, wire):
    """The kernel's default, and what every other opportunistic daemon lives with."""
    west.sysctl("net.core.xfrm_larval_drop", 1)
    west.ip(f"xfrm policy add src {west.ipv4}/32 {WIDE}")
    assert west.ping(east, count=1, seconds=0.3).lost == 1
    assert not wire.sent(west, east)


@pytest.mark.parametrize("mode, arrives", [("transport", True), ("tunnel", False)])
def test_esp_without_an_inbound_policy(west, east, receiver, mode, arrives):
    """Transport ESP passes, tunnel ESP is dropped: the inbound policy must be there before the SA is used."""
    Pair(west, east, mode).install()
    west.ip(f"xfrm policy add {selector(west, east, 'out')} {template(west, east, mode)}")
    dropped = dropped_without_policy(east)
    send(west, east, b"through ESP")
    if arrives:
        assert receiver.recv(100) == b"through ESP"
    else:
        wait_until(
            lambda: dropped_without_policy(east) == dropped + 1, 5, "the packet to be counted as dropped"
        )


def dropped_without_policy(host):
    lines = host.run("cat", "/proc/net/xfrm_stat").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("XfrmInNoPols"))


@pytest.mark.parametrize("what", ["cleartext", "transport", "tunnel"])
def test_an_optional_inbound_tunnel_template_admits_everything(wire, west, east, receiver, what):
    """The responder's policy while its peer may still send in the clear."""
    east.ip(f"xfrm policy add {selector(west, east, 'in')} {template(west, east, 'tunnel', level='use')}")
    if what != "cleartext":
        Pair(west, east, what).install()
        west.ip(f"xfrm policy add {selector(west, east, 'out')} {template(west, east, what)}")
    send(west, east, b"let in")
    assert receiver.recv(100) == b"let in"
    assert bool(wire.esp(west, east)) == (what != "cleartext")


def test_a_required_inbound_template_refuses_cleartext(west, east):
    east.ip(f"xfrm policy add {selector(west, east, 'in')} {template(west, east)}")
    assert west.ping(east, count=1, seconds=0.3).lost == 1


def test_an_optional_tunnel_template_is_refused_outbound(west, east):
    with pytest.raises(AssertionError, match="not allowed|Invalid argument"):
        west.ip(
            f"xfrm policy add {selector(west, east, 'out')} {template(west, east, 'tunnel', level='use')}"
        )


def test_the_same_selector_again_is_refused_whatever_its_priority(west, east):
    """So an administrator's explicit policy is noticed and never replaced."""
    west.ip(f"xfrm policy add {selector(west, east, 'out')}")
    with pytest.raises(AssertionError, match="File exists"):
        west.ip(f"xfrm policy add {selector(west, east, 'out').replace('1000', '2000')}")


def test_a_connected_socket_does_not_notice_that_a_policy_is_gone(west, east, receiver):
    """It keeps its route, and with it the answer that no IPsec is needed. Only an insert helps."""
    open_ = selector(west, east, "out")
    west.ip(
        f"xfrm policy add src {west.ipv4}/32 dst 10.0.0.0/8 dir out priority 2000 action block",
        f"xfrm policy add {open_}",
    )
    with west.udp_socket() as sock:
        sock.connect((east.ipv4, 7777))
        sock.send(b"open")
        west.ip(f"xfrm policy delete {open_.removesuffix(' priority 1000')}")
        sock.send(b"gone")
        assert [receiver.recv(100), receiver.recv(100)] == [b"open", b"gone"]
        west.ip("xfrm policy add src 0.0.0.0/32 dst 0.0.0.0/32 dir out priority 1")
        with pytest.raises(PermissionError):
            sock.send(b"asked again")


@pytest.mark.parametrize(
    "family, answers, held", [(4, "kernel", True), (6, "kernel", False), (6, "program", True)]
)
def test_the_kernel_does_not_hold_its_own_icmpv6_answers(west, east, family, answers, held):
    """icmpv6_echo_reply() asks for its route without XFRM_LOOKUP_QUEUE; icmp_reply() and sockets have it."""
    ends = f"src {east.address(family)} dst {west.address(family)} dir out priority 1000000"
    held_before = east.sysctl("net.core.xfrm_larval_drop")
    east.sysctl("net.core.xfrm_larval_drop", 0)
    east.ip(f"xfrm policy add {ends} tmpl proto esp reqid 1 mode transport")
    answering = answers_from_a_program(east) if answers == "program" else nullcontext()
    with answering, ThreadPoolExecutor() as pool:
        arrived = icmp_received(east, family)
        ping = pool.submit(west.ping, east, family, 1, 0.1, 2)
        wait_until(lambda: icmp_received(east, family) > arrived, 5, "the echo to arrive")
        east.ip(f"xfrm policy update {ends}")
        assert ping.result().received == int(held)
    east.sysctl("net.core.xfrm_larval_drop", held_before)


def icmp_received(host, family):
    """Echo requests that the host has taken."""
    name = "IcmpInEchos" if family == 4 else "Icmp6InEchos"
    return int(host.run("nstat", "-asz", name).split()[-2])
