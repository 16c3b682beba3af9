# SPDX-License-Identifier: GPL-2.0-or-later
"""Raw public keys: who proves what to whom, and what is said of it."""

from pathlib import Path

import pytest
from keys import KINDS, Key, generate
from lab.guest import this_guest
from lab.wait import wait_until
from peer import Peer


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


def assert_nothing_is_left(answers: Peer, begins: Peer) -> None:
    for each in (answers, begins):
        assert not each.events("installed") or each.events("down")
        wait_until(lambda each=each: not each.host.xfrm_states(), this_guest().patience(5), "no SA to be left")
        each.stop()
        assert each.events("stopped")[0]["reqids"] == "0"


def test_only_who_answers_proves_a_key(west, east, peer, new_key):
    theirs = new_key()
    answers = peer(east, *theirs.own(), "--demand", "preferred")
    begins = peer(west, *theirs.expected(), to=east)
    assert proof(begins.wait("up")) == (theirs.spki, "none", "none")
    assert proof(answers.wait("up")) == ("none", "none", "signature")


def test_only_who_begins_proves_a_key(west, east, peer, new_key):
    ours = new_key()
    answers = peer(east, *ours.expected())
    begins = peer(west, *ours.own(), "--demand", "preferred", to=east)
    assert proof(begins.wait("up")) == ("none", "none", "signature")
    assert proof(answers.wait("up")) == (ours.spki, "none", "none")


def test_a_proven_key_has_a_reqid_of_its_own(west, east, peer, new_key):
    """Of two SAs of one flow, in one process each."""
    ours = new_key()
    answers = peer(east, *ours.expected("preferred"))
    named = peer(west, *ours.own(), "--demand", "preferred", to=east)
    first = answers.wait("up")
    named.stop()
    west.flush_xfrm()
    peer(west, to=east)
    second = answers.wait("up", count=2)
    assert (first["peer_key"], second["peer_key"]) == (ours.spki, "none")
    assert first["reqid"] != second["reqid"]


@pytest.mark.parametrize("demand", ["required", "preferred"])
def test_a_wrong_key_is_refused_by_who_answers(west, east, peer, new_key, demand):
    ours, other = new_key(), new_key()
    answers = peer(east, *other.expected(demand))
    begins = peer(west, *ours.own(), to=east)
    event = begins.wait("ended")
    assert event["reason"] == "refused" and event["detail"].startswith("AUTHENTICATION_FAILED")
    assert_nothing_is_left(answers, begins)


@pytest.mark.parametrize("demand", ["required", "preferred"])
def test_a_wrong_key_is_refused_by_who_begins(west, east, peer, new_key, demand):
    theirs, other = new_key(), new_key()
    answers = peer(east, *theirs.own())
    begins = peer(west, *other.expected(demand), to=east)
    assert begins.wait("ended")["reason"] == "not-proven"
    assert not begins.events("installed") and not begins.events("up")
    answers.wait("down")
    assert_nothing_is_left(answers, begins)


def test_who_must_prove_a_key_is_not_anonymous(west, east, peer, new_key):
    key = new_key()
    answers = peer(east, *key.expected())
    begins = peer(west, to=east)
    assert begins.wait("ended")["detail"].startswith("AUTHENTICATION_FAILED")
    assert_nothing_is_left(answers, begins)


def test_who_answers_must_prove_its_key(west, east, peer, new_key):
    answers = peer(east)
    begins = peer(west, *new_key().expected(), to=east)
    assert begins.wait("ended")["reason"] == "not-proven"
    answers.wait("down")
    assert_nothing_is_left(answers, begins)


def test_a_key_of_another_kind_than_expected(west, east, peer, new_key):
    answers = peer(east, *new_key("rsa2048").expected())
    begins = peer(west, *new_key("ed25519").own(), to=east)
    assert begins.wait("ended")["reason"] == "refused"
    assert_nothing_is_left(answers, begins)


