# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs that answer: ICMPv6 echoes, since the kernel cannot hold its own answers (test_kernel_facts.py)."""

import os
import select
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import TypeVar

from .host import Host
from .netns import inside
from .probe import ICMPV6_ECHO

T = TypeVar("T")
IGNORE = "net.ipv6.icmp.echo_ignore_all"
PKTINFO = (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO)


@contextmanager
def in_background(answer: Callable[[T, int], None], answering: T) -> Iterator[None]:
    """A thread that ends when it can read from the pipe that it is given."""
    over, end = os.pipe()
    thread = Thread(target=answer, args=(answering, over))
    thread.start()
    try:
        yield
    finally:
        os.close(end)
        thread.join()
        os.close(over)


@contextmanager
def answers_from_a_program(host: Host) -> Iterator[None]:
    before = host.sysctl(IGNORE)
    host.sysctl(IGNORE, 1)
    with inside(host.name):
        sock = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    try:
        with sock, in_background(answer, sock):
            yield
    finally:
        host.sysctl(IGNORE, before)


def answer(sock: socket.socket, over: int) -> None:
    """From the address that was asked, as the kernel does, until the other end of the pipe is closed."""
    while True:
        ready, _, _ = select.select([sock, over], [], [])
        if over in ready:
            return
        packet, ancillary, _, sender = sock.recvmsg(2048, socket.CMSG_SPACE(20))
        asked = [data[:16] + bytes(4) for level, kind, data in ancillary if (level, kind) == PKTINFO]
        if packet[:1] == bytes([ICMPV6_ECHO.request]) and asked:
            reply = struct.pack("!BBH", ICMPV6_ECHO.reply, 0, 0) + packet[4:]
            sock.sendmsg([reply], [(*PKTINFO, asked[0])], 0, sender)
