# SPDX-License-Identifier: GPL-2.0-or-later
"""A tunnel device that ends in the test: what a VPN program would get to carry."""

import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from .host import Host
from .netns import inside

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000


@dataclass
class Tun:
    name: str
    descriptor: int

    def packets(self) -> list[bytes]:
        """The IPv4 packets that left through it since the last call."""
        packets = []
        try:
            while True:
                packet = os.read(self.descriptor, 65536)
                if packet[0] >> 4 == 4:
                    packets.append(packet)
        except BlockingIOError:
            return packets


def protocol(packet: bytes) -> int:
    return packet[9]


@contextmanager
def tun(host: Host, name: str, address: str) -> Iterator[Tun]:
    """Up, with this address and its network."""
    with inside(host.name):
        descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("16sH14x", name.encode(), IFF_TUN | IFF_NO_PI))
    try:
        host.ip(f"addr add {address} dev {name}", f"link set {name} up")
        yield Tun(name, descriptor)
    finally:
        os.close(descriptor)  # the device goes with it
