# SPDX-License-Identifier: GPL-2.0-or-later
"""The house rules: who may include whom, whose library is whose, what every file must and must not say.

Each rule takes a path (from the top, with slashes) and the file's text and yields (line, message).
"""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

Finding = tuple[int, str]

# The picture in HACKING.md as a table. A folder may also include itself.
MAY_INCLUDE = {
    "base": set(),
    "policy": {"base"},
    "group-files": {"policy", "base"},
    "kernel-glue": {"policy", "base"},
    "dns": {"policy", "base"},
    "ike": {"policy", "base"},
    "keys": {"policy", "base"},
    "publish": {"dns", "policy", "base"},
    "daemon": {"kernel-glue", "dns", "ike", "keys", "group-files", "policy", "base"},
    # For what needs no daemon: values, `policy test`, own keys and their publishing. Of the daemon it knows the
    # control socket only.
    "cli": {"publish", "dns", "keys", "group-files", "policy", "base"},
}

# Tests follow the folder they test, with these exceptions: the control socket is tested from both ends.
TESTS_MAY_ALSO_INCLUDE = {"cli": {"daemon"}, "daemon": {"cli"}}

# Libraries that only one part of the program knows: headers, and the folders that may name them.
STRONGSWAN = (
    r"(library|daemon)\.h|(asn1|attributes|bio|bus|collections|config|control|credentials|crypto|eap|encoding|"
    r"fetcher|ipsec|kernel|metadata|network|networking|pen|plugins|processing|resolver|sa|selectors|settings|"
    r"threading|utils)/.*"
)
OWNERS = [
    ("strongSwan", STRONGSWAN, {"ike"}),
    ("OpenSSL", r"openssl/.*", {"ike", "keys"}),
    ("libmnl", r"libmnl/.*", {"kernel-glue"}),
    ("XFRM", r"linux/xfrm\.h", {"kernel-glue"}),
    ("libunbound", r"unbound\.h", {"dns"}),
    ("ldns", r"ldns/.*", {"publish"}),
    ("toml++", r"toml\+\+/.*", {"daemon"}),
    ("libsystemd", r"systemd/.*", {"base", "daemon", "cli"}),
    ("Catch2", r"catch2/.*", set()),
    ("RapidCheck", r"rapidcheck.*", set()),
]

# policy/ is pure. fmt and the standard library, which has no ".h"; arpa/inet.h turns addresses into text.
PURE_HEADER = re.compile(r"fmt/.*|arpa/inet\.h|[a-z_]+")
CLOCK = re.compile(r"(_clock::now|\bclock_gettime|\btime)\s*\(")

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')
C_SUFFIXES = {".c", ".cc", ".h", ".in"}
SPDX = "SPDX-License-Identifier: GPL-2.0-or-later"

# Places of one machine: a home, a checkout, root's home. Put together here so that this file keeps the rule too.
MACHINE_PATH = re.compile(r"(?<![\w.}-])/(home/[a-z]\w*|work|farm|Users/\w+|root)/")
REGISTRY = re.compile(r"https?://[\w.-]*(debian|ubuntu|pypi|npm|crates)[\w.-]*")


def folder_of(path: str) -> str:
    """The folder whose rules a file follows; tests/<folder> follows <folder>."""
    parts = PurePosixPath(path).parts
    if parts[0] == "tests" and len(parts) > 2 and parts[1] in MAY_INCLUDE:
        return parts[1]
    return parts[0]


def includes(text: str) -> Iterator[tuple[int, str, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        if match := INCLUDE.match(line):
            yield number, match[1], match[2]


def is_c(path: str) -> bool:
    return PurePosixPath(path).suffix in C_SUFFIXES


def include_directions(path: str, text: str) -> Iterator[Finding]:
    folder = folder_of(path)
    if not is_c(path) or folder not in MAY_INCLUDE:
        return
    in_tests = path.startswith("tests/")
    allowed = MAY_INCLUDE[folder] | {folder}
    if in_tests:
        allowed |= TESTS_MAY_ALSO_INCLUDE.get(folder, set()) | {"tests"}
    for line, quote, header in includes(text):
        target = header.split("/")[0] if "/" in header else None
        if quote == "<" or (in_tests and target is None):  # a test may name its neighbour
            continue
        if target is None:
            yield line, f'"{header}" names no folder; write "{folder}/{header}"'
        elif target not in allowed:
            yield line, f"{folder}/ must not include {target}/"


def owned_libraries(path: str, text: str) -> Iterator[Finding]:
    folder = folder_of(path)
    if not is_c(path) or path.startswith("tests/fuzz/"):  # a fuzz target feeds any parser
        return
    for line, quote, header in includes(text):
        for name, headers, owners in OWNERS:
            tests_only = not owners and path.startswith("tests/")
            if quote == "<" and re.fullmatch(headers, header) and folder not in owners and not tests_only:
                where = " and ".join(sorted(f"{owner}/" for owner in owners)) or "tests/"
                yield line, f"only {where} may name {name}"


def pure_policy(path: str, text: str) -> Iterator[Finding]:
    if not path.startswith("policy/") or not is_c(path):
        return
    for line, quote, header in includes(text):
        if quote == "<" and not PURE_HEADER.fullmatch(header):
            yield line, f"policy/ is pure: <{header}> is neither fmt nor the standard library"
    for number, line in enumerate(text.splitlines(), 1):
        if CLOCK.search(line):
            yield number, "policy/ has no clock: time comes in with the event"


def licence_line(path: str, text: str) -> Iterator[Finding]:
    source = is_c(path) or path.endswith((".py", ".sh", ".wrap", "meson.build", "meson_options.txt"))
    if (source or text.startswith("#!")) and not any(SPDX in line for line in text.splitlines()[:2]):
        yield 1, f"the first two lines lack {SPDX}"


def no_foreign_place(path: str, text: str) -> Iterator[Finding]:
    for number, line in enumerate(text.splitlines(), 1):
        if match := MACHINE_PATH.search(line):
            yield number, f"{match[0]} is a place on one machine"
        if match := REGISTRY.search(line):
            yield number, f"{match[0]} is a package registry; take it from the system's settings"


RULES = [include_directions, owned_libraries, pure_policy, licence_line, no_foreign_place]


def check(path: str, text: str) -> list[Finding]:
    return [finding for rule in RULES for finding in rule(path, text)]
