# SPDX-License-Identifier: GPL-2.0-or-later
"""Services of a host, and one exchange with them: written as group lines do, "tcp 0 22", or "ping"."""

import select
import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from .echo import in_background
from .guest import this_guest
from .host import Host
from .netns import inside
from .outcome import outcome
from .tcp import connect
from .wire import Wire

RESET_AT_CLOSE = struct.pack("ii", 1, 0)  # struct linger: no packet of this exchange comes later


@dataclass
class Exchange:
    """One attempt: answered, answered only after repeating, or not at all."""

    received: int
    lost: int


ANSWERED, REPEATED, UNANSWERED = Exchange(1, 0), Exchange(1, 1), Exchange(0, 1)


def mirrored(service: str) -> str:
    """As the other side has to write it."""
    protocol, local, remote = service.split()
    return f"{protocol} {remote} {local}"


def lines(host: Host, service: str = "") -> list[str]:
    """For a group file: this service of where the host lives, both families."""
    return [f"{network} {service}".strip() for network in host.networks]


@contextmanager
def serving(host: Host, *ports: int) -> Iterator[None]:
    """TCP connects and UDP datagrams to these ports are answered, under the host's first addresses."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(host.udp_socket(port, family)) for port in ports for family in (4, 6)]
        for port in ports:
            stack.enter_context(host.listening(port))
        stack.enter_context(in_background(echo, sockets))
        yield


def echo(sockets: list[socket.socket], over: int) -> None:
    """Until the other end of the pipe is closed."""
    while True:
        ready, _, _ = select.select([*sockets, over], [], [])
        if over in ready:
            return
        for sock in ready:
            datagram, sender = sock.recvfrom(2048)
            try:
                sock.sendto(datagram, sender)
            except PermissionError:
                pass  # a policy blocks it


def reach(wire: Wire, host: Host, other: Host, service: str, family: int = 4, seconds: float = 0.5) -> str:
    """One exchange with the other host's first address, begun here: see outcome()."""
    before = len(wire.packets())
    address = other.address(family)
    if service == "ping":
        result = host.ping_address(address, count=1, seconds=seconds)
    else:
        protocol, local, remote = service.split()
        ask = {"tcp": tcp_exchange, "udp": udp_exchange}[protocol]
        with bound_socket(host, protocol, family, int(local)) as sock:
            result = ask(sock, address, int(remote), this_guest().patience(seconds))
    return outcome(wire.packets()[before:], host.address(family), address, result)


def bound_socket(host: Host, protocol: str, family: int, port: int) -> socket.socket:
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    with inside(host.name):
        sock = socket.socket(socket.AF_INET if family == 4 else socket.AF_INET6, kind)
    if protocol == "tcp":
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((host.address(family), port))
    return sock


def tcp_exchange(sock: socket.socket, address: str, port: int, seconds: float) -> Exchange:
    try:
        return REPEATED if connect(sock, address, port, seconds).repeated else ANSWERED
    except (TimeoutError, PermissionError):
        return UNANSWERED


def udp_exchange(sock: socket.socket, address: str, port: int, seconds: float) -> Exchange:
    sock.settimeout(seconds)
    try:
        sock.sendto(b"oekd", (address, port))
        return ANSWERED if sock.recv(100) == b"oekd" else UNANSWERED
    except (TimeoutError, PermissionError):
        return UNANSWERED
