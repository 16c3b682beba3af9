# SPDX-License-Identifier: GPL-2.0-or-later
"""Forged packets to a server make it send no more IKE to the forged source than five times their bytes."""

import re
import select
import socket
import struct
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Event

import pytest
from lab import forge
from lab.netns import inside
from lab.wait import wait_until

FAMILIES = pytest.mark.parametrize("family", [4, 6])
AMPLIFICATION = 5
# What is decided lasts for short, so that many packets are answers to be judged; a probe is over soon.
SHORT = {"shunt": {"again": "100ms", "short": "1s"}, "ike": {"retransmit": "100ms"}}
SERVER = 53


def syn(family: int, port: int) -> tuple[int, bytes]:
    return socket.IPPROTO_TCP, struct.pack("!HHIIBBHHH", port, SERVER, port, 0, 5 << 4, 2, 1024, 0, 0)


def segment_for_nobody(family: int, port: int) -> tuple[int, bytes]:
    return socket.IPPROTO_TCP, struct.pack("!HHIIBBHHH", port, 1, port, 0, 5 << 4, 16, 1024, 0, 0)


def segment_to_port_0(family: int, port: int) -> tuple[int, bytes]:
    return socket.IPPROTO_TCP, struct.pack("!HHIIBBHHH", port, 0, port, 0, 5 << 4, 16, 1024, 0, 0)


def datagram(family: int, port: int) -> tuple[int, bytes]:
    return socket.IPPROTO_UDP, struct.pack("!HHHH", port, SERVER, 8, 0)


def datagram_for_nobody(family: int, port: int) -> tuple[int, bytes]:
    return socket.IPPROTO_UDP, struct.pack("!HHHH", port, 1, 8, 0)


def echo(family: int, port: int) -> tuple[int, bytes]:
    protocol, kind = (socket.IPPROTO_ICMP, 8) if family == 4 else (socket.IPPROTO_ICMPV6, 128)
    return protocol, struct.pack("!BBHHH", kind, 0, 0, port, 1)


KINDS = pytest.mark.parametrize("kind", [syn, segment_for_nobody, segment_to_port_0, datagram, datagram_for_nobody, echo])
# Who has seen none of our packets cannot complete a connection: of TCP nothing counts before.
NEVER = (syn, segment_for_nobody, segment_to_port_0)


@pytest.fixture
def server(west, family):
    """Accepts on TCP, and answers each datagram with one that is empty too."""
    with west.listening(SERVER), west.udp_socket(SERVER, family) as udp, echoing(udp):
        yield


@contextmanager
def echoing(udp):
    def echo_all():
        while not over.is_set():
            if select.select([udp], [], [], 0.05)[0]:
                with suppress(BlockingIOError):  # the trap's queue is full
                    udp.sendto(b"", udp.recvfrom(2048)[1])

    over = Event()
    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(echo_all)
        try:
            yield
        finally:
            over.set()
            running.result()


def source(family, number=1):
    """An address in plain's network where nobody is."""
    return f"10.3.{7 + number // 250}.{number % 250}" if family == 4 else f"fd03::7:{number:x}"


def metric(host, name):
    """Summed over its labels."""
    lines = [line.split() for line in host.oekctl("metrics").splitlines() if not line.startswith("#")]
    return sum(int(value) for key, value in lines if re.split("[{ ]", key)[0] == name)


def decided(host):
    return metric(host, "oekd_negotiations_started_total") + metric(host, "oekd_negotiations_withheld_total")


def ike_bytes(wire, address):
    return sum(packet.size for packet in wire.packets() if packet.dst == address and packet.ike)


@FAMILIES
@KINDS
def test_one_forged_packet_causes_no_ike(wire, guest, west, plain, road, oekd, server, family, kind):
    oekd(west, {"private-or-clear": plain.networks}, SHORT)
    forge.from_anybody(road, source(family), west.address(family), *kind(family, 40000))
    wait_until(lambda: metric(west, "oekd_negotiations_withheld_total"), guest.patience(5), "the decision")
    assert metric(west, "oekd_negotiations_started_total") == 0
    assert ike_bytes(wire, source(family)) == 0
    if kind is not syn:
        return
    # The kernel repeats its SYN-ACK by itself: nothing has come in with which it could earn a question.
    wait_until(lambda: metric(west, "oekd_negotiations_withheld_total") > 1, guest.patience(5), "a SYN-ACK again")
    assert ike_bytes(wire, source(family)) == 0


