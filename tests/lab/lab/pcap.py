# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads the capture that tcpdump writes: packets of every interface, with what the scenarios ask about."""

import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

LINUX_SLL2 = 276  # tcpdump.org/linktypes: link header of the "any" interface, 20 bytes
OUTGOING = 4
ICMP, TCP, UDP, ESP, ICMPV6 = 1, 6, 17, 50, 58
IPV6_EXTENSIONS = (0, 43, 60)  # hop-by-hop, routing, destination options: RFC 8200 §4
IKE_PORTS = (500, 4500)
NEIGHBOUR_DISCOVERY = range(133, 138)  # ICMPv6 types, RFC 4861
EXCHANGES = {
    34: "IKE_SA_INIT",
    35: "IKE_AUTH",
    36: "CREATE_CHILD_SA",
    37: "INFORMATIONAL",
    43: "IKE_INTERMEDIATE",
}
NAMES = {ICMP: "ICMP", TCP: "TCP", UDP: "UDP", ESP: "ESP", ICMPV6: "ICMPv6"}

ICMP_TYPES = {
    (ICMP, 8): "echo request",
    (ICMP, 0): "echo reply",
    (ICMP, 3): "unreachable",
    (ICMPV6, 128): "echo request",
    (ICMPV6, 129): "echo reply",
    (ICMPV6, 1): "unreachable",
}
TOO_BIG = {(ICMP, b"\x03\x04"), (ICMPV6, b"\x02\x00")}
UNREACHABLE = {(ICMP, b"\x03"), (ICMPV6, b"\x01")}


@dataclass(frozen=True)
class Ike:
    """RFC 7296 §3.1."""

    initiator_spi: bytes
    exchange: str
    message_id: int
    response: bool


@dataclass(frozen=True)
class Packet:
    time: float
    outgoing: bool  # leaves the road; the same packet was seen coming in before
    src: str
    dst: str
    protocol: int
    payload: bytes  # of the IP packet, as much as was captured

    @property
    def size(self) -> int:
        """With its IP header, as it has neither options nor extensions."""
        return len(self.payload) + (40 if ":" in self.src else 20)

    @property
    def ports(self) -> tuple[int, int]:
        if self.protocol not in (TCP, UDP) or len(self.payload) < 4:
            return 0, 0
        return struct.unpack_from("!HH", self.payload)

    @property
    def esp(self) -> bool:
        """ESP, in UDP too: on port 4500 four zero bytes tell IKE from it (RFC 3948 §2.2)."""
        return self.protocol == ESP or (self._udp_4500 and self.payload[8:12] != bytes(4))

    @property
    def spi(self) -> int:
        assert self.esp
        return struct.unpack_from("!I", self.payload, 0 if self.protocol == ESP else 8)[0]

    @property
    def ike(self) -> Ike | None:
        if self.protocol != UDP or not any(port in IKE_PORTS for port in self.ports) or self.esp:
            return None
        header = self.payload[12 if self._udp_4500 else 8 :][:28]
        if len(header) < 28:
            return None
        exchange, flags, message_id = struct.unpack_from("!BBI", header, 18)
        return Ike(
            header[:8], EXCHANGES.get(exchange, f"exchange {exchange}"), message_id, bool(flags & 0x20)
        )

    @property
    def neighbour_discovery(self) -> bool:
        return self.protocol == ICMPV6 and self.payload[:1] != b"" and self.payload[0] in NEIGHBOUR_DISCOVERY

    @property
    def about_ike(self) -> bool:
        """An ICMP error about an IKE datagram: who stops cannot take the last answers."""
        if (self.protocol, self.payload[:1]) not in UNREACHABLE:
            return False
        quoted = parse_ip(self.payload[8:], self.time, self.outgoing)
        return quoted is not None and quoted.protocol == UDP and bool(set(quoted.ports) & set(IKE_PORTS))

    @property
    def too_big(self) -> bool:
        return (self.protocol, self.payload[:2]) in TOO_BIG

    @property
    def cleartext(self) -> bool:
        return not (self.esp or self.ike or self.about_ike or self.neighbour_discovery)

    @property
    def _udp_4500(self) -> bool:
        return self.protocol == UDP and 4500 in self.ports

    @property
    def what(self) -> str:
        """Its kind, for people."""
        if self.ike:
            return (
                f"{self.ike.exchange} {'response' if self.ike.response else 'request'} {self.ike.message_id}"
            )
        if self.esp:
            return f"ESP spi {self.spi:#010x}"
        name = NAMES.get(self.protocol, f"protocol {self.protocol}")
        if self.protocol in (TCP, UDP):
            return f"{name} port {self.ports[0]} to {self.ports[1]}"
        if self.protocol in (ICMP, ICMPV6) and self.payload:
            kind = ICMP_TYPES.get((self.protocol, self.payload[0]), f"type {self.payload[0]}")
            return f"{name} {kind}"
        return name

    def __str__(self) -> str:
        return f"{self.src} > {self.dst} {self.what}, {len(self.payload)} bytes"

    __repr__ = __str__


def packets(capture: bytes) -> Iterator[Packet]:
    """The IP packets of a capture; a record that is not complete yet ends it."""
    if len(capture) < 24:
        return
    magic, link = struct.unpack_from("<I16xI", capture)
    assert magic == 0xA1B2C3D4 and link == LINUX_SLL2, f"not a capture of `any`: {magic:#x}, link type {link}"
    at = 24
    while at + 16 <= len(capture):
        seconds, micros, length = struct.unpack_from("<III", capture, at)
        at += 16
        if at + length > len(capture):
            return
        packet = parse(capture[at : at + length], seconds + micros / 1e6)
        if packet:
            yield packet
        at += length


def parse(frame: bytes, when: float) -> Packet | None:
    """A frame of the "any" interface; None for what is not IP."""
    if len(frame) < 20 or struct.unpack_from("!H", frame)[0] not in (0x0800, 0x86DD):
        return None
    return parse_ip(frame[20:], when, outgoing=frame[10] == OUTGOING)


def parse_ip(packet: bytes, when: float, outgoing: bool) -> Packet | None:
    version = packet[0] >> 4 if packet else 0
    if version == 4 and len(packet) >= 20:
        src, dst = (socket.inet_ntop(socket.AF_INET, packet[at : at + 4]) for at in (12, 16))
        return Packet(when, outgoing, src, dst, packet[9], packet[(packet[0] & 15) * 4 :])
    if version == 6 and len(packet) >= 40:
        src, dst = (socket.inet_ntop(socket.AF_INET6, packet[at : at + 16]) for at in (8, 24))
        protocol, payload = skip_extensions(packet[6], packet[40:])
        return Packet(when, outgoing, src, dst, protocol, payload)
    return None


def skip_extensions(protocol: int, payload: bytes) -> tuple[int, bytes]:
    while protocol in IPV6_EXTENSIONS and len(payload) >= 8:
        protocol, payload = payload[0], payload[(payload[1] + 1) * 8 :]
    return protocol, payload
