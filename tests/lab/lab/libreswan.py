# SPDX-License-Identifier: GPL-2.0-or-later
"""libreswan as the other side: AUTH-NULL, in a mount namespace where its packages lie over /usr."""

import os
import subprocess
from pathlib import Path

from .guest import this_guest
from .host import Host
from .wait import wait_until

# Its scripts (leftupdown) would take seconds in an emulated guest, and have nothing to do here.
CONFIGURATION = """\
config setup
	protostack=xfrm
	uniqueids=no
	nhelpers=1
conn clear
	type=passthrough
	authby=never
	left=%defaultroute
	leftupdown=%disabled
	right=%group
	auto=ondemand
conn private-or-clear
	ikev2=insist
	authby=null
	leftid=%null
	rightid=%null
	left=%defaultroute
	leftupdown=%disabled
	right=%opportunisticgroup
	negotiationshunt=hold
	failureshunt=passthrough
	type=tunnel
	keyingtries=1
	auto=ondemand
"""

# The host's own files stay as they are: everything below happens in a mount namespace.
START = """\
set -e
mount -t overlay overlay -o lowerdir=$LAYER/usr:/usr /usr
mount -t tmpfs tmpfs /run
mkdir -p /run/pluto /run/lock
mount -t tmpfs tmpfs /var/lib
mkdir -p /var/lib/ipsec/nss
mkdir -p $FOLDER/etc.files $FOLDER/etc.work
mount -t overlay overlay -o lowerdir=$FOLDER/etc:$LAYER/etc:/etc /etc
ipsec initnss > /dev/null
exec /usr/libexec/ipsec/pluto --nofork --config /etc/ipsec.conf --logfile $FOLDER/log
"""


class Libreswan:
    """Started when made, ready when made."""

    def __init__(
        self, host: Host, folder: Path, layer: Path, groups: dict[str, list[str]], connections: str = ""
    ) -> None:
        self.host = host
        self.log = folder / "log"
        self._write(folder / "etc", groups, connections)
        (folder / "start").write_text(START)
        environment = os.environ | {"LAYER": str(layer), "FOLDER": str(folder)}
        command = host.command(
            "unshare", "--mount", "--propagation", "private", "bash", str(folder / "start")
        )
        self._output = (folder / "output").open("w+")
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self._output, stderr=self._output, env=environment
        )
        wait_until(self._trap_is_set, this_guest().patience(20), f"libreswan on {host} to set its trap")

    def ipsec(self, *words: str) -> str:
        command = ["nsenter", "-t", str(self._process.pid), "-m", "-n", "ipsec", *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout

    def whack(self, *words: str) -> str:
        return self.ipsec("whack", *words)

    def stop(self) -> None:
        self.whack("--shutdown")
        try:
            self._process.wait(this_guest().patience(10))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise AssertionError(f"libreswan on {self.host} does not stop") from None
        finally:
            self._output.close()
            self.host.flush_xfrm()  # it leaves some of its policies behind

    def said(self) -> str:
        log = self.log.read_text(errors="replace") if self.log.exists() else ""
        return Path(self._output.name).read_text(errors="replace") + log

    def _trap_is_set(self) -> bool:
        assert self._process.poll() is None, f"libreswan on {self.host} ended:\n{self.said()}"
        return any(
            policy.reqid is not None and policy.direction == "out" for policy in self.host.xfrm_policies()
        )

    def _write(self, etc: Path, groups: dict[str, list[str]], connections: str) -> None:
        policies = etc / "ipsec.d" / "policies"
        policies.mkdir(parents=True)
        (etc / "ipsec.conf").write_text(CONFIGURATION + connections)
        (etc / "ipsec.secrets").write_text("")
        gateway = f"10.{self.host.number}.0.254/32"
        for group, networks in ({"clear": [gateway]} | groups).items():
            (policies / group).write_text("".join(f"{network}\n" for network in networks))
