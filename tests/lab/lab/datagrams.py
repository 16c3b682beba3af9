# SPDX-License-Identifier: GPL-2.0-or-later
"""Numbered datagrams one way, all the while: what got through, and when it was sent."""

import select
import socket
import struct
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event

from .host import Host


@dataclass
class Datagrams:
    sent_at: dict[int, float] = field(default_factory=dict)
    arrived: set[int] = field(default_factory=set)

    def lost(self, begin: float, end: float) -> list[int]:
        """Of those that were sent in that time."""
        return [number for number, when in self.sent_at.items() if begin <= when < end and number not in self.arrived]

    def got_through(self, begin: float, end: float) -> list[int]:
        return [number for number, when in self.sent_at.items() if begin <= when < end and number in self.arrived]


@contextmanager
def datagrams(source: Host, destination: Host, family: int, interval: float = 0.005) -> Iterator[Datagrams]:
    result, over = Datagrams(), Event()
    with (
        source.udp_socket(family=family) as sender,
        destination.udp_socket(family=family) as receiver,
        ThreadPoolExecutor(1) as thread,
    ):
        sender.connect(receiver.getsockname())
        running = thread.submit(exchange, result, sender, receiver, over, interval)
        try:
            yield result
        finally:
            over.set()
            running.result()


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
