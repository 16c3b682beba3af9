# SPDX-License-Identifier: GPL-2.0-or-later
"""Key pairs for ike_probe."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

KINDS = {
    "ed25519": ["-algorithm", "ED25519"],
    "p256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "p384": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
    "rsa2048": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "rsa4096": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:4096"],
}


@dataclass(frozen=True)
class Key:
    private: Path
    spki: str  # hexadecimal

    def own(self, identity: str = "address") -> list[str]:
        """Options of who has the key."""
        return ["--own-key", str(self.private), "--own-spki", self.spki, "--own", identity]

    def expected(self, demand: str = "required") -> list[str]:
        """Options of who wants it to be proven."""
        return ["--peer-key", self.spki, "--demand", demand]


def openssl(*words: str) -> bytes:
    return subprocess.run(["openssl", *words], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


def generate(folder: Path, kind: str = "ed25519") -> Key:
    private = folder / f"{kind}-{len(list(folder.iterdir()))}.pem"
    openssl("genpkey", *KINDS[kind], "-out", str(private))
    return Key(private, openssl("pkey", "-in", str(private), "-pubout", "-outform", "DER").hex())
