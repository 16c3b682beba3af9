# SPDX-License-Identifier: GPL-2.0-or-later
"""A host: a network namespace with an address of each family, and what one does with it."""

import json
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event

from . import probe, tcp, xfrm
from .guest import this_guest
from .netns import inside


TRANSFER_PORT = 5001
SO_RCVBUFFORCE = 33  # asm-generic/socket.h
ROOM = 64 << 20  # what a socket did not take was lost on the way, and not here


class Host:
    def __init__(self, name: str, number: int) -> None:
        self.name = name
        self.number = number
        self.control: Path | None = None  # oekd's control socket, while one runs here

    def __str__(self) -> str:
        return self.name

    @property
    def ipv4(self) -> str:
        return f"10.{self.number}.0.1"

    @property
    def ipv6(self) -> str:
        return f"fd0{self.number}::1"

    @property
    def addresses(self) -> tuple[str, str]:
        return self.ipv4, self.ipv6

    def address(self, family: int) -> str:
        return self.ipv4 if family == 4 else self.ipv6

    @property
    def networks(self) -> list[str]:
        """For a group file: where this host lives, both families."""
        return [f"10.{self.number}.0.0/16", f"fd0{self.number}::/64"]

    def command(self, *words: str) -> list[str]:
        return ["nsenter", f"--net=/run/netns/{self.name}", "--", *words]

    def run(self, *words: str, seconds: float = 60) -> str:
        """Output of a program that must succeed."""
        done = subprocess.run(self.command(*words), capture_output=True, text=True, timeout=seconds)
        ended = f"{self.name}: {' '.join(words)} -> {done.returncode}\n{done.stdout}{done.stderr}"
        assert done.returncode == 0, ended
        return done.stdout

    def ip(self, *lines: str) -> str:
        """Commands of ip(8), all in one call."""
        return self._batch("ip", lines)

    def tc(self, *lines: str) -> None:
        self._batch("tc", lines)

    def ping(
        self, other: "Host", family: int = 4, count: int = 5, interval: float = 0.1, seconds: float = 5
    ) -> probe.Ping:
        """Raw echoes; returns once all are answered, at the latest `seconds` after the last."""
        return self.ping_address(other.address(family), count, interval, seconds)

    def ping_address(
        self, address: str, count: int = 5, interval: float = 0.1, seconds: float = 5
    ) -> probe.Ping:
        with self._prober(address) as prober:
            return prober.ping(count, interval, this_guest().patience(seconds))

    @contextmanager
    def pinging(
        self, address: str, source: str | None = None, interval: float = 0.01
    ) -> Iterator[probe.Ping]:
        """Echoes all the while; at the end the last ones get two seconds for their answers."""
        with self.pinging_pairs([(source, address)], interval) as pings:
            yield pings[source, address]

    @contextmanager
    def pinging_pairs(
        self, pairs: list[tuple[str | None, str]], interval: float
    ) -> Iterator[dict[tuple[str | None, str], probe.Ping]]:
        """The same between many pairs of own address and destination."""
        over = Event()
        with ExitStack() as stack, ThreadPoolExecutor(len(pairs)) as threads:
            probers = {pair: stack.enter_context(self._prober(pair[1], pair[0])) for pair in pairs}
            for prober in probers.values():
                threads.submit(prober.ping_until, over, interval, this_guest().patience(2))
            try:
                yield {pair: prober.result for pair, prober in probers.items()}
            finally:
                over.set()

    def ping_pairs(
        self, pairs: list[tuple[str, str]], count: int, seconds: float
    ) -> dict[tuple[str, str], probe.Ping]:
        """Echoes between many pairs of own address and destination, all at the same time."""
        with ExitStack() as stack, ThreadPoolExecutor(len(pairs)) as threads:
            probers = {pair: stack.enter_context(self._prober(pair[1], pair[0])) for pair in pairs}
            running = {
                pair: threads.submit(prober.ping, count, 0.1, this_guest().patience(seconds))
                for pair, prober in probers.items()
            }
            return {pair: ping.result() for pair, ping in running.items()}

    def tcp_connect(self, address: str, port: int, seconds: float = 20) -> tcp.Connect:
        with inside(self.name):
            sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        with sock:
            return tcp.connect(sock, address, port, seconds)

    def transfer(self, other: "Host", family: int, size: int, seconds: float) -> float:
        """Bytes over a new TCP connection, all of which must arrive; returns the seconds that it took."""
        with other.listening(TRANSFER_PORT) as listener, ThreadPoolExecutor(1) as thread:
            counted = thread.submit(tcp.count, listener, seconds)
            with inside(self.name):
                sock = socket.socket(socket.AF_INET if family == 4 else socket.AF_INET6, socket.SOCK_STREAM)
            started = time.monotonic()
            with sock:
                tcp.connect(sock, other.address(family), TRANSFER_PORT, seconds)
                sock.sendall(bytes(size))
            assert counted.result() == size
            return time.monotonic() - started

    @contextmanager
    def listening(self, port: int) -> Iterator[socket.socket]:
        """A TCP port of both families that the kernel accepts on."""
        with inside(self.name):
            sock = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
        with sock:
            yield sock

    def udp_socket(self, port: int = 0, family: int = 4, address: str | None = None) -> socket.socket:
        with inside(self.name):
            sock = socket.socket(socket.AF_INET if family == 4 else socket.AF_INET6, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, ROOM)
        sock.bind((address or self.address(family), port))
        return sock

    def xfrm_is_empty(self) -> bool:
        """Neither states nor policies; those of single sockets do not count. Cheaper than listing them."""
        counts = self.ip("xfrm state count", "xfrm policy count")
        return "SAD count 0 " in counts and "SPD IN  0 OUT 0 FWD 0 " in counts

    def flush_xfrm(self) -> list[str]:
        """Empties both databases; returns the text of each entry that was there."""
        if self.xfrm_is_empty():
            return []
        left = [entry.text for entry in self.xfrm_states() + self.xfrm_policies()]
        self.ip("xfrm state flush", "xfrm policy flush")
        return left

    def xfrm_states(self) -> list[xfrm.State]:
        return xfrm.parse_states(self.ip("xfrm state list"))

    def xfrm_policies(self) -> list[xfrm.Policy]:
        """Those of the policy database; what belongs to a single socket is left out."""
        policies = xfrm.parse_policies(self.ip("xfrm policy list"))
        return [policy for policy in policies if not policy.of_socket]

    def spis_with(self, address: str) -> set[int]:
        """Of the SAs to and from an address."""
        states = [state for state in self.xfrm_states() if address in (state.src, state.dst)]
        return {state.spi for state in states if not state.larval}

    def sas_with(self, other: "Host") -> list[xfrm.State]:
        """The SAs of both directions between us and another host, larval ones left out."""
        ends = ({self.ipv4, other.ipv4}, {self.ipv6, other.ipv6})
        return [state for state in self.xfrm_states() if {state.src, state.dst} in ends and not state.larval]

    @contextmanager
    def more_addresses(self, addresses: Iterable[str]) -> Iterator[None]:
        """These are the host's too, for a while."""
        added = list(addresses)
        self.ip(*(f"addr add {address} dev eth0 nodad" for address in added))
        try:
            yield
        finally:
            self.ip(*(f"addr del {address} dev eth0" for address in added))

    def sysctl(self, name: str, value: int | None = None) -> int:
        """Reads, and writes first if a value is given; main thread only."""
        path = Path("/proc/sys") / name.replace(".", "/")
        with inside(self.name):
            if value is not None:
                path.write_text(str(value))
            return int(path.read_text())

    def oekctl(self, *words: str) -> str:
        assert self.control, f"no oekd runs on {self.name}"
        return self.run("oekctl", "--socket", str(self.control), *words)

    def flows(self) -> list[dict]:
        """What `oekctl list` says."""
        return json.loads(self.oekctl("list", "--json"))["flows"]

    def flow_with(self, other: "Host", family: int = 4) -> dict | None:
        """The flow to another host; None where there is none."""
        return next((flow for flow in self.flows() if flow["remote"] == other.address(family)), None)

    def _batch(self, program: str, lines: tuple[str, ...]) -> str:
        command = [program, "-s", "-n", self.name, "-batch", "-"]
        done = subprocess.run(command, input="\n".join(lines), capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, f"{self.name}: {done.stderr}in: {'; '.join(lines)}"
        return done.stdout

    @contextmanager
    def _prober(self, address: str, source: str | None = None) -> Iterator[probe.Prober]:
        with inside(self.name):  # an interface's name in the address means one of ours
            sock, destination = probe.ping_socket(address)
        with sock:
            if source:
                sock.bind((source, 0))
            yield probe.Prober(sock, destination)
