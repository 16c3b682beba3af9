# SPDX-License-Identifier: GPL-2.0-or-later
"""The router between the hosts: delays and loses packets on request, without netfilter."""

from collections.abc import Iterator
from contextlib import contextmanager

from .host import Host

UDP = 17
ESP = 50


class Road(Host):
    def __init__(self, hosts: list[Host]) -> None:
        super().__init__("road", 254)
        self.hosts = hosts
        self._delayed = False
        self._dropping: set[str] = set()

    def delay(self, milliseconds: float) -> None:
        """One way: each packet waits so long when it leaves the road towards its host."""
        self._delayed = True
        lines = [
            f"qdisc replace dev {host} root netem delay {milliseconds}ms limit 100000" for host in self.hosts
        ]
        self.tc(*lines)

    @contextmanager
    def narrow(self, mtu: int) -> Iterator[None]:
        """A hop that takes no longer packets, in both directions; nobody has heard of it before."""
        self._hop(f"mtu lock {mtu}")
        self._forget_paths()
        try:
            yield
        finally:
            self._hop("")
            self._forget_paths()

    def _hop(self, mtu: str) -> None:
        for host in self.hosts:
            n = host.number
            self.ip(f"route change 10.{n}.0.0/16 dev {host} proto kernel scope link src 10.{n}.0.254 {mtu}")
            self.ip(f"route change fd0{n}::/64 dev {host} proto kernel metric 256 {mtu}")

    def _forget_paths(self) -> None:
        """What hosts have learned about paths goes with the route, in IPv4 with nothing less."""
        for host in self.hosts:
            default = f"default via 10.{host.number}.0.254"
            host.ip(f"route del {default}", f"route add {default}")
            host.run("ip", "-6", "route", "flush", "cache")

    def drop(self, source: Host, protocol: int | None = None, port: int | None = None) -> None:
        """Loses what comes from a host, of that protocol and to that port if given; captured all the same."""
        lines = [] if source.name in self._dropping else [f"qdisc add dev {source} clsact"]
        self._dropping.add(source.name)
        for family, selector in (("ip", "ip"), ("ipv6", "ip6")):
            match = "match u32 0 0"
            if protocol is not None:
                match = f"match {selector} protocol {protocol} 0xff"
            if port is not None:
                match += f" match {selector} dport {port} 0xffff"
            priority = 1 if family == "ip" else 2
            lines.append(
                f"filter add dev {source} ingress protocol {family} prio {priority} u32 {match} action drop"
            )
        self.tc(*lines)

    def restore(self, source: Host) -> None:
        """Ends the losses of one host."""
        if source.name in self._dropping:
            self.tc(f"qdisc del dev {source} clsact")
            self._dropping.remove(source.name)

    def reset(self) -> None:
        if self._delayed:
            self.tc(*(f"qdisc del dev {host} root" for host in self.hosts))
            self._delayed = False
        for host in self.hosts:
            self.restore(host)
