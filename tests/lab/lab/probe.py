# SPDX-License-Identifier: GPL-2.0-or-later
"""Raw ICMP echoes. ping(8) connects a UDP socket first, which itself raises an acquire: here only the echo goes out."""

import itertools
import select
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field

ECHO = {4: (8, 0), 6: (128, 129)}  # request and reply, RFC 792 and RFC 4443 §4
_identities = itertools.count(1)


@dataclass
class Ping:
    sent: int = 0
    received: int = 0
    first_reply: float | None = None  # seconds after the first echo was sent
    first_answered: int | None = None  # number of the echo that was answered first, from 1
    refused: list[OSError] = field(default_factory=list)  # what the local kernel would not send

    @property
    def lost(self) -> int:
        return self.sent - self.received

    def __str__(self) -> str:
        first = "none" if self.first_reply is None else f"{self.first_reply * 1000:.1f} ms after the first echo"
        return f"{self.received} of {self.sent} answered, first reply {first}, refused: {self.refused}"


class Prober:
    """One series of echoes over a socket that was opened in the sender's namespace."""

    def __init__(self, sock: socket.socket, address: str) -> None:
        self.result = Ping()
        self._socket = sock
        self._family = 6 if ":" in address else 4
        self._address = address
        self._identity = next(_identities) & 0xFFFF
        self._answered: set[int] = set()
        self._started = 0.0
        sock.setblocking(False)

    def send(self) -> None:
        self.result.sent += 1
        if self.result.sent == 1:
            self._started = time.monotonic()
        try:
            self._socket.sendto(self._echo(self.result.sent), (self._address, 0))
        except OSError as error:
            self.result.refused.append(error)

    def receive_until(self, deadline: float, enough: Callable[[], bool] = lambda: False) -> None:
        while not enough():
            ready, _, _ = select.select([self._socket], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                return
            self._take(self._socket.recvfrom(2048)[0])

    def _echo(self, number: int) -> bytes:
        packet = struct.pack("!BBHHH", ECHO[self._family][0], 0, 0, self._identity, number) + b"oekd" * 14
        if self._family == 6:
            return packet  # the kernel fills in the checksum of ICMPv6, RFC 3542 §3.1
        return packet[:2] + struct.pack("!H", checksum(packet)) + packet[4:]

    def _take(self, packet: bytes) -> None:
        icmp = packet if self._family == 6 else packet[(packet[0] & 15) * 4 :]
        kind, _, _, identity, number = struct.unpack("!BBHHH", icmp[:8])
        if kind != ECHO[self._family][1] or identity != self._identity or number in self._answered:
            return
        self._answered.add(number)
        self.result.received += 1
        if self.result.first_reply is None:
            self.result.first_reply = time.monotonic() - self._started
            self.result.first_answered = number


def checksum(packet: bytes) -> int:
    """RFC 1071."""
    total = sum(struct.unpack(f"!{len(packet) // 2}H", packet))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def ping_socket(address: str) -> socket.socket:
    if ":" in address:
        return socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    return socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)


def ping(sock: socket.socket, address: str, count: int, interval: float, seconds: float) -> Ping:
    """Sends count echoes, then waits for those still unanswered, at most `seconds` from the last one on."""
    prober = Prober(sock, address)
    following = time.monotonic()
    for _ in range(count):
        prober.send()
        following += interval
        prober.receive_until(following, lambda: prober.result.sent == count)
    prober.receive_until(time.monotonic() + seconds, lambda: prober.result.lost == len(prober.result.refused))
    return prober.result