@FAMILIES
@KINDS
def test_many_from_one_source_earn_what_they_cost(wire, guest, west, plain, road, oekd, server, family, kind):
    oekd(west, {"private-or-clear": plain.networks}, SHORT)
    sent = 0
    for number in range(40):
        sent += forge.from_anybody(road, source(family), west.address(family), *kind(family, 40000 + number))
        assert ike_bytes(wire, source(family)) <= AMPLIFICATION * sent
    wait_until(lambda: metric(west, "oekd_negotiations") == 0, guest.patience(5), "the last probe to be over")
    asked = ike_bytes(wire, source(family))
    assert asked <= AMPLIFICATION * sent
    if kind in NEVER:
        assert asked == 0


@FAMILIES
@KINDS
def test_one_each_from_many_sources(wire, guest, west, plain, road, oekd, server, family, kind):
    oekd(west, {"private-or-clear": plain.networks}, SHORT)
    for number in range(1, 301):
        forge.from_anybody(road, source(family, number), west.address(family), *kind(family, 40000 + number))
    wait_until(lambda: decided(west) >= 300, guest.patience(10), "all of them to be decided")
    assert metric(west, "oekd_negotiations_started_total") == 0
    assert not [packet for packet in wire.packets() if packet.ike]


@FAMILIES
@pytest.mark.parametrize("kind", ["ping", "tcp", "udp"])
def test_a_client_that_goes_on_is_encrypted(wire, guest, west, east, oekd, server, family, kind):
    """It does not begin, we do: after some packets, or once the connection stands."""
    oekd(east, {"clear-or-private": west.networks})
    oekd(west, {"private-or-clear": east.networks}, SHORT)
    with talking(kind, east, west.address(family)):
        wait_until(lambda: wire.saw_esp(west, east), guest.patience(10), "ESP")
    flow = west.flow_with(east, family)
    assert flow["state"] == "keyed", flow


@contextmanager
def talking(kind, client, address):
    """A packet every 50 ms at least, and its answers."""
    if kind == "ping":
        with client.pinging(address, interval=0.05):
            yield
        return
    udp = client.udp_socket(0, 6 if ":" in address else 4) if kind == "udp" else None
    connection = socket.socket() if udp else connected(client, address)
    over = Event()

    def talk():
        while not over.wait(0.05):
            udp.sendto(b"", (address, SERVER)) if udp else connection.send(b"x")

    with connection, udp or connection, ThreadPoolExecutor(1) as thread:
        running = thread.submit(talk)
        try:
            yield
        finally:
            over.set()
            running.result()


def connected(client, address):
    with inside(client.name):
        sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    sock.connect((address, SERVER))
    return sock


def test_a_storm_of_our_own_stays_within_the_total(wire, guest, west, plain, oekd):
    few = {"probe": {"total-burst": 100, "total-every": "1h"}, "ike": {"retransmissions": 0}}
    oekd(west, {"private-or-clear": plain.networks}, few)
    with west.udp_socket() as udp:
        udp.setblocking(False)
        for number in range(2000):
            with suppress(BlockingIOError):  # the trap's queue is full; the kernel has asked for an SA
                udp.sendto(b"", (f"10.3.{number // 250}.{number % 250 + 2}", 53))
    wait_until(lambda: decided(west) >= 2000, guest.patience(20), "all of them to be decided")
    assert metric(west, "oekd_negotiations_started_total") == 100
    wait_until(lambda: metric(west, "oekd_negotiations") == 0, guest.patience(10), "the probes to be over")
    assert len({packet.ike.initiator_spi for packet in wire.packets() if packet.ike}) <= 100
