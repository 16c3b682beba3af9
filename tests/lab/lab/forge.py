# SPDX-License-Identifier: GPL-2.0-or-later
"""What somebody on the road can send: ICMP errors, and datagrams under anybody's address."""

import socket
import struct

from .host import Host
from .netns import inside

IPV6_TRANSPARENT = 75  # linux/in6.h
IPV6_HDRINCL = 36
IKE_SA_INIT, NOTIFY, NO_PROPOSAL_CHOSEN = 34, 41, 14  # RFC 7296 §3.1, §3.2, §3.10.1


def checksum(data: bytes) -> int:
    """RFC 1071."""
    padded = data + bytes(len(data) % 2)
    total = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def port_unreachable(road: Host, victim: Host, peer: Host, payload: bytes, family: int = 4) -> None:
    """Says to the victim that its IKE datagram to the peer found nobody; quotes this much of its payload."""
    length = 8 + 300
    udp = struct.pack("!HHHH", 500, 500, length, 0)
    ends = [packed(host.address(family)) for host in (victim, peer)]
    if family == 4:
        quoted = struct.pack("!BBHHHBBH", 0x45, 0, 20 + length, 1, 0, 64, socket.IPPROTO_UDP, 0)
        kind, protocol = struct.pack("!BB", 3, 3), socket.IPPROTO_ICMP
    else:
        quoted = struct.pack("!IHBB", 6 << 28, length, socket.IPPROTO_UDP, 64)
        kind, protocol = struct.pack("!BB", 1, 4), socket.IPPROTO_ICMPV6
    rest = bytes(4) + quoted + b"".join(ends) + udp + payload
    sum_ = checksum(kind + bytes(2) + rest) if family == 4 else 0  # the kernel writes that of ICMPv6
    with inside(str(road)):
        sock = socket.socket(address_family(family), socket.SOCK_RAW, protocol)
    with sock:
        sock.sendto(kind + struct.pack("!H", sum_) + rest, (victim.address(family), 0))


def no_proposal_chosen(road: Host, victim: Host, peer: Host, spi: bytes, family: int = 4) -> None:
    """The peer's unprotected refusal of the IKE_SA_INIT with this initiator's SPI."""
    notify = struct.pack("!BBHBBH", 0, 0, 8, 0, 0, NO_PROPOSAL_CHOSEN)
    header = spi + struct.pack("!QBBBBII", 0, NOTIFY, 0x20, IKE_SA_INIT, 0x20, 0, 28 + len(notify))
    datagram(road, (peer.address(family), 500), (victim.address(family), 500), header + notify)


def datagram(road: Host, source: tuple[str, int], destination: tuple[str, int], payload: bytes) -> None:
    """From anybody to anybody."""
    family = 6 if ":" in source[0] else 4
    with inside(str(road)):
        sock = socket.socket(address_family(family), socket.SOCK_DGRAM)
    with sock:
        be_anybody(sock)
        sock.bind(source)
        sock.sendto(payload, destination)


def from_anybody(road: Host, source: str, destination: str, protocol: int, payload: bytes) -> int:
    """A whole IP packet whose checksums are right; returns its bytes."""
    family = 6 if ":" in source else 4
    ends = packed(source) + packed(destination)
    at = {socket.IPPROTO_TCP: 16, socket.IPPROTO_UDP: 6}.get(protocol, 2)
    pseudo = b"" if protocol == socket.IPPROTO_ICMP else ends + struct.pack("!II", len(payload), protocol)
    payload = payload[:at] + struct.pack("!H", checksum(pseudo + payload)) + payload[at + 2 :]
    if family == 4:
        header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0, 64, protocol, 0)
    else:
        header = struct.pack("!IHBB", 6 << 28, len(payload), protocol, 64)
    packet = header + ends + payload
    with inside(str(road)):
        sock = socket.socket(address_family(family), socket.SOCK_RAW, socket.IPPROTO_RAW)
    with sock:
        if family == 6:
            sock.setsockopt(socket.IPPROTO_IPV6, IPV6_HDRINCL, 1)
        sock.sendto(packet, (destination, 0))
    return len(packet)


def be_anybody(sock: socket.socket) -> None:
    """May be bound to an address of somebody else."""
    if sock.family == socket.AF_INET:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TRANSPARENT, 1)
    else:
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_TRANSPARENT, 1)


def address_family(family: int) -> socket.AddressFamily:
    return socket.AF_INET if family == 4 else socket.AF_INET6


def packed(address: str) -> bytes:
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)
