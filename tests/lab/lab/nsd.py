# SPDX-License-Identifier: GPL-2.0-or-later
"""A DNS server on a host: nsd, which answers for its zones and for nothing else."""

import os
import signal
import subprocess
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
ZONE = 'zone:\n\tname: "{name}"\n\tzonefile: "{name}.zone"\n'
APEX = (
    "{name}. {ttl} IN SOA ns.{name}. root.{name}. {serial} 3600 600 86400 {ttl}\n"
    "{name}. {ttl} IN NS ns.{name}.\nns.{name}. {ttl} IN A 192.0.2.53\n"
)


class Nsd:
    """Started when made, ready when made. Zones are the lines of their files, without SOA and NS."""

    def __init__(
        self,
        host: Host,
        folder: Path,
        layer: Path,
        zones: dict[str, list[str]],
        ttl: int = 60,
        signed: bool = False,
    ) -> None:
        self.host = host
        self.log = folder / "log"
        self._folder = folder
        self._layer = layer
        self._environment = os.environ | {"LD_LIBRARY_PATH": str(layer / "usr/lib/x86_64-linux-gnu")}
        self._ttl = ttl
        self._serial = 0
        self._keys = {name: self._make_key(name) for name in zones} if signed else {}
        for name, lines in zones.items():
            self.write(name, lines)
        places = CONFIGURATION.format(ipv4=host.ipv4, ipv6=host.ipv6, folder=folder)
        (folder / "nsd.conf").write_text(places + "".join(ZONE.format(name=name) for name in zones))
        self._process: subprocess.Popen | None = None
        self.start()

    @property
    def trust_anchor(self) -> str:
        """The file with the key of the only zone."""
        (key,) = self._keys.values()
        return f"{self._folder / key}.key"

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

    def change(self, name: str, lines: list[str]) -> None:
        """The zone has these lines now; returns when it is served."""
        self.write(name, lines)
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

    def write(self, name: str, lines: list[str]) -> None:
        """What is served from the next start on."""
        self._serial += 1
        apex = APEX.format(name=name, ttl=self._ttl, serial=self._serial)
        records = "".join(f"{line}\n" for line in lines)
        file = self._folder / f"{name}.zone"
        file.write_text(f"$ORIGIN {name}.\n$TTL {self._ttl}\n{apex}{records}")
        if name in self._keys:
            self._tool("ldns-signzone", "-n", "-f", str(file), str(file), self._keys[name])

    def _make_key(self, name: str) -> str:
        return self._tool("ldns-keygen", "-a", "ECDSAP256SHA256", "-k", name).strip()

    def _tool(self, name: str, *words: str) -> str:
        command = [str(self._layer / "usr/bin" / name), *words]
        done = subprocess.run(
            command, cwd=self._folder, capture_output=True, text=True, env=self._environment
        )
        assert done.returncode == 0, f"{name}: {done.stderr}"
        return done.stdout
