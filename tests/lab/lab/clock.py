# SPDX-License-Identifier: GPL-2.0-or-later
"""What the kernel says about its clock: whether a time source has set it. The time itself stays as it is."""

import ctypes
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager

ADJ_MAXERROR, ADJ_STATUS = 0x0004, 0x0010
STA_UNSYNC = 0x0040
TIMEX = struct.Struct("I4xqqqqi4x")  # modes, offset, freq, maxerror, esterror, status; more is not needed
TIMEX_SIZE = 208

_libc = ctypes.CDLL(None, use_errno=True)


def _adjtimex(modes: int = 0, maxerror: int = 0, status: int = 0) -> tuple[int, int]:
    """Maximum error and status, after the change."""
    buffer = ctypes.create_string_buffer(TIMEX_SIZE)
    TIMEX.pack_into(buffer, 0, modes, 0, 0, maxerror, 0, status)
    if _libc.adjtimex(buffer) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    _, _, _, maxerror, _, status = TIMEX.unpack_from(buffer)
    return maxerror, status


def unset() -> None:
    _adjtimex(ADJ_STATUS, status=_adjtimex()[1] | STA_UNSYNC)


def set_now() -> None:
    """The error grows by itself, and from 16 s on the kernel calls the clock unset again."""
    _adjtimex(ADJ_MAXERROR | ADJ_STATUS, maxerror=0, status=_adjtimex()[1] & ~STA_UNSYNC)


@contextmanager
def restored() -> Iterator[None]:
    maxerror, status = _adjtimex()
    try:
        yield
    finally:
        _adjtimex(ADJ_MAXERROR | ADJ_STATUS, maxerror, status)
