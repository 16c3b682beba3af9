# SPDX-License-Identifier: GPL-2.0-or-later
"""Lets a program that was linked against a newer C library start on this one."""

import struct
from pathlib import Path

SHT_GNU_VERNEED = 0x6FFFFFFE


def lower_version(source: Path, target: Path, old: str, new: str) -> None:
    """Copies a 64-bit little-endian ELF file; the copy needs symbol version `new` instead of `old`."""
    image = bytearray(source.read_bytes())
    needs = version_needs(image)
    if old not in needs:
        raise ValueError(f"{source} does not need {old}, but {', '.join(needs)}")
    at, _ = needs[old]
    _, entry = needs[new]
    image[at : at + 4] = entry[:4]  # vna_hash
    image[at + 8 : at + 12] = entry[8:12]  # vna_name
    target.write_bytes(image)
    target.chmod(0o755)


def version_needs(image: bytearray) -> dict[str, tuple[int, bytes]]:
    """Version name -> offset and bytes of its Elf64_Vernaux."""
    (start,) = struct.unpack_from("<Q", image, 40)
    size, count = struct.unpack_from("<HH", image, 58)
    sections = [struct.unpack_from("<IIQQQQIIQQ", image, start + number * size) for number in range(count)]
    needed = next(section for section in sections if section[1] == SHT_GNU_VERNEED)
    names = sections[needed[6]][4]
    found = {}
    at, more = needed[4], True
    while more:
        _, entries, _, first, following = struct.unpack_from("<HHIII", image, at)
        entry = at + first
        for _ in range(entries):
            _, _, _, name, step = struct.unpack_from("<IHHII", image, entry)
            text = image[names + name : image.index(0, names + name)].decode()
            found[text] = (entry, bytes(image[entry : entry + 16]))
            entry += step
        at, more = at + following, following != 0
    return found
