# SPDX-License-Identifier: GPL-2.0-or-later
"""TCP connects, timed, with what the kernel knows of repeated segments."""

import socket
import struct
import time
from dataclasses import dataclass

TCP_INFO_TOTAL_RETRANS = 100  # offset of tcpi_total_retrans in struct tcp_info, linux/tcp.h


@dataclass(frozen=True)
class Connect:
    seconds: float
    repeated: int  # SYNs sent again: the wire cannot tell, for there they are encrypted


def connect(sock: socket.socket, address: str, port: int, seconds: float) -> Connect:
    sock.settimeout(seconds)
    started = time.monotonic()
    sock.connect((address, port))
    took = time.monotonic() - started
    info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_TOTAL_RETRANS + 4)
    return Connect(took, struct.unpack_from("I", info, TCP_INFO_TOTAL_RETRANS)[0])


def count(listener: socket.socket, seconds: float) -> int:
    """Takes one connection and the bytes that come through it."""
    listener.settimeout(seconds)
    connection, _ = listener.accept()
    connection.settimeout(seconds)
    received = 0
    with connection:
        while piece := connection.recv(1 << 16):
            received += len(piece)
    return received