def test_any_of_several_keys_will_do(west, east, peer, new_key):
    """A roll-over has two; the order does not matter, nor does the kind."""
    ours = new_key("p256")
    keys = [new_key("p256"), new_key("rsa2048"), new_key("p256"), ours, new_key("ed25519")]
    answers = peer(east, *(word for key in keys for word in key.expected()[:2]), "--demand", "required")
    peer(west, *ours.own(), to=east)
    assert proof(answers.wait("up")) == (ours.spki, "none", "none")


@pytest.mark.parametrize("kind", ["ed25519", "rsa2048", "p384"])
def test_an_unknown_key_is_told_and_no_more(west, east, peer, new_key, kind):
    """For who remembers keys: the peer has it, but nobody has said whose it is."""
    ours, theirs = new_key(kind), new_key(kind)
    answers = peer(east, *theirs.own())
    begins = peer(west, *ours.own(), to=east)
    assert proof(begins.wait("up")) == ("none", theirs.spki, "signature")
    assert proof(answers.wait("up")) == ("none", ours.spki, "signature")
    assert begins.events("up")[0]["reqid"] == "0x4f450100"


def test_a_name_is_asked_for(west, east, peer, new_key):
    ours = new_key()
    answers = peer(east, *ours.expected())
    peer(west, *ours.own("name"), "--own-name", "Gate.Example.ORG", to=east)
    answers.wait("up")
    assert [event["identity"].split(" ms=")[0] for event in answers.events("keys-wanted")] == ["", "gate.example.org"]


def test_a_name_that_is_none_is_not_asked_for(west, east, peer, new_key):
    ours = new_key()
    answers = peer(east, *ours.expected())
    peer(west, *ours.own("name"), "--own-name", "a name\nwith more", to=east)
    assert proof(answers.wait("up"))[0] == ours.spki
    assert len(answers.events("keys-wanted")) == 1


@pytest.mark.parametrize("kind", ["ed25519", "rsa4096"])
def test_who_answers_may_take_its_time(wire, west, east, peer, new_key, kind):
    """The message waits, and not for its repetition; that of RSA comes in fragments."""
    ours, theirs = new_key(kind), new_key(kind)
    answers = peer(east, *theirs.own(), *ours.expected(), "--decide-after", "400")
    begins = peer(west, *ours.own(), *theirs.expected(), "--retransmit", "3000", to=east)
    assert proof(begins.wait("up")) == (theirs.spki, "none", "signature")
    assert proof(answers.wait("up")) == (ours.spki, "none", "signature")
    assert 400 <= float(answers.events("up")[0]["ms"].split()[0]) - float(answers.events("keys-wanted")[0]["ms"]) < 2000


@pytest.mark.parametrize("options", [[], ["--classic"]], ids=["hybrid", "classic"])
def test_who_begins_may_take_its_time(west, east, peer, new_key, options):
    """Everything before IKE_AUTH is done meanwhile."""
    ours, theirs = new_key(), new_key()
    answers = peer(east, *theirs.own(), *ours.expected())
    begins = peer(west, *ours.own(), *theirs.expected(), "--decide-after", "800", *options, to=east)
    assert proof(begins.wait("up")) == (theirs.spki, "none", "signature")
    assert float(begins.events("heard")[0]["ms"]) < 700
    assert 800 <= float(begins.events("up")[0]["ms"]) < 2500
    assert proof(answers.wait("up")) == (ours.spki, "none", "signature")


@pytest.mark.parametrize("kind", ["ed25519", "rsa4096"])
def test_a_repetition_gets_the_answer_that_was_lost(road, west, east, peer, new_key, kind):
    """Although the message waited before it was answered."""
    ours = new_key(kind)
    answers = peer(east, *ours.expected(), "--decide-after", "300")
    begins = peer(west, *ours.own(), "--retransmit", "1500", to=east)
    begins.wait("heard", count=2)
    road.drop(east)
    answers.wait("up")
    road.restore(east)
    begins.wait("up")
    assert begins.log.read_text().count("IKE_AUTH response") == 1
    assert "retransmitting response" in answers.log.read_text()


