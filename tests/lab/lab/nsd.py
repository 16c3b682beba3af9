# SPDX-License-Identifier: GPL-2.0-or-later
"""A DNS server on a host: nsd, which answers for its zones and for nothing else."""

import os
import signal
import subprocess
from collections.abc import Collection
from pathlib import Path

from . import dns
from .guest import this_guest
from .host import Host
from .wait import wait_until

CONFIGURATION = """\
server:
	ip-address: {ipv4}
	ip-address: {ipv6}
	username: ""
	chroot: ""
	zonesdir: "{folder}"
	database: ""
	pidfile: "{folder}/pid"
	xfrdfile: "{folder}/xfrd.state"
	zonelistfile: "{folder}/zone.list"
	xfrdir: "{folder}"
	server-count: 1
	rrl-ratelimit: 0
"""
ZONE = 'zone:\n\tname: "{name}"\n\tzonefile: "{file}"\n'
SOA = "{origin} {ttl} IN SOA {server} root.{server} {serial} 3600 600 86400 {ttl}\n"
NS = "{origin} {ttl} IN NS {server}\n{server} {ttl} IN A {ipv4}\n{server} {ttl} IN AAAA {ipv6}\n"


class Nsd:
    """Started when made, ready when made. Zones are the lines of their files, without SOA and NS.

    A zone below another one is delegated there, with its key if both are signed; "." is the root.
    """

    def __init__(
        self,
        host: Host,
        folder: Path,
        layer: Path,
        zones: dict[str, list[str]],
        ttl: int = 60,
        signed: bool | Collection[str] = False,
    ) -> None:
        self.host = host
        self.log = folder / "log"
        self._folder = folder
        self._layer = layer
        self._environment = os.environ | {"LD_LIBRARY_PATH": str(layer / "usr/lib/x86_64-linux-gnu")}
        self._ttl = ttl
        self._serial = 0
        self._zones = list(zones)
        names = (zones if signed else []) if isinstance(signed, bool) else signed
        self._keys = {name: self._make_key(name) for name in names}
        for name, lines in zones.items():
            self.write(name, lines)
        places = CONFIGURATION.format(ipv4=host.ipv4, ipv6=host.ipv6, folder=folder)
        (folder / "nsd.conf").write_text(places + "".join(ZONE.format(name=name, file=file_of(name)) for name in zones))
        self._process: subprocess.Popen | None = None
        self.start()

    @property
    def trust_anchor(self) -> str:
        """The file with the key of the only zone."""
        (key,) = self._keys.values()
        return f"{self._folder / key}.key"

    def trust_anchors(self, *names: str) -> str:
        """A file with the keys of these zones."""
        keys = "".join((self._folder / f"{self._keys[name]}.key").read_text() for name in names)
        (self._folder / "anchors").write_text(keys)
        return str(self._folder / "anchors")

    @property
    def root_hints(self) -> str:
        """A file for those who begin here to ask."""
        (self._folder / "hints").write_text(self._delegation("."))
        return str(self._folder / "hints")

    def start(self) -> None:
        program, configuration = self._layer / "usr/sbin/nsd", self._folder / "nsd.conf"
        with self.log.open("a") as log:
            self._process = subprocess.Popen(
                self.host.command(str(program), "-d", "-c", str(configuration)),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment,
            )
        wait_until(self._answers, this_guest().patience(10), f"nsd on {self.host} to answer")

    def stop(self) -> None:
        """As an outage: whoever asks hears nothing, or that the port is closed."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(this_guest().patience(10))
        self._process = None

    def change(self, name: str, lines: list[str], forged: tuple[str, str] | None = None) -> None:
        """The zone has these lines now; returns when it is served."""
        self.write(name, lines, forged)
        assert self._process is not None
        self._process.send_signal(signal.SIGHUP)
        wait_until(
            lambda: dns.serial(self.host, self.host.ipv4, name) == self._serial,
            this_guest().patience(10),
            f"nsd on {self.host} to serve the new {name}",
        )

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def _answers(self) -> bool:
        runs = self._process is not None and self._process.poll() is None
        assert runs, f"nsd on {self.host} ended:\n{self.said()}"
        return dns.query(self.host, self.host.ipv4, "version.server", seconds=0.2) is not None

    def write(self, name: str, lines: list[str], forged: tuple[str, str] | None = None) -> None:
        """What is served from the next start on. `forged` is replaced when everything is signed."""
        self._serial += 1
        origin = fqdn(name)
        soa = SOA.format(origin=origin, ttl=self._ttl, serial=self._serial, server=server_of(name))
        own = [soa + self._delegation(name), *lines, *(self._child(child) for child in self._children(name))]
        file = self._folder / file_of(name)
        file.write_text(f"$ORIGIN {origin}\n$TTL {self._ttl}\n" + "\n".join(own) + "\n")
        if name in self._keys:
            self._tool("ldns-signzone", "-n", "-o", origin, "-f", str(file), str(file), self._keys[name])
            # ldns signs an IPSECKEY record without a key, but does not write it: RFC 3597's form brings it back.
            unwritten = "".join(f"{line}\n" for line in lines if r" TYPE45 \# " in line)
            with file.open("a") as signed:
                signed.write(f"$ORIGIN {origin}\n$TTL {self._ttl}\n{unwritten}")
        if forged:
            text = file.read_text()
            assert forged[0] in text, f"{forged[0]} is not in the zone:\n{text}"
            file.write_text(text.replace(*forged))

    def _delegation(self, name: str) -> str:
        return NS.format(
            origin=fqdn(name),
            ttl=self._ttl,
            server=server_of(name),
            ipv4=self.host.ipv4,
            ipv6=self.host.ipv6,
        )

    def _children(self, name: str) -> list[str]:
        """The zones right below one."""
        return [child for child in self._zones if child != name and self._parent(child) == name]

    def _parent(self, name: str) -> str | None:
        above = [zone for zone in self._zones if zone != name and is_below(name, zone)]
        return max(above, key=lambda zone: len(fqdn(zone)), default=None)

    def _child(self, name: str) -> str:
        """Its delegation, and what says that it is signed."""
        signer = (self._folder / f"{self._keys[name]}.ds").read_text() if name in self._keys else ""
        return self._delegation(name) + signer

    def _make_key(self, name: str) -> str:
        return self._tool("ldns-keygen", "-a", "ECDSAP256SHA256", "-k", name).strip()

    def _tool(self, name: str, *words: str) -> str:
        command = [str(self._layer / "usr/bin" / name), *words]
        done = subprocess.run(
            command, cwd=self._folder, capture_output=True, text=True, env=self._environment
        )
        assert done.returncode == 0, f"{name}: {done.stderr}"
        return done.stdout


def fqdn(name: str) -> str:
    return name if name == "." else f"{name}."


def server_of(name: str) -> str:
    return f"ns.{fqdn(name).removeprefix('.')}"


def file_of(name: str) -> str:
    return "root.zone" if name == "." else f"{name}.zone"


def is_below(name: str, zone: str) -> bool:
    return zone == "." or name.endswith(f".{zone}")
