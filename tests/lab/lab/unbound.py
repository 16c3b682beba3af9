# SPDX-License-Identifier: GPL-2.0-or-later
"""A resolver on a host, which others forward to: unbound, which begins at a root of ours and validates."""

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
	interface: {ipv4}
	interface: {ipv6}
	access-control: 0.0.0.0/0 allow
	access-control: ::/0 allow
	username: ""
	chroot: ""
	directory: "{folder}"
	pidfile: "{folder}/pid"
	root-hints: "{hints}"
	trust-anchor-file: "{anchors}"
	unblock-lan-zones: yes
	insecure-lan-zones: yes
	use-syslog: no
	do-daemonize: no
remote-control:
	control-enable: no
"""


class Unbound:
    """Started when made, ready when made."""

    def __init__(self, host: Host, folder: Path, layer: Path, hints: str, anchors: str) -> None:
        self.host = host
        self.log = folder / "log"
        configuration = folder / "unbound.conf"
        places = {"ipv4": host.ipv4, "ipv6": host.ipv6, "hints": hints, "anchors": anchors}
        configuration.write_text(CONFIGURATION.format(folder=folder, **places))
        program = layer / "usr/sbin/unbound"
        with self.log.open("a") as log:
            self._process = subprocess.Popen(
                host.command(str(program), "-d", "-c", str(configuration)),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | {"LD_LIBRARY_PATH": str(layer / "usr/lib/x86_64-linux-gnu")},
            )
        wait_until(self._answers, this_guest().patience(10), f"unbound on {host} to answer")

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(this_guest().patience(10))

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def _answers(self) -> bool:
        assert self._process.poll() is None, f"unbound on {self.host} ended:\n{self.said()}"
        return dns.query(self.host, self.host.ipv4, "version.server", seconds=0.2) is not None
