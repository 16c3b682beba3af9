# SPDX-License-Identifier: GPL-2.0-or-later
"""ike_probe running on a host: its events as they come."""

import re
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from lab.guest import this_guest
from lab.host import Host
from lab.oekd import SANITIZER_OPTIONS, SANITIZERS
from lab.wait import wait_until


@dataclass(frozen=True)
class Event:
    """One line: up, down, rekeyed, ended, heard, refused-port, installed, ready, stopped, hostile-child, ..."""

    kind: str
    text: str

    def __getitem__(self, name: str) -> str:
        """`reason=refused detail=AUTHENTICATION_FAILED from the peer`: a value ends where the next name begins."""
        found = re.search(rf"\b{name}=(.*?)(?= \w+=|$)", self.text)
        assert found, f"no {name} in: {self.text}"
        return found[1]


class Peer:
    """Started when made, ready when made; `stop()` checks that it ended well."""

    def __init__(self, host: Host, folder: Path, options: tuple[str, ...]) -> None:
        self.host = host
        self.output, self.log = folder / "output", folder / "log"
        folder.mkdir()
        program = this_guest().build / "tests/ike/ike_probe"
        command = host.command("env", *(f"{name}={value}" for name, value in SANITIZER_OPTIONS.items()), str(program))
        self._process = subprocess.Popen([*command, "--log", "1", "--seconds", "120", *options], stdin=subprocess.DEVNULL,
                                         stdout=self.output.open("w"), stderr=self.log.open("w"))  # fmt: skip
        self.wait("ready")

    def events(self, kind: str) -> list[Event]:
        lines = self.output.read_text().splitlines()
        return [Event(kind, line) for line in lines if line.split(" ")[0] == kind]

    def wait(self, kind: str, count: int = 1, seconds: float = 10) -> Event:
        """The count-th event of a kind."""

        def seen() -> list[Event]:
            ended = self._process.poll() is not None
            found = self.events(kind)
            assert len(found) >= count or not ended, f"ended with {self._process.returncode}; {self.said()}"
            return found[count - 1 : count]

        try:
            return wait_until(seen, this_guest().patience(seconds), f"{count} {kind} on {self.host}")[0]
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.said()}") from None

    def said(self) -> str:
        return f"--- {self.host}\n{self.output.read_text()}{self.log.read_text(errors='replace')}"

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(this_guest().patience(20))
        assert code in (0, -signal.SIGKILL), f"exit code {code}; {self.said()}"
        assert not SANITIZERS.search(self.log.read_text(errors="replace")), self.said()
