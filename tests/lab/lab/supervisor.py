# SPDX-License-Identifier: GPL-2.0-or-later
"""oekd under a service manager: `oekd --release` whenever it ends (ExecStopPost), a new one after a crash."""

import subprocess
from pathlib import Path
from threading import Event, Thread

from .guest import this_guest
from .host import Host
from .oekd import Groups, Oekd, Table
from .wait import wait_until

RESTART_SECONDS = 1  # RestartSec= of the unit


class Supervised(Oekd):
    def __init__(self, host: Host, folder: Path, groups: Groups, config: Table) -> None:
        self._over = Event()
        super().__init__(host, folder, groups, config)
        self._supervisor = Thread(target=self._supervise)
        self._supervisor.start()

    def crash(self) -> None:
        self._ready_before = self._times_ready()
        self._process.kill()

    def wait_restarted(self) -> None:
        """After a crash."""
        wait_until(
            lambda: self._times_ready() > self._ready_before,
            this_guest().patience(10),
            f"another oekd on {self.host}",
        )

    def _supervise(self) -> None:
        while self._process.wait() < 0:
            self._release()
            if self._over.wait(RESTART_SECONDS):
                return
            self._process = self._start()
        self._release()

    def _release(self) -> None:
        subprocess.run(self.host.command("oekd", "--release"), stderr=self._log, check=True)

    def stop(self) -> None:
        self._over.set()
        super().stop()

    def _close(self) -> None:
        self._supervisor.join()
        super()._close()
