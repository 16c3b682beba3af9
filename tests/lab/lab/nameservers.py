# SPDX-License-Identifier: GPL-2.0-or-later
"""Other DNS servers than nsd, each with one zone: knot, and bind, which also takes changes (RFC 2136)."""

import os
import signal
import subprocess
from pathlib import Path

from . import dns
from .guest import this_guest
from .host import Host
from .wait import wait_until

APEX = (
    "{zone}. 60 IN SOA ns.{zone}. root.{zone}. 1 3600 600 86400 60\n"
    "{zone}. 60 IN NS ns.{zone}.\nns.{zone}. 60 IN A 192.0.2.53\n"
)
KNOT = """\
server:
    rundir: "{folder}"
    listen: "{address}@53"
database:
    storage: "{folder}"
zone:
  - domain: "{zone}"
    storage: "{folder}"
    file: "zone"
"""
BIND = """\
include "{folder}/tsig";
options {{
	directory "{folder}";
	pid-file "{folder}/pid";
	session-keyfile "{folder}/session.key";
	listen-on {{ {address}; }};
	listen-on-v6 {{ none; }};
	recursion no;
	dnssec-validation no;
}};
controls {{ }};
zone "{zone}" {{
	type primary;
	file "zone";
	allow-update {{ key "oekd."; }};
}};
"""
TSIG = 'key "{name}" {{\n\talgorithm {algorithm};\n\tsecret "{secret}";\n}};\n'
SECRET = "b2VrZCBzZWNyZXQgb2YgdGhlIGxhYiwgMzIgYnl0ZXM="


class NameServer:
    """Ready when made. The zone has these lines besides SOA and NS."""

    program: str
    configuration: str
    options: tuple[str, ...]

    def __init__(self, host: Host, folder: Path, zone: str, lines: str, algorithm: str = "hmac-sha256") -> None:
        self.host = host
        self.zone = zone
        self.folder = folder
        self.log = folder / "log"
        self.tsig = folder / "tsig"
        self.tsig.write_text(TSIG.format(name="oekd", algorithm=algorithm, secret=SECRET))
        (folder / "zone").write_text(whole_zone(zone, lines))
        text = self.configuration.format(folder=folder, address=host.ipv4, zone=zone)
        (folder / "conf").write_text(text)
        with self.log.open("w") as log:
            self._process = subprocess.Popen(
                host.command(str(layer() / "usr/sbin" / self.program), *self.options, str(folder / "conf")),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment(),
            )
        wait_until(self._serves, this_guest().patience(20), f"{self.program} on {host} to serve {zone}")

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(this_guest().patience(20))

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def _serves(self) -> bool:
        assert self._process.poll() is None, f"{self.program} on {self.host} ended:\n{self.said()}"
        answer = dns.query(self.host, self.host.ipv4, self.zone, dns.SOA, seconds=0.2)
        return answer is not None and answer.records > 0


class Knot(NameServer):
    program, configuration, options = "knotd", KNOT, ("-c",)


class Bind(NameServer):
    program, configuration, options = "named", BIND, ("-g", "-n", "1", "-c")


def whole_zone(zone: str, lines: str) -> str:
    return APEX.format(zone=zone) + lines


def tool(host: Host, name: str, *words: str) -> str:
    """One of bind's programs, which must succeed."""
    path = next(path for folder in ("bin", "sbin") if (path := layer() / "usr" / folder / name).exists())
    done = subprocess.run(
        host.command(str(path), *words), capture_output=True, text=True, timeout=60, env=environment()
    )
    assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"
    return done.stdout


def layer() -> Path:
    return this_guest().cache / "dns-servers"


def environment() -> dict[str, str]:
    libraries = layer() / "usr/lib/x86_64-linux-gnu"
    return os.environ | {"LD_LIBRARY_PATH": str(libraries)}
