# SPDX-License-Identifier: GPL-2.0-or-later
"""Raw public keys: who proves what to whom, and what is said of it."""

from pathlib import Path

import pytest
from keys import KINDS, Key, generate


@pytest.fixture
def new_key(tmp_path: Path):
    folder = tmp_path / "keys"
    folder.mkdir()

    def make(kind: str = "ed25519") -> Key:
        return generate(folder, kind)

    return make


def proof(event) -> tuple[str, str, str]:
    return event["peer_key"], event["offered_key"], event["ours"]


@pytest.mark.parametrize("kind", KINDS)
def test_both_prove_their_keys(west, east, peer, new_key, kind):
    ours, theirs = new_key(kind), new_key(kind)
    answers = peer(east, *theirs.own(), *ours.expected())
    begins = peer(west, *ours.own(), *theirs.expected(), to=east)
    assert proof(begins.wait("up")) == (theirs.spki, "none", "signature")
    assert proof(answers.wait("up")) == (ours.spki, "none", "signature")
