# SPDX-License-Identifier: GPL-2.0-or-later
"""Which kernel modules a guest loads, in an order that insmod accepts."""

import subprocess
from pathlib import Path

BOOT = "virtio_pci virtiofs overlay virtio-rng".split()

# All that the lab needs. The guest's kernel loads nothing on its own (see init): before the first SA is there
# it asks for a dozen modules that do not exist, and under TCG each question takes a fifth of a second.
LAB = (
    # ESP, and every algorithm that oekd or libreswan may choose; unknown ones are skipped
    "xfrm_user xfrm_interface esp4 esp6 xfrm4_tunnel xfrm6_tunnel gcm ctr ccm ecb cbc cmac xcbc hmac authenc "
    "authencesn echainiv seqiv crypto_null aesni_intel ghash_clmulni_intel ghash-generic chacha20poly1305 "
    "chacha_x86_64 chacha_generic chacha poly1305_x86_64 poly1305_generic sha256_generic sha512_generic "
    "sha512 sha3_generic rng drbg jitterentropy_rng "
    # the network
    "veth dummy af_packet tun tcp_diag sch_netem sch_ingress cls_u32 act_gact"
).split()


def in_order(base: Path, version: str, names: list[str]) -> list[Path]:
    """The .ko files of the named modules behind what they depend on; built-in and missing ones fall out."""
    files: dict[Path, None] = {}
    for name in names:
        shown = subprocess.run(
            ["modprobe", "-d", str(base), "-S", version, "--show-depends", name],
            capture_output=True,
            text=True,
        )
        for line in shown.stdout.splitlines():
            if line.startswith("insmod "):
                files[Path(line.split()[1])] = None
    return list(files)
