# SPDX-License-Identifier: GPL-2.0-or-later
"""Many destinations behind one host: a network of which every address is its own."""

import ipaddress
import select
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

from .guest import this_guest
from .host import Host

PORT = 7777


class Crowd:
    """Datagrams to each address of the crowd, and which of them arrived."""

    def __init__(self, sender: Host, addresses: list[str], receiver: socket.socket) -> None:
        self.missing = set(addresses)
        self._receiver = receiver
        family = 6 if ":" in addresses[0] else 4
        self._sender = sender.udp_socket(family=family)
        self._sender.setblocking(False)

    def storm(self) -> float:
        """One to each that is missing, as fast as it goes; returns the seconds that it took."""
        started = time.monotonic()
        for address in sorted(self.missing):
            try:
                self._sender.sendto(address.encode(), (address, PORT))
            except BlockingIOError:
                pass  # the kernel's queue is full: lost, as by any router
        return time.monotonic() - started

    def collect(self, seconds: float) -> None:
        """Takes what arrives in this time, or until all has."""
        deadline = time.monotonic() + seconds
        while self.missing:
            if not select.select([self._receiver], [], [], max(0, deadline - time.monotonic()))[0]:
                return
            self.missing.discard(self._receiver.recv(100).decode())

    def insist(self, seconds: float, pause: float = 1) -> None:
        """Again to those that are missing, until all have arrived."""
        deadline = time.monotonic() + this_guest().patience(seconds)
        while self.missing:
            left = f"{len(self.missing)} never reached: {sorted(self.missing)[:5]}"
            assert time.monotonic() < deadline, left
            self.storm()
            self.collect(pause)


def network(host: Host, family: int) -> str:
    return f"10.{host.number}.64.0/18" if family == 4 else f"fd0{host.number}::1:0:0/96"


@contextmanager
def crowd(sender: Host, host: Host, road: Host, count: int, family: int) -> Iterator[Crowd]:
    """These addresses are the host's; for the sender they are any others."""
    many = network(host, family)
    first = int(ipaddress.ip_network(many).network_address) + 1
    addresses = [str(ipaddress.ip_address(first + n)) for n in range(count)]
    host.ip(f"route add local {many} dev lo")
    road.ip(f"route add {many} via {host.address(family)}")
    with host.udp_socket(PORT, family, "0.0.0.0" if family == 4 else "::") as receiver:
        try:
            yield Crowd(sender, addresses, receiver)
        finally:
            host.ip(f"route del local {many} dev lo")
            road.ip(f"route del {many} via {host.address(family)}")
