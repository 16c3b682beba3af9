# SPDX-License-Identifier: GPL-2.0-or-later
"""The capture on the road, and questions about it."""

import itertools
import signal
import socket
import subprocess
from pathlib import Path

from . import pcap
from .guest import this_guest
from .host import Host
from .netns import inside
from .pcap import Packet
from .wait import wait_until

_markers = itertools.count()
DISCARD = 9  # RFC 863
SNAPSHOT = "2048"  # with the default of 256 KiB the buffer has room for 32 packets


class Wire:
    def __init__(self, road: Host, file: Path) -> None:
        self.file = file
        self._road = road
        command = road.command(
            "tcpdump",
            "-Z",
            "root",
            "-n",
            "-U",
            "--immediate-mode",
            "-B",
            "32768",
            "-s",
            SNAPSHOT,
            "-i",
            "any",
            "-w",
            str(file),
        )
        self._errors = open(f"{file}.errors", "w+")
        self._tcpdump = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=self._errors)
        wait_until(self._listens, this_guest().patience(5), "tcpdump to listen")

    def packets(self) -> list[Packet]:
        """All packets up to now, once each, as they came to the road."""
        self._catch_up()
        return self.so_far()

    def so_far(self) -> list[Packet]:
        """Like packets(), without waiting for those that are on their way into the file."""
        seen = pcap.packets(self.file.read_bytes())
        return [packet for packet in seen if not packet.outgoing and not packet.src.startswith("127.")]

    def too_big(self, host: Host) -> list[Packet]:
        """What the road has told a host about packets that are too long for the way."""
        self._catch_up()
        seen = pcap.packets(self.file.read_bytes())
        return [p for p in seen if p.outgoing and p.dst in host.addresses and p.too_big]

    def between(self, one: Host, other: Host) -> list[Packet]:
        """Both directions, both families."""
        return [p for p in self.packets() if p.src in one.addresses and p.dst in other.addresses
                or p.src in other.addresses and p.dst in one.addresses]  # fmt: skip

    def sent(self, source: Host, destination: Host) -> list[Packet]:
        return [p for p in self.packets() if p.src in source.addresses and p.dst in destination.addresses]

    def cleartext(self, one: Host, other: Host) -> list[Packet]:
        """What went between two hosts and is neither ESP nor IKE nor neighbour discovery."""
        return [packet for packet in self.between(one, other) if packet.cleartext]

    def esp(self, source: Host, destination: Host) -> list[Packet]:
        return [packet for packet in self.sent(source, destination) if packet.esp]

    def saw_esp(self, one: Host, other: Host) -> bool:
        """In both directions."""
        packets = self.between(one, other)
        return all(any(p.esp and p.src in host.addresses for p in packets) for host in (one, other))

    def ike(self, source: Host, destination: Host, exchange: str | None = None) -> list[Packet]:
        packets = [packet for packet in self.sent(source, destination) if packet.ike]
        return [packet for packet in packets if exchange in (None, packet.ike.exchange)]

    def ike_sas(self, one: Host, other: Host) -> set[bytes]:
        """Each IKE_SA that the two hosts began, by its initiator's SPI."""
        return {packet.ike.initiator_spi for packet in self.between(one, other) if packet.ike}

    def assert_encrypted(self, one: Host, other: Host) -> None:
        """ESP went both ways, and nothing in the clear, not even the first packet."""
        clear = self.cleartext(one, other)
        assert not clear, f"in the clear: {clear}"
        assert self.saw_esp(one, other), f"ESP one way or none: {self.between(one, other)}"

    def assert_clear(self, one: Host, other: Host) -> None:
        assert self.cleartext(one, other), f"nothing in the clear: {self.between(one, other)}"
        assert not self.esp(one, other) and not self.esp(other, one)

    def stop(self) -> None:
        self._tcpdump.send_signal(signal.SIGTERM)
        self._tcpdump.wait(10)
        self._errors.close()
        said = Path(self._errors.name).read_text()
        assert "\n0 packets dropped by kernel" in said, f"the capture is not complete: {said}"

    def text(self) -> str:
        return subprocess.run(
            ["tcpdump", "-ttttnv", "-r", str(self.file)], capture_output=True, text=True
        ).stdout

    def _catch_up(self) -> None:
        """What was sent before this marker is in the file when the marker is."""
        marker = f"oekd lab marker {next(_markers)}".encode()
        with inside(self._road.name):
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with sock:
            sock.sendto(marker, ("127.0.0.1", DISCARD))
        wait_until(
            lambda: marker in self.file.read_bytes(), this_guest().patience(5), "the capture to catch up"
        )

    def _listens(self) -> bool:
        said = Path(self._errors.name).read_text()
        assert self._tcpdump.poll() is None, f"tcpdump ended: {said}"
        return "listening on" in said