def test_repetitions_do_not_wait_too(west, east, peer, new_key):
    ours = new_key("rsa4096")
    answers = peer(east, *ours.expected(), "--decide-after", "1500")
    begins = peer(west, *ours.own(), "--retransmit", "100", to=east)
    begins.wait("up")
    assert proof(answers.wait("up"))[0] == ours.spki
    assert len(answers.events("up")) == 1


def test_an_answer_that_never_comes(west, east, peer, new_key):
    answers = peer(east, "--decide-after", "999999", "--answer-limit", "700")
    begins = peer(west, *new_key().own(), to=east)
    event = begins.wait("ended")
    assert event["detail"].startswith("AUTHENTICATION_FAILED")
    assert 600 < float(event["ms"]) < 3000
    assert_nothing_is_left(answers, begins)


def test_a_decision_that_never_comes(west, east, peer, new_key):
    answers = peer(east)
    begins = peer(west, "--decide-after", "999999", "--deadline", "1500", to=east)
    event = begins.wait("ended")
    assert (event["reason"], event["detail"].split(" ms=")[0]) == ("local", "nobody knew in time what the peer must prove")
    assert_nothing_is_left(answers, begins)


def test_who_answers_refuses(west, east, peer, new_key):
    answers = peer(east, "--demand", "refuse", "--decide-after", "300")
    begins = peer(west, *new_key().own(), to=east)
    assert begins.wait("ended")["detail"].startswith("AUTHENTICATION_FAILED")
    assert_nothing_is_left(answers, begins)


@pytest.mark.parametrize("after", ["0", "400"])
def test_who_begins_gives_up(wire, west, east, peer, new_key, after):
    answers = peer(east)
    begins = peer(west, "--demand", "refuse", "--decide-after", after, to=east)
    event = begins.wait("ended")
    assert (event["reason"], event["detail"].split(" ms=")[0]) == ("local", "given up")
    assert not begins.events("up") and not answers.events("up")
    assert_nothing_is_left(answers, begins)


def test_only_so_many_messages_wait(west, east, peer, new_key):
    """The others come again, and find room."""
    answers = peer(east, "--decide-after", "600", "--max-waiting", "2")
    begins = peer(west, "--count", "6", to=east)
    begins.wait("up", count=6)
    answers.wait("up", count=6)
    assert not begins.events("ended")


def test_many_wait_at_once(guest, west, east, peer, new_key):
    many = 60 // guest.slowness
    answers = peer(east, "--decide-after", "500", "--max-per-address", "200")
    begins = peer(west, "--count", f"{many}", "--decide-after", "300", to=east)
    begins.wait("up", count=many, seconds=20)
    answers.wait("up", count=many)
    assert not begins.events("ended")


def test_an_end_while_messages_wait(west, east, peer, new_key):
    """What waits is freed."""
    answers = peer(east, "--decide-after", "999999")
    begins = peer(west, "--count", "3", to=east)
    answers.wait("keys-wanted", count=3)
    begins.wait("heard", count=6)
    answers.stop()
    begins.stop()
    assert_nothing_is_left(answers, begins)


def test_rekeying_keeps_what_was_proven(west, east, peer, new_key):
    ours, theirs = new_key(), new_key()
    answers = peer(east, *theirs.own(), *ours.expected())
    begins = peer(west, *ours.own(), *theirs.expected(), "--rekey-child", "4", "--rekey-ike", "7", to=east)
    up, rekeyed = begins.wait("up"), begins.wait("rekeyed", count=2, seconds=15)
    assert proof(rekeyed) == proof(up) == (theirs.spki, "none", "signature")
    assert rekeyed["reqid"] == up["reqid"]
    assert proof(answers.wait("rekeyed")) == (ours.spki, "none", "signature")
    assert not begins.events("down") and not answers.events("down")


