# SPDX-License-Identifier: GPL-2.0-or-later
"""The cache of unpacked packages: guest kernels and peers. Nothing here is installed into the system."""

import re
import shutil
import subprocess
from pathlib import Path

from .job import GuestError
from .places import CACHE

# libreswan and what it needs that a bare system lacks; certutil (nss tools) makes its key store.
LIBRESWAN = (
    "libreswan libcurl3-nss libcap-ng0 libevent-2.1-7 libevent-pthreads-2.1-7 libunbound8 libldns3 "
    "libnss3 libnss3-tools libnspr4 dns-root-data"
).split()

# A DNS server and what signs zones: unpacked only, so that none is started on this machine.
DNS = "nsd libfstrm0 libprotobuf-c1 libevent-2.1-7 ldnsutils libldns3".split()

# A resolver for others.
UNBOUND = "unbound libevent-2.1-7 libnghttp2-14 libprotobuf-c1 libpython3.11 libexpat1".split()

# Other DNS servers, which have to take what oekctl publishes, with what a bare system lacks.
DNS_SERVERS = (
    "knot libdnssec9 libknot13 libzscanner4 libcap-ng0 libedit2 libgnutls30 liblmdb0 liburcu8 libnettle8 "
    "libhogweed6 libp11-kit0 libtasn1-6 libunistring2 libxdp1 libbpf1 libelf1 libbsd0 libmd0 "
    "bind9 bind9-libs bind9-utils bind9-dnsutils libfstrm0 libprotobuf-c1 libjemalloc2 libjson-c5 "
    "libmaxminddb0 libnghttp2-14 libuv1 libxml2 libicu72 libgssapi-krb5-2 libkrb5-3 libk5crypto3 "
    "libkrb5support0 libkeyutils1"
).split()


def run(*command: str, cwd: Path | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    if done.returncode != 0:
        raise GuestError(f"`{' '.join(command)}` failed:\n{done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def unpack(name: str, packages: list[str], apt_options: tuple[str, ...] = ()) -> Path:
    """Unpacks packages into CACHE/name; a folder that exists is complete, for it gets its name last."""
    target = CACHE / name
    if target.is_dir():
        return target
    print(f"lab: fetching {' '.join(packages)}", flush=True)
    fresh = CACHE / f"{name}.fresh"
    shutil.rmtree(fresh, ignore_errors=True)
    debs = fresh / "deb"
    debs.mkdir(parents=True)
    run("apt-get", *apt_options, "download", "-q", *packages, cwd=debs)
    for deb in sorted(debs.iterdir()):
        run("dpkg", "-x", str(deb), str(fresh))
    shutil.rmtree(debs)
    merge_usr(fresh)
    fresh.rename(target)
    return target


def merge_usr(root: Path) -> None:
    """Moves /lib and its like under /usr: as an overlay a top-level /lib would hide the merged-/usr link."""
    for name in ("lib", "bin", "sbin"):
        if (root / name).is_dir():
            shutil.copytree(root / name, root / "usr" / name, symlinks=True, dirs_exist_ok=True)
            shutil.rmtree(root / name)


def cloud_kernel() -> Path:
    """Debian's kernel for virtual machines, with modules.dep."""
    kernel = CACHE / "kernel"
    if not kernel.is_dir():
        depends = run("apt-cache", "depends", "linux-image-cloud-amd64")
        found = re.search(r"Depends: (linux-image-\S+)", depends)
        if not found:
            raise GuestError("apt knows no linux-image-cloud-amd64; run `apt-get update` first")
        unpack("kernel", [found[1]])
    if not list(kernel.glob("usr/lib/modules/*/modules.dep")):
        run("depmod", "-b", str(kernel / "usr"), kernel_version(kernel))
    return kernel


def kernel_version(kernel: Path) -> str:
    return next((kernel / "boot").glob("vmlinuz-*")).name.removeprefix("vmlinuz-")


def libreswan() -> Path:
    return unpack("libreswan", LIBRESWAN)


def dns() -> Path:
    return unpack("dns", DNS)


def unbound() -> Path:
    return unpack("unbound", UNBOUND)


def dns_servers() -> Path:
    return unpack("dns-servers", DNS_SERVERS)


def setup(guest: str | None, native: bool) -> None:
    """Fills what the chosen guest needs."""
    from . import uml

    CACHE.mkdir(parents=True, exist_ok=True)
    libreswan()
    dns()
    unbound()
    dns_servers()
    if guest in ("uml", "uml72"):
        uml.prepare(guest)
    elif not native:
        cloud_kernel()
