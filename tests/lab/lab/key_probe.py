# SPDX-License-Identifier: GPL-2.0-or-later
"""key_probe running on a host: oekd's look-up of keys, and nothing else of it."""

import json
import os
import subprocess
from pathlib import Path

from .guest import this_guest
from .host import Host
from .oekd import SANITIZER_OPTIONS
from .wait import wait_until


class KeyProbe:
    """Started when made, ready when made."""

    def __init__(self, host: Host, folder: Path, *options: str) -> None:
        self.host = host
        folder.mkdir()
        self._output, self._log = folder / "output", folder / "log"
        self._read = 0
        program = this_guest().build / "tests/dns/key_probe"
        self._process = subprocess.Popen(
            host.command(str(program), *options),
            stdin=subprocess.PIPE,
            stdout=self._output.open("w"),
            stderr=self._log.open("w"),
            env=os.environ | SANITIZER_OPTIONS,
            text=True,
        )
        self._next()

    def ask(self, *questions: str, seconds: float = 10) -> list[dict]:
        """The answers to addresses and names that are asked for together, in the order of the questions."""
        self.send(*questions)
        answers = [self._next(seconds) for _ in questions]
        places = {question: place for place, question in enumerate(questions)}
        return sorted(answers, key=lambda answer: places[answer["asked"]])

    def ask_one(self, question: str, seconds: float = 10) -> dict:
        (answer,) = self.ask(question, seconds=seconds)
        return answer

    def send(self, *questions: str) -> None:
        assert self._process.stdin
        self._process.stdin.write("".join(f"{question}\n" for question in questions))
        self._process.stdin.flush()

    def figures(self) -> dict:
        """What was counted; not while something else is asked."""
        self.send("figures")
        return self._next()

    def said(self) -> str:
        return self._output.read_text() + self._log.read_text(errors="replace")

    def stop(self) -> None:
        """Its input ends; it must end well, too."""
        assert self._process.stdin
        self._process.stdin.close()
        code = self._process.wait(this_guest().patience(20))
        assert code == 0, f"key_probe on {self.host}: {code}\n{self.said()}"

    def _next(self, seconds: float = 10) -> dict:
        def lines() -> list[str]:
            assert self._process.poll() is None, f"key_probe on {self.host} ended:\n{self.said()}"
            return self._output.read_text().split("\n")[self._read : -1]

        line = wait_until(lines, this_guest().patience(seconds), f"an answer on {self.host}")[0]
        self._read += 1
        return json.loads(line)
