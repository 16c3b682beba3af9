# SPDX-License-Identifier: GPL-2.0-or-later
"""The lab itself: hosts reach one another, and its checks can fail."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from lab.wait import wait_until


@pytest.mark.parametrize("family", [4, 6])
def test_hosts_reach_one_another(west, east, plain, family):
    for other in (east, plain):
        assert west.ping(other, family=family).lost == 0


@pytest.mark.parametrize("family", [4, 6])
def test_the_capture_sees_cleartext(wire, west, east, plain, family):
    """What the tunnel scenarios rely on: a clear ping is noticed, and only between the hosts asked for."""
    west.ping(east, family=family, count=2)
    assert len(wire.cleartext(west, east)) == 4
    assert not wire.cleartext(west, plain)
    assert not wire.saw_esp(west, east)


@pytest.mark.parametrize("family", [4, 6])
def test_the_capture_tells_ike_from_cleartext(wire, west, east, family):
    """The ICMP error of a closed port is cleartext, unless it is about IKE."""
    with west.udp_socket(500, family) as sock:
        sock.sendto(bytes(18) + bytes((34, 0x08)) + bytes(8), (east.address(family), 500))
    assert [packet.ike.exchange for packet in wire.ike(west, east)] == ["IKE_SA_INIT"]
    assert len(wire.sent(east, west)) == 1 and not wire.cleartext(west, east)
    with west.udp_socket(7, family) as sock:
        sock.sendto(b"not IKE", (east.address(family), 7))
    assert len(wire.cleartext(west, east)) == 2


def test_a_tcp_connect_is_timed(west, east):
    with east.listening(7):
        connected = west.tcp_connect(east.ipv4, 7)
    assert connected.repeated == 0
    assert connected.seconds < 1


def test_a_repeated_syn_is_noticed(wire, west, east, road):
    """The road loses TCP until it has seen the first SYN."""
    road.drop(west, protocol=6)

    def mend() -> None:
        wait_until(lambda: wire.sent(west, east), 5, "the first SYN")
        road.restore(west)

    with east.listening(7), ThreadPoolExecutor() as other_hands:
        mended = other_hands.submit(mend)
        connected = west.tcp_connect(east.ipv4, 7)
        mended.result()
    assert connected.repeated == 1
    assert connected.seconds > 0.9


def test_the_road_delays(west, east, road):
    road.delay(20)
    assert west.ping(east, count=1).first_reply > 0.04


def test_the_road_drops_what_it_is_told_to(wire, west, east, road):
    road.drop(west, protocol=17, port=500)
    with east.udp_socket(500) as receiver, west.udp_socket() as sender:
        sender.sendto(b"lost", (east.ipv4, 500))
        assert west.ping(east).lost == 0
        receiver.setblocking(False)
        with pytest.raises(BlockingIOError):
            receiver.recv(100)
    assert any(packet.ports[1] == 500 for packet in wire.sent(west, east)), "lost after it was captured"
