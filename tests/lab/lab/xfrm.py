# SPDX-License-Identifier: GPL-2.0-or-later
"""`ip -s xfrm state` and `ip -s xfrm policy` as values."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class State:
    src: str
    dst: str
    proto: str
    spi: int
    reqid: int
    mode: str
    packets: int
    text: str

    @property
    def larval(self) -> bool:
        """The place-holder of an acquire or of an SPI, not an SA: it has no key."""
        return "\taead " not in self.text and "\tenc " not in self.text


@dataclass(frozen=True)
class Policy:
    src: str
    dst: str
    direction: str
    action: str  # allow or block
    priority: int
    reqid: int | None  # of its first template; None without one
    mode: str | None
    level: str | None
    text: str

    @property
    def of_socket(self) -> bool:
        """Belongs to one socket (the IKE bypass), not to the policy database."""
        return self.direction.startswith("socket")


def blocks(output: str) -> list[str]:
    """One text per entry: an entry starts at the left edge, its details are indented."""
    return re.findall(r"^src .*\n(?:[ \t].*\n)*", output, re.MULTILINE)


def number(text: str, pattern: str, default: int = 0) -> int:
    found = re.search(pattern, text)
    return int(found[1], 0) if found else default


def word(text: str, pattern: str) -> str | None:
    found = re.search(pattern, text)
    return found[1] if found else None


def parse_states(output: str) -> list[State]:
    return [
        State(
            src=word(text, r"^src (\S+)") or "",
            dst=word(text, r" dst (\S+)") or "",
            proto=word(text, r"\tproto (\S+)") or "",
            spi=number(text, r" spi (0x[0-9a-f]+)"),
            reqid=number(text, r" reqid (\d+)"),
            mode=word(text, r" mode (\S+)") or "",
            packets=number(text, r"(\d+)\(packets\)\n\s+add"),
            text=text,
        )
        for text in blocks(output)
    ]


def parse_policies(output: str) -> list[Policy]:
    return [parse_policy(text) for text in blocks(output)]


def parse_policy(text: str) -> Policy:
    template = text.partition("\ttmpl ")[2]
    return Policy(
        src=word(text, r"^src (\S+)") or "",
        dst=word(text, r" dst (\S+)") or "",
        direction=word(text, r"\n\t(?:dir )?(socket \S+|\S+) action") or "",
        action=word(text, r" action (\S+)") or "",
        priority=number(text, r" priority (\d+)"),
        reqid=number(template, r" reqid (\d+)") if template else None,
        mode=word(template, r" mode (\S+)"),
        level=word(template, r"\tlevel (\S+)"),
        text=text,
    )
