# SPDX-License-Identifier: GPL-2.0-or-later
"""Raw ICMP echoes and nothing else: ping(8) connects a UDP socket first, which raises an acquire."""

import itertools
import select
import socket
import struct
import time
from collections import namedtuple
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event

Echo = namedtuple("Echo", "request reply")
ICMP_ECHO = Echo(8, 0)  # RFC 792
ICMPV6_ECHO = Echo(128, 129)  # RFC 4443 §4
_identities = itertools.count(1)


@dataclass
class Ping:
    """Echoes by number, from 1, and when they left and were answered (time.monotonic)."""

    sent_at: dict[int, float] = field(default_factory=dict)
    answered_at: dict[int, float] = field(default_factory=dict)
    refused: list[OSError] = field(default_factory=list)  # what the local kernel would not send

    @property
    def sent(self) -> int:
        return len(self.sent_at)

    @property
    def received(self) -> int:
        return len(self.answered_at)

    @property
    def lost(self) -> int:
        return self.sent - self.received

    @property
    def first_answered(self) -> int | None:
        """The echo that was answered first."""
        return min(self.answered_at, key=lambda number: self.answered_at[number], default=None)

    @property
    def first_reply(self) -> float | None:
        """Seconds after the first echo was sent."""
        return min(self.answered_at.values()) - self.sent_at[1] if self.answered_at else None

    def __str__(self) -> str:
        first = (
            "none" if self.first_reply is None else f"{self.first_reply * 1000:.1f} ms after the first echo"
        )
        return f"{self.received} of {self.sent} answered, first reply {first}, refused: {self.refused}"


class Prober:
    """Echoes over a socket that was opened in the sender's namespace."""

    def __init__(self, sock: socket.socket, destination: tuple) -> None:
        self.result = Ping()
        self._socket = sock
        self._destination = destination
        self._v6 = sock.family == socket.AF_INET6
        self._identity = next(_identities) & 0xFFFF
        sock.setblocking(False)

    def ping(self, count: int, interval: float, seconds: float) -> Ping:
        """Sends count echoes, then waits for those still unanswered, for at most `seconds`."""
        return self._run(lambda: self.result.sent == count, interval, seconds)

    def ping_until(self, over: Event, interval: float, seconds: float) -> Ping:
        return self._run(over.is_set, interval, seconds)

    def _run(self, enough: Callable[[], bool], interval: float, seconds: float) -> Ping:
        following = time.monotonic()
        while not enough():
            self._send()
            following += interval
            self._receive_until(following, enough)
        self._receive_until(time.monotonic() + seconds, self._nothing_to_wait_for)
        return self.result

    def _nothing_to_wait_for(self) -> bool:
        return self.result.lost == len(self.result.refused)

    def _send(self) -> None:
        number = self.result.sent + 1
        self.result.sent_at[number] = time.monotonic()
        try:
            self._socket.sendto(self._echo(number), self._destination)
        except OSError as error:
            self.result.refused.append(error)

    def _receive_until(self, deadline: float, enough: Callable[[], bool]) -> None:
        while not enough():
            ready, _, _ = select.select([self._socket], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                return
            self._take(self._socket.recvfrom(2048)[0])

    def _echo(self, number: int) -> bytes:
        kind = ICMPV6_ECHO if self._v6 else ICMP_ECHO
        packet = struct.pack("!BBHHH", kind.request, 0, 0, self._identity, number) + b"oekd" * 14
        if self._v6:
            return packet  # the kernel fills in the checksum of ICMPv6, RFC 3542 §3.1
        return packet[:2] + struct.pack("!H", checksum(packet)) + packet[4:]

    def _take(self, packet: bytes) -> None:
        icmp = packet if self._v6 else packet[(packet[0] & 15) * 4 :]
        kind, _, _, identity, number = struct.unpack("!BBHHH", icmp[:8])
        reply = (ICMPV6_ECHO if self._v6 else ICMP_ECHO).reply
        if kind == reply and identity == self._identity:
            self.result.answered_at.setdefault(number, time.monotonic())


def checksum(packet: bytes) -> int:
    """RFC 1071."""
    total = sum(struct.unpack(f"!{len(packet) // 2}H", packet))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def ping_socket(address: str) -> tuple[socket.socket, tuple]:
    """A raw socket of the calling thread's namespace, and where it shall send."""
    family, protocol = (
        (socket.AF_INET6, socket.IPPROTO_ICMPV6) if ":" in address else (socket.AF_INET, socket.IPPROTO_ICMP)
    )
    destination = socket.getaddrinfo(address, None, family, socket.SOCK_RAW, protocol, socket.AI_NUMERICHOST)[
        0
    ][4]
    return socket.socket(family, socket.SOCK_RAW, protocol), destination
