# SPDX-License-Identifier: GPL-2.0-or-later
"""A kernel that has ESP needs no guest: namespaces of our own keep the host's network untouched."""

import os
import signal
import subprocess

from .job import GuestError, Job

UNSHARE = "unshare --mount --net --pid --fork --kill-child --mount-proc --propagation private --".split()
ROOM = (
    "mount -t sysfs sysfs /sys && mount -t tmpfs tmpfs /run && "
    "mkdir -p /run/netns /run/lock && ip link set lo up"
)
TRIAL = (
    "ip xfrm state add src 127.0.0.1 dst 127.0.0.1 proto esp spi 1 reqid 1 mode transport "
    f"aead 'rfc4106(gcm(aes))' 0x{'00' * 20} 128"
)


def kernel_has_esp() -> bool:
    """Adds an SA in a network namespace that nobody else sees."""
    return subprocess.run(["unshare", "--net", "sh", "-c", TRIAL], capture_output=True).returncode == 0


def run(job: Job) -> int:
    command = [*UNSHARE, "sh", "-c", f"{ROOM} && exec bash {job.work}/job"]
    stdin = None if job.interactive else subprocess.DEVNULL
    process = subprocess.Popen(command, stdin=stdin, env=os.environ | {"OEKD_GUEST": "native"})
    try:
        return process.wait(job.seconds)
    except subprocess.TimeoutExpired:
        raise GuestError(f"not finished in {job.seconds} s") from None
    finally:
        # unshare dies with its child's namespace: --kill-child takes everything that still runs in it along.
        process.send_signal(signal.SIGKILL)
        process.wait()
