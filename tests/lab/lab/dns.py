# SPDX-License-Identifier: GPL-2.0-or-later
"""DNS queries as a program on a host sends them: RFC 1035 over UDP."""

import itertools
import struct
import time
from dataclasses import dataclass

from .host import Host

PORT = 53
A, SOA, IN = 1, 6, 1
RECURSION_DESIRED = 0x0100
_identities = itertools.count(1)


@dataclass(frozen=True)
class Answer:
    rcode: int
    records: int  # in the answer section
    seconds: float
    message: bytes


def query(host: Host, server: str, name: str, kind: int = A, seconds: float = 5) -> Answer | None:
    """None where no answer comes in time."""
    identity = next(_identities) & 0xFFFF
    question = encode_name(name) + struct.pack("!HH", kind, IN)
    message = struct.pack("!HHHHHH", identity, RECURSION_DESIRED, 1, 0, 0, 0) + question
    with host.udp_socket(0, 6 if ":" in server else 4) as sock:
        sock.settimeout(seconds)
        started = time.monotonic()
        try:
            sock.sendto(message, (server, PORT))
            while True:
                answer = sock.recv(4096)
                if answer[:2] == message[:2]:
                    flags, _, records = struct.unpack("!HHH", answer[2:8])
                    return Answer(flags & 15, records, time.monotonic() - started, answer)
        except (TimeoutError, ConnectionRefusedError):
            return None


def serial(host: Host, server: str, zone: str) -> int | None:
    """Of the zone that is served now."""
    answer = query(host, server, zone, SOA)
    if answer is None or answer.records == 0:
        return None
    # The record ends with five numbers: serial, refresh, retry, expire, minimum.
    record = answer.message[12 + len(encode_name(zone)) + 4 :]
    length = struct.unpack("!H", record[10:12])[0]
    return struct.unpack("!I", record[12 + length - 20 : 12 + length - 16])[0]


def encode_name(name: str) -> bytes:
    labels = [label.encode() for label in name.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
