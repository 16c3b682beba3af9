#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The demonstration: two hosts that never heard of each other talk, encrypted from the first packet on.

Everything shown is checked: the exit code is 0 only if it really happened. Run by `tests/lab/run demo`."""

import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from lab import network
from lab.oekd import Oekd
from lab.pcap import Packet
from lab.probe import Ping
from lab.wire import Wire

PLACES = """
   west   10.1.0.1 ──┐
   east   10.2.0.1 ──┼── road, a router that listens to all that passes
   plain  10.3.0.1 ──┘
"""

NEXT = """On a real machine:

   echo 0.0.0.0/0 >> /etc/oekd/policies/private-or-clear     # everybody: encrypted if they can, clear if not
   systemctl start oekd
   oekctl list                                               # who is encrypted, who is clear, and why

Encrypted here means anonymous: nobody who only listens can read along, but the peer has not
proven who it is."""

BOLD, GREEN, CYAN, YELLOW, RED = "1", "32", "36", "33", "31"


def paint(colour: str, text: str) -> str:
    return f"\033[{colour}m{text}\033[0m" if sys.stdout.isatty() else text


def say(text: str = "") -> None:
    print(text, flush=True)


class Stage:
    """The hosts, the capture, and what went wrong so far."""

    def __init__(self, hosts: network.Network, wire: Wire) -> None:
        self.west, self.east, self.plain = hosts.hosts
        self.wire = wire
        self.failures = 0

    def check(self, happened: bool, text: str) -> None:
        self.failures += not happened
        say(f"   {paint(GREEN, '✓')} {text}" if happened else f"   {paint(RED, '✗ NOT TRUE:')} {text}")

    @contextmanager
    def live(self) -> Iterator[None]:
        """Shows each packet between hosts as it comes along the road, while the block runs."""
        shown = len(self.wire.packets())
        over = threading.Event()
        shower = threading.Thread(target=self._show, args=(shown, over))
        shower.start()
        try:
            yield
            self.wire.packets()  # the capture has caught up with what the block did
        finally:
            over.set()
            shower.join()

    def _show(self, shown: int, over: threading.Event) -> None:
        began: float | None = None
        while True:
            last = over.is_set()
            for packet in self.wire.so_far()[shown:]:
                shown += 1
                if self._name(packet.src) and self._name(packet.dst):
                    began = began or packet.time
                    say(self._line(packet, packet.time - began))
            if last:
                return
            over.wait(0.05)

    def _name(self, address: str) -> str | None:
        return next(
            (host.name for host in (self.west, self.east, self.plain) if address in host.addresses), None
        )

    def _line(self, packet: Packet, after: float) -> str:
        who = f"{self._name(packet.src):>5} → {self._name(packet.dst):<5}"
        if packet.esp:
            what = paint(GREEN, f"ESP, encrypted, SPI {packet.spi:08x}, {len(packet.payload)} bytes")
        elif packet.ike:
            what = paint(CYAN, f"{packet.ike.exchange} {'response' if packet.ike.response else 'request'}")
        elif packet.about_ike:
            what = paint(CYAN, "ICMP: nobody listens for IKE here")
        else:
            what = paint(YELLOW, f"in the clear: {packet.what}")
        return f"   {after * 1000:7.1f} ms  {who}  {what}"


def answered(ping: Ping) -> str:
    first = f", the first after {ping.first_reply * 1000:.0f} ms" if ping.first_reply is not None else ""
    return f"{ping.received} of {ping.sent} pings answered{first}"


def heading(number: int, text: str) -> None:
    say(f"\n{paint(BOLD, f'{number}. {text}')}\n")


def encrypted_from_the_first_packet(stage: Stage) -> None:
    heading(1, "west pings east, which it has never met")
    with stage.live():
        ping = stage.west.ping(stage.east, count=3)
    say()
    stage.check(
        ping.lost == 0, f"{answered(ping)}: the first packet waited for the key exchange, it was not lost"
    )
    stage.check(stage.wire.saw_esp(stage.west, stage.east), "ESP in both directions")
    stage.check(
        not stage.wire.cleartext(stage.west, stage.east), "not one packet between the two in the clear"
    )


def clear_where_the_peer_cannot(stage: Stage) -> None:
    heading(2, "west pings plain, which knows no IPsec")
    with stage.live():
        ping = stage.west.ping(stage.plain, count=3)
    say()
    stage.check(ping.lost == 0, f"{answered(ping)}")
    clear = stage.wire.cleartext(stage.west, stage.plain)
    stage.check(
        bool(clear) and not stage.wire.saw_esp(stage.west, stage.plain),
        "in the clear, as before oekd was there",
    )


def what_oekd_says(stage: Stage) -> None:
    heading(3, "what oekd on west says of it")
    for words in (("list",), ("show", stage.east.ipv4)):
        say(paint(BOLD, f"   $ oekctl {' '.join(words)}"))
        for line in stage.west.oekctl(*words).splitlines():
            say(f"   {line}")
        say()
    for host, protection in ((stage.east, "anonymous"), (stage.plain, "clear")):
        flow = stage.west.flow_with(host)
        stage.check(bool(flow) and flow["protection"] == protection, f"{host} is listed as {protection}")


def start(hosts: network.Network, folder: Path, stack: ExitStack) -> Stage:
    say(paint(BOLD, "oekd: encrypts to every peer that can, and asks nobody to configure anything"))
    say(PLACES)
    daemons = [
        (hosts.east, {"clear-or-private": ["0.0.0.0/0"]}),
        (hosts.west, {"private-or-clear": ["0.0.0.0/0"]}),
    ]
    for host, groups in daemons:
        began = time.monotonic()
        daemon = Oekd(host, folder / host.name, groups, {})
        stack.callback(daemon.stop)
        daemon.wait_ready()
        group = next(iter(groups))
        say(f"   oekd runs on {host} after {time.monotonic() - began:.1f} s; {group} for everybody")
    wire = Wire(hosts.road, folder / "demo.pcap")
    stack.callback(wire.stop)
    return Stage(hosts, wire)


def main() -> int:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stage = start(network.build(), folder, stack)
        encrypted_from_the_first_packet(stage)
        clear_where_the_peer_cannot(stage)
        what_oekd_says(stage)
    if stage.failures:
        say(f"\n{paint(RED, f'{stage.failures} things did not happen as they should.')}")
        return 1
    say(f"\n{NEXT}")
    return 0


sys.exit(main())
