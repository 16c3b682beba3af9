# SPDX-License-Identifier: GPL-2.0-or-later
"""Numbered datagrams one way, all the while: what got through, and when it was sent."""

import select
import socket
import struct
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event

from .guest import this_guest
from .host import Host
from .wait import wait_until


@dataclass
class Datagrams:
    sent_at: dict[int, float] = field(default_factory=dict)
    arrived: set[int] = field(default_factory=set)

    def got_through(self, begin: float, end: float) -> list[int]:
        """Of those that were sent in that time."""
        return [n for n, when in self.sent_at.items() if begin <= when < end and n in self.arrived]


@contextmanager
def datagrams(
    source: tuple[Host, str], destination: tuple[Host, str], interval: float = 0.005
) -> Iterator[Datagrams]:
    """From this address of a host to that one of another."""
    result, over = Datagrams(), Event()
    with (
        socket_at(*source) as sender,
        socket_at(*destination) as receiver,
        ThreadPoolExecutor(1) as thread,
    ):
        with suppress(PermissionError):  # by `block`; then nothing can be sent either
            sender.connect(receiver.getsockname())
        running = thread.submit(exchange, result, sender, receiver, over, interval)
        try:
            yield result
        finally:
            over.set()
            running.result()


def socket_at(host: Host, address: str) -> socket.socket:
    return host.udp_socket(family=6 if ":" in address else 4, address=address)


class BothWays:
    """Datagrams between two addresses in both directions without pause, and what is asked about them."""

    def __init__(self, out: Datagrams, in_: Datagrams) -> None:
        self._ways = {"out": out, "in": in_}

    def flows(self) -> None:
        """Both ways, from now on."""
        start = time.monotonic()
        for name, way in self._ways.items():
            wait_until(lambda: way.got_through(start, time.monotonic()), 5, f"a datagram {name}")

    def is_stopped(self, since: float, count: int = 40) -> None:
        """Nothing has got through since then, nor does any of the next ones."""
        for way in self._ways.values():
            enough = len(way.sent_at) + count
            wait_until(lambda: len(way.sent_at) > enough, this_guest().patience(10), "more datagrams")
        through = {name: way.got_through(since, time.monotonic()) for name, way in self._ways.items()}
        assert through == {"out": [], "in": []}, f"in the clear: {through}"


@contextmanager
def both_ways(host: Host, address: str, other: Host, there: str) -> Iterator[BothWays]:
    with datagrams((host, address), (other, there)) as out, datagrams((other, there), (host, address)) as in_:
        yield BothWays(out, in_)


def exchange(
    result: Datagrams, sender: socket.socket, receiver: socket.socket, over: Event, interval: float
) -> None:
    following = time.monotonic()
    while not over.is_set():
        number = len(result.sent_at) + 1
        result.sent_at[number] = time.monotonic()
        try:
            sender.send(struct.pack("!I", number), socket.MSG_DONTWAIT)
        except OSError:
            pass  # refused here: it does not arrive
        following += interval
        while select.select([receiver], [], [], max(0.0, following - time.monotonic()))[0]:
            result.arrived.add(struct.unpack("!I", receiver.recv(100))[0])
