# SPDX-License-Identifier: GPL-2.0-or-later
"""Which kernel runs the lab: our own if it has ESP, else QEMU with KVM if that boots, else QEMU without."""

from . import cache, native, qemu, uml
from .job import Job

GUESTS = ("native", "kvm", "tcg", "uml", "uml72")


def choose(wanted: str | None) -> str:
    if wanted:
        return wanted
    if native.kernel_has_esp():
        return "native"
    return "kvm" if qemu.kvm_boots() else "tcg"


def run(job: Job, guest: str) -> int:
    job.write()
    if guest == "native":
        return native.run(job)
    if guest in ("uml", "uml72"):
        return uml.run(job, guest)
    return qemu.run(job, guest)


def setup(wanted: str | None) -> str:
    """Fills the cache for the guest that would be chosen; says which."""
    cache.setup(wanted, native=wanted == "native" or (wanted is None and native.kernel_has_esp()))
    return choose(wanted)
