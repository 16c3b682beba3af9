# SPDX-License-Identifier: GPL-2.0-or-later
"""A main loop that does not get to run while the process's other threads do: ptrace(2) of one thread."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager

PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT = 17, 0x4206, 0x4207
WALL = 0x40000000

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]


def _ptrace(request: int, thread: int) -> None:
    if _libc.ptrace(request, thread, None, None) != 0:
        raise OSError(ctypes.get_errno(), f"ptrace of {thread}")


@contextmanager
def main_thread_stalled(pid: int) -> Iterator[None]:
    _ptrace(PTRACE_SEIZE, pid)
    _ptrace(PTRACE_INTERRUPT, pid)
    os.waitpid(pid, WALL)
    try:
        yield
    finally:
        _ptrace(PTRACE_DETACH, pid)
