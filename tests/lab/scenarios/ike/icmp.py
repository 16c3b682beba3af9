# SPDX-License-Identifier: GPL-2.0-or-later
"""ICMP errors as somebody on the road could forge them."""

import socket
import struct

from lab.host import Host
from lab.netns import inside


def checksum(data: bytes) -> int:
    padded = data + bytes(len(data) % 2)
    total = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def port_unreachable(road: Host, victim: Host, peer: Host, payload: bytes) -> None:
    """Says to the victim that its IKE datagram to the peer found nobody, and quotes this much of the UDP payload."""
    ends = socket.inet_aton(victim.ipv4) + socket.inet_aton(peer.ipv4)
    udp = struct.pack("!HHHH", 500, 500, 8 + 300, 0)
    quoted = struct.pack("!BBHHHBBH", 0x45, 0, 20 + 308, 1, 0, 64, socket.IPPROTO_UDP, 0) + ends + udp + payload
    body = struct.pack("!BBHI", 3, 3, 0, 0) + quoted
    message = body[:2] + struct.pack("!H", checksum(body)) + body[4:]
    with inside(str(road)):
        sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    with sock:
        sock.sendto(message, (victim.ipv4, 0))
