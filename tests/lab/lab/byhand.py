# SPDX-License-Identifier: GPL-2.0-or-later
"""Policies and SAs made by hand with ip(8), for what must be known about the kernel itself."""

from dataclasses import dataclass

from .host import Host

GCM = "aead rfc4106(gcm(aes))"


@dataclass(frozen=True)
class Pair:
    """The two SAs between two hosts, one each way."""

    one: Host
    other: Host
    mode: str = "transport"
    reqid: int = 77

    def receive(self, receiver: Host) -> None:
        self._add(receiver, self.one if receiver is self.other else self.other, receiver)

    def send(self, sender: Host) -> None:
        self._add(sender, sender, self.other if sender is self.one else self.one)

    def install(self) -> None:
        """All four: each side's inbound ones first."""
        for host in (self.one, self.other):
            self.receive(host)
        for host in (self.one, self.other):
            self.send(host)

    def _add(self, where: Host, source: Host, destination: Host) -> None:
        ends = f"src {source.ipv4} dst {destination.ipv4} proto esp"
        key = f"0x{source.number:040x} 128"
        which = f"spi {0x1000 + source.number} reqid {self.reqid} mode {self.mode}"
        where.ip(f"xfrm state add {ends} {which} {GCM} {key}")


def template(
    source: Host, destination: Host, mode: str = "transport", reqid: int = 77, level: str = "required"
) -> str:
    return f"tmpl src {source.ipv4} dst {destination.ipv4} proto esp reqid {reqid} mode {mode} level {level}"


def selector(source: Host, destination: Host, direction: str) -> str:
    return f"src {source.ipv4}/32 dst {destination.ipv4}/32 dir {direction} priority 1000"
