# SPDX-License-Identifier: GPL-2.0-or-later
"""`oekctl monitor --json` beside a test: every decision that oekd takes meanwhile."""

import json
import signal
import subprocess
from pathlib import Path

from .guest import this_guest
from .host import Host
from .wait import wait_until


class Monitor:
    """Listens when made; `stop()` checks that it ended well."""

    def __init__(self, host: Host, folder: Path, *peers: str) -> None:
        self._lines = folder / "decisions"
        self._said = folder / "monitor"
        command = host.command("oekctl", "--socket", str(host.control), "monitor", "--json", *peers)
        with self._lines.open("w") as lines, self._said.open("w") as said:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=lines, stderr=said)
        wait_until(
            lambda: "every decision" in self.said(), this_guest().patience(10), f"a monitor on {host} to listen"
        )

    def said(self) -> str:
        return self._said.read_text()

    def decisions(self, remote: str | None = None) -> list[dict]:
        """Up to now, about one peer if given; a line that is not finished yet is left out."""
        lines = self._lines.read_text().split("\n")[:-1]
        decisions = [json.loads(line) for line in lines]
        return [decision for decision in decisions if remote in (None, decision["remote"])]

    def states(self, remote: str) -> list[str]:
        """Where the flow with a peer went: ["pending", "keyed"]."""
        return [decision["to"] for decision in self.decisions(remote)]

    def stop(self) -> None:
        self._process.send_signal(signal.SIGINT)
        assert self.ended() == 0, self.said()

    def ended(self) -> int:
        """Waits for its end; returns the exit code."""
        try:
            return self._process.wait(this_guest().patience(10))
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        """Ends it, if it runs."""
        self._process.kill()
        self._process.wait()