def test_a_private_key_of_another_public_key(west, peer, new_key):
    one, other = new_key(), new_key()
    with pytest.raises(AssertionError, match="not that of its public key"):
        peer(west, "--own-key", str(one.private), "--own-spki", other.spki)


CLIENT = "192.0.2.129"


def test_who_answers_speaks_for_another_host(west, east, peer, new_key):
    """A gateway that the client's reverse name lists, with its key."""
    theirs = new_key()
    answers = peer(east, *theirs.own(), "--protect", CLIENT)
    up = peer(west, *theirs.expected(), "--their-client", CLIENT, to=east).wait("up")
    assert (up["flow"], up["endpoints"], up["mode"]) == (f"{west.ipv4} - {CLIENT}", f"{west.ipv4}-{east.ipv4}", "tunnel")
    assert proof(up) == (theirs.spki, "none", "none")
    assert answers.wait("up")["flow"] == f"{CLIENT} - {west.ipv4}"


def test_nobody_answers_for_a_host_that_it_does_not_protect(west, east, peer, new_key):
    theirs = new_key()
    answers = peer(east, *theirs.own(), "--protect", "192.0.2.130")
    begins = peer(west, *theirs.expected(), "--their-client", CLIENT, to=east)
    assert begins.wait("ended")["detail"].startswith("TS_UNACCEPTABLE")
    assert not answers.events("installed")


def test_gateways_on_both_sides(west, east, peer, new_key):
    ours, theirs, other = new_key("p256"), new_key(), "198.51.100.7"
    answers = peer(east, *theirs.own(), *ours.expected(), "--protect", CLIENT)
    clients = ["--our-client", other, "--their-client", CLIENT]
    begins = peer(west, *ours.own(), *theirs.expected(), *clients, "--rekey-child", "4", to=east)
    assert begins.wait("up")["flow"] == f"{other} - {CLIENT}"
    assert answers.wait("up")["flow"] == f"{CLIENT} - {other}"
    assert begins.wait("rekeyed")["flow"] == f"{other} - {CLIENT}"
    assert not begins.events("down")


def test_who_begins_speaks_for_another_host(west, east, peer, new_key):
    ours, theirs = new_key(), new_key()
    answers = peer(east, *theirs.own(), *ours.expected())
    begins = peer(west, *ours.own(), *theirs.expected(), "--our-client", CLIENT, to=east)
    assert begins.wait("up")["flow"] == f"{CLIENT} - {east.ipv4}"
    up = answers.wait("up")
    assert (up["flow"], up["endpoints"], up["mode"]) == (f"{east.ipv4} - {CLIENT}", f"{east.ipv4}-{west.ipv4}", "tunnel")
    assert proof(up) == (ours.spki, "none", "signature")
    asked = [event["flow"] for event in answers.events("keys-wanted")]
    assert asked == [f"{east.ipv4} - {west.ipv4}", f"{east.ipv4} - {CLIENT}"]
    begins.stop()
    answers.wait("down")


@pytest.mark.parametrize("options", [[], ["--classic"]], ids=["hybrid", "classic"])
def test_nobody_speaks_for_another_host_without_the_key(west, east, peer, new_key, options):
    """Neither anonymously nor with a key that nobody expects."""
    answers = peer(east)
    for own in ([], new_key().own()):
        begins = peer(west, *own, "--our-client", CLIENT, *options, to=east)
        begins.wait("ended")
        begins.stop()
    assert not answers.events("installed")
    wait_until(lambda: not east.xfrm_states(), this_guest().patience(5), "no SA to be left")


def test_a_gateway_must_prove_its_key(west, east, peer, new_key):
    answers = peer(east)
    begins = peer(west, "--demand", "preferred", *new_key().expected()[:2], "--their-client", CLIENT, to=east)
    assert begins.wait("ended")["reason"] in ("not-proven", "refused")
    assert not begins.events("installed")
    assert_nothing_is_left(answers, begins)
