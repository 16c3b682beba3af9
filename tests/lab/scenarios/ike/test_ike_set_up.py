# SPDX-License-Identifier: GPL-2.0-or-later
"""Two honest peers: what they agree on, what stands in the kernel, how it ends."""

import pytest
from lab.guest import this_guest
from lab.wait import wait_until

HYBRID = "AES_GCM_16_256/PRF_HMAC_SHA2_256/CURVE_25519/KE1_ML_KEM_768"
CLASSIC = "AES_GCM_16_256/PRF_HMAC_SHA2_256/CURVE_25519"


@pytest.mark.parametrize("family", [4, 6])
def test_post_quantum_and_transport_mode_come_first(west, east, peer, family):
    answers = peer(east)
    begins = peer(west, to=east, family=family)
    ours, theirs = begins.wait("up"), answers.wait("up")
    assert (ours["mode"], ours["by"], ours["ike"]) == ("transport", "us", HYBRID)
    assert (theirs["mode"], theirs["by"], theirs["ike"]) == ("transport", "peer", HYBRID)
    assert (ours["in"], ours["out"]) == (theirs["out"], theirs["in"])
    assert "EXT_SEQ" in ours["esp"] and "NO_EXT_SEQ" not in ours["esp"]
    for host in (west, east):
        states = host.xfrm_states()
        assert len(states) == 2
        assert {state.reqid for state in states} == {0x4F450100}
        assert all("replay-window 2048" in state.text or "replay_window 2048" in state.text for state in states if state.dst == host.address(family))
        assert not [policy for policy in host.xfrm_policies() if not policy.of_socket]


def test_policies_can_be_in_place_before_the_answer_leaves(west, east, peer):
    """The hook that writes them has returned before the initiator sees its SA."""
    answers = peer(east)
    peer(west, to=east).wait("up")
    assert answers.events("installed"), "sa_installed comes after the answer"


def test_a_peer_without_post_quantum_gets_x25519(west, east, peer):
    answers = peer(east)
    assert peer(west, "--classic", to=east).wait("up")["ike"] == CLASSIC
    assert answers.wait("up")["ike"] == CLASSIC


def test_a_responder_without_post_quantum_gets_x25519(west, east, peer):
    peer(east, "--classic")
    assert peer(west, to=east).wait("up")["ike"] == CLASSIC


@pytest.mark.parametrize("begins_with, answers_with", [("--tunnel", "--tunnel"), ("--tunnel", ""), ("", "--tunnel")])
def test_tunnel_mode_where_either_side_wants_it(west, east, peer, begins_with, answers_with):
    answers = peer(east, *answers_with.split())
    begins = peer(west, *begins_with.split(), to=east)
    assert begins.wait("up")["mode"] == answers.wait("up")["mode"] == "tunnel"
    assert {state.mode for host in (west, east) for state in host.xfrm_states()} == {"tunnel"}


def test_a_stop_tells_the_peer(west, east, peer):
    answers, begins = peer(east), peer(west, to=east)
    begins.wait("up"), answers.wait("up")
    begins.stop()
    answers.wait("down")
    wait_until(lambda: not east.xfrm_states(), this_guest().patience(5), "east's SAs to go")
    assert len(begins.events("down")) == 1 and begins.events("stopped")[0]["reqids"] == "0"
    answers.stop()
    assert len(answers.events("down")) == 1 and answers.events("stopped")[0]["reqids"] == "0"


def test_rekeying_keeps_flow_reqid_and_mode(west, east, peer):
    answers, begins = peer(east), peer(west, "--rekey-child", "4", "--rekey-ike", "9", to=east)
    before, after = begins.wait("up"), begins.wait("rekeyed", count=2, seconds=15)
    for name in ("sa", "flow", "reqid", "mode", "by"):
        assert before[name] == after[name]
    assert before["in"] != after["in"]
    assert "CURVE_25519" in after["esp"], "rekeyed without forward secrecy"
    answers.wait("rekeyed")
    # The IKE_SA was replaced as well, and keeps its name.
    wait_until(lambda: "rekeyed between" in begins.log.read_text(), this_guest().patience(10), "the IKE_SA to be rekeyed")
    assert not begins.events("down") and not answers.events("down")
    begins.stop()
    assert begins.events("down")[0]["sa"] == before["sa"]
    answers.wait("down")


def test_both_begin_at_once(west, east, peer):
    """Crossing exchanges share one reqid on each side, so both pairs of SAs work."""
    one, other = peer(west, to=east), peer(east, to=west)
    for each in (one, other):
        each.wait("up", count=2)
        assert {event["by"] for event in each.events("up")} == {"us", "peer"}
        assert len({event["reqid"] for event in each.events("up")}) == 1


def test_many_at_once_from_one_address(guest, west, east, peer):
    """Many peers behind one address look like this: none may stall."""
    many = 60 // guest.slowness  # an emulated processor cannot answer 60 within the three datagrams' time
    answers = peer(east, "--max-per-address", "200")
    begins = peer(west, "--count", f"{many}", to=east)
    begins.wait("up", count=many, seconds=20)
    assert not begins.events("ended")
    begins.stop()
    answers.wait("down", count=many)


def test_one_address_gets_only_so_many(west, east, peer):
    peer(east, "--max-per-address", "3")
    begins = peer(west, "--count", "5", to=east)
    begins.wait("up", count=3), begins.wait("ended", count=2)
    assert {event["reason"] for event in begins.events("ended")} == {"unprotected"}


def test_a_peer_that_vanished_is_noticed(west, east, peer):
    """Nothing comes in on the fresh SA, so the responder asks; its repetitions end after half a minute."""
    answers, begins = peer(east), peer(west, to=east)
    answers.wait("up")
    begins.kill()
    west.flush_xfrm()
    answers.wait("down", seconds=45)
