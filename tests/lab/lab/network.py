# SPDX-License-Identifier: GPL-2.0-or-later
"""west, east and plain around the road: each has 10.N.0.1/16 and fd0N::1/64, the road .254 and ::254."""

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass

from .host import Host
from .road import Road

# What daemons may change in a host, and must have restored when they stop.
SYSCTLS = ("net.core.xfrm_larval_drop", "net.core.xfrm_acq_expires", "net.ipv4.ip_forward")


@dataclass
class Network:
    west: Host
    east: Host
    plain: Host
    road: Road

    @property
    def hosts(self) -> list[Host]:
        return [self.west, self.east, self.plain]

    def sysctls(self) -> dict[tuple[str, str], int]:
        return {(host.name, name): host.sysctl(name) for host in self.hosts for name in SYSCTLS}


# Addresses are ours alone and routes are known: nothing to wait for, and no chatter in the captures.
QUIET = {"net.ipv6.conf.default.accept_dad": 0, "net.ipv6.conf.default.router_solicitations": 0}
# Every scenario gets its answers of closed ports, however many an earlier one has used up.
ICMP = {"net.ipv4.icmp_ratelimit": 0, "net.ipv6.icmp.ratelimit": 0}
FORWARD = {"net.ipv4.ip_forward": 1, "net.ipv6.conf.all.forwarding": 1}


def build() -> Network:
    hosts = [Host("west", 1), Host("east", 2), Host("plain", 3)]
    road = Road(hosts)
    main_ip(f"netns add {host}" for host in [road, *hosts])
    for host in [road, *hosts]:
        for name, value in (QUIET | ICMP | (FORWARD if host is road else {})).items():
            host.sysctl(name, value)
    main_ip(f"link add eth0 netns {host} type veth peer name {host} netns road" for host in hosts)
    road.ip("link set lo up", *(line for host in hosts for line in end_of_link(str(host), host.number, 254)))
    for host in hosts:
        gateways = [
            f"route add default via 10.{host.number}.0.254",
            f"route add default via fd0{host.number}::254",
        ]
        host.ip("link set lo up", *end_of_link("eth0", host.number, 1), *gateways)
    return Network(*hosts, road)


def main_ip(lines: Iterable[str]) -> None:
    subprocess.run(["ip", "-batch", "-"], input="\n".join(lines), text=True, check=True)


def end_of_link(device: str, network: int, number: int) -> list[str]:
    return [
        f"link set {device} up",
        f"addr add 10.{network}.0.{number}/16 dev {device}",
        f"addr add fd0{network}::{number}/64 dev {device} nodad",
    ]


def take_down(network: Network) -> None:
    for host in [network.road, *network.hosts]:
        subprocess.run(["ip", "netns", "del", host.name], check=True)
