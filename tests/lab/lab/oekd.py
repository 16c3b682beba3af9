# SPDX-License-Identifier: GPL-2.0-or-later
"""oekd running on a host: configured, started, waited for, stopped, its last words read."""

import os
import re
import signal
import socket
import subprocess
from pathlib import Path

from .guest import this_guest
from .host import Host
from .wait import wait_until

SANITIZERS = re.compile(r"runtime error:|ERROR: (Address|Leak|Thread)Sanitizer|Sanitizer:DEADLYSIGNAL")
# The quarantine is small as User Mode Linux ends a process by SIGSEGV when its pages lie scattered in more pieces of the
# host's memory than vm.max_map_count.
SANITIZER_OPTIONS = {
    "ASAN_OPTIONS": "exitcode=86:abort_on_error=0:detect_stack_use_after_return=1:quarantine_size_mb=16",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1:exitcode=86",
}
# Where nothing is fast a key exchange alone takes longer than a stranger is normally held.
PATIENT = {"hold": {"silence": "3s", "limit": "15s"}}

# Most scenarios have no DNS server: nobody is asked for keys.
NO_KEYS = {"group": {name: {"auth": ["null"]} for name in ("clear-or-private", "private-or-clear", "private")}}

Groups = dict[str, list[str]]
Table = dict[str, "str | int | bool | list[str] | Table"]


def toml(settings: Table, prefix: str = "") -> str:
    """Plain values first, then each table under its heading."""
    lines = [f"{key} = {value_text(value)}" for key, value in settings.items() if not isinstance(value, dict)]
    for key, value in settings.items():
        if isinstance(value, dict):
            lines += [f"[{prefix}{key}]", toml(value, f"{prefix}{key}.")]
    return "\n".join(lines) + "\n"


def value_text(value: str | int | bool | list[str]) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(value_text(element) for element in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def configure(folder: Path, groups: Groups, config: Table) -> Path:
    """Writes oekd.conf and the group files into a new folder; returns the former."""
    policies = folder / "policies"
    policies.mkdir(parents=True)
    write_groups(policies, groups)
    # Of the machine's own resolvers a scenario knows nothing.
    resolv_conf = folder / "resolv.conf"
    resolv_conf.write_text("nameserver 192.0.2.53\n")
    dns: Table = {"resolv-conf": str(resolv_conf), "resolved-conf": str(folder / "resolved.conf")}
    settings: Table = {"policies": str(policies), "control": str(folder / "control"), "dns": dns}
    patient = PATIENT if this_guest().slowness > 1 else {}
    file = folder / "oekd.conf"
    file.write_text(toml(merged(settings, NO_KEYS, patient, config)))
    return file


def merged(*tables: Table) -> Table:
    """One table; the last that has a value gives it."""
    result: Table = {}
    for table in tables:
        for key, value in table.items():
            inner = result.get(key)
            both = isinstance(inner, dict) and isinstance(value, dict)
            result[key] = merged(inner, value) if both else value
    return result


def write_groups(policies: Path, groups: Groups) -> None:
    """The group files are these and no others."""
    for old in policies.iterdir():
        old.unlink()
    for group, networks in groups.items():
        (policies / group).write_text("".join(f"{network}\n" for network in networks))


class Oekd:
    """Started when made; `stop()` checks that it ended well."""

    def __init__(self, host: Host, folder: Path, groups: Groups, config: Table) -> None:
        self.host = host
        self.log = folder / "log"
        self.policies = folder / "policies"
        self._stopped = False
        self._file = configure(folder, groups, config)
        host.control = folder / "control"
        self._notified: list[str] = []
        self._notify = notify_socket(folder / "notify")
        self._log = self.log.open("a")
        self._process = self._start()

    def _start(self) -> subprocess.Popen:
        return subprocess.Popen(
            self.host.command("oekd", "--config", str(self._file)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._log,
            env=os.environ | SANITIZER_OPTIONS | {"NOTIFY_SOCKET": str(self.log.with_name("notify"))},
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_ready(self) -> None:
        try:
            wait_until(self._is_ready, this_guest().patience(10), f"oekd on {self.host} to be ready")
        except AssertionError:
            self.kill()
            raise

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def reload(self, groups: Groups) -> None:
        """New group files; returns when they are in force, or oekd has said why not."""
        write_groups(self.policies, groups)
        self.reload_as_it_is()

    def reload_as_it_is(self) -> None:
        before = self._times_ready()
        self.signal(signal.SIGHUP)
        wait_until(
            lambda: self._times_ready() > before, this_guest().patience(10), f"{self.host} to be reloaded"
        )

    def stop(self) -> None:
        """Ends it, if it runs; an exit code other than 0 or a sanitizer's report is an AssertionError."""
        if self._stopped:
            return
        if self._process.poll() is None:
            self.signal(signal.SIGTERM)
        try:
            code = self._process.wait(this_guest().patience(10))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            code = "not ended by SIGTERM"
        self._close()
        assert code == 0, f"oekd on {self.host}: exit code {code}; last words:\n{self.tail()}"
        assert not SANITIZERS.search(self.said()), f"oekd on {self.host}: a sanitizer reports:\n{self.said()}"

    def kill(self) -> None:
        """Ends it without a chance to clean up."""
        self._process.kill()
        self._process.wait()
        self._close()

    def tail(self, lines: int = 25) -> str:
        return "\n".join(self.said().splitlines()[-lines:])

    def _close(self) -> None:
        self._stopped = True
        self._notify.close()
        self._log.close()
        self.host.control = None

    def _is_ready(self) -> bool:
        code = self._process.poll()
        assert code is None, f"oekd on {self.host} ended with {code}:\n{self.tail()}"
        return self._times_ready() > 0

    def _times_ready(self) -> int:
        """What it told its supervisor: after the start, and after each reload."""
        try:
            while True:
                self._notified += self._notify.recv(4096).decode().splitlines()
        except BlockingIOError:
            return self._notified.count("READY=1")


def notify_socket(path: Path) -> socket.socket:
    """What sd_notify writes to."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sock.bind(str(path))
    sock.setblocking(False)
    return sock
