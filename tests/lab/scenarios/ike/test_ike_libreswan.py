# SPDX-License-Identifier: GPL-2.0-or-later
"""libreswan with AUTH-NULL, each beginning once. It always chooses tunnel mode."""

import base64

import pytest
from keys import Key, generate, openssl
from lab.guest import this_guest
from lab.wait import wait_until


def test_libreswan_answers(west, east, peer, libreswan):
    other = libreswan(east, {"private-or-clear": ["10.1.0.0/16"]})
    up = peer(west, to=east).wait("up")
    assert up["mode"] == "tunnel" and "CURVE_25519" in up["ike"]
    wait_until(lambda: "10.1.0.1" in other.whack("--trafficstatus"), this_guest().patience(10), "libreswan's SA to be up")


def test_libreswan_begins(west, east, peer, libreswan):
    answers = peer(west)
    other = libreswan(east, {"private-or-clear": ["10.1.0.0/16"]})
    east.ping(west, count=1, seconds=0)
    up = answers.wait("up")
    assert (up["mode"], up["by"]) == ("tunnel", "peer")
    wait_until(lambda: "10.1.0.1" in other.whack("--trafficstatus"), this_guest().patience(10), "libreswan's SA to be up")
    other.stop()
    answers.wait("down")


def test_libreswan_answers_for_a_service(west, east, peer, libreswan):
    libreswan(east, {"private-or-clear": ["10.1.0.0/16 tcp 7 0"]})
    up = peer(west, "--service", "tcp 0 7", to=east).wait("up")
    assert up["flow"] == f"{west.ipv4} - {east.ipv4} tcp 0 7"


def test_libreswan_begins_for_a_service(west, east, peer, libreswan):
    answers = peer(west)
    libreswan(east, {"private-or-clear": ["10.1.0.0/16 udp 0 7"]})
    with east.udp_socket() as sock:
        sock.sendto(b"first", (west.ipv4, 7))
    assert answers.wait("up")["flow"] == f"{west.ipv4} - {east.ipv4} udp 7 0"


def rsa_record(key: Key) -> str:
    """As libreswan wants it: RFC 3110 in base64."""
    modulus = openssl("rsa", "-in", str(key.private), "-noout", "-modulus").decode().strip().removeprefix("Modulus=")
    return base64.b64encode(bytes.fromhex("03010001" + modulus)).decode()


def rsa_record(key: Key) -> str:
    """As libreswan wants it: RFC 3110 in base64."""
    modulus = openssl("rsa", "-in", str(key.private), "-noout", "-modulus").decode().strip().removeprefix("Modulus=")
    return base64.b64encode(bytes.fromhex("03010001" + modulus)).decode()


def der(tag: int, content: bytes) -> bytes:
    return bytes([tag, 0x82]) + len(content).to_bytes(2) + content


def spki_of(record: bytes) -> str:
    """RFC 3110 to SubjectPublicKeyInfo, with the exponent 65537."""
    assert record.startswith(bytes.fromhex("03010001"))
    numbers = der(0x30, der(0x02, b"\0" + record[4:]) + bytes.fromhex("0203010001"))
    return der(0x30, bytes.fromhex("300d06092a864886f70d0101010500") + der(0x03, b"\0" + numbers)).hex()


def keyed(name: str, authby: str, east, west, ours: Key, ckaid: str) -> str:
    return f"""\
conn {name}
	ikev2=insist
	authby={authby}
	left={east.ipv4}
	leftid={east.ipv4}
	leftckaid={ckaid}
	right={west.ipv4}
	rightid={west.ipv4}
	rightrsasigkey=0s{rsa_record(ours)}
	leftupdown=%disabled
	type=tunnel
	auto=add
"""


@pytest.fixture
def keys(west, east, libreswan, tmp_path):
    """libreswan with a key of its own, ours, and what is its public key."""
    (tmp_path / "keys").mkdir()
    ours = generate(tmp_path / "keys", "rsa2048")
    other = libreswan(east, {"private-or-clear": ["10.9.0.0/16"]})
    other.ipsec("newhostkey", "--bits", "2192")  # the least that it makes
    ckaid = other.ipsec("showhostkey", "--list").split()[-1]
    shown = other.ipsec("showhostkey", "--left", "--ckaid", ckaid)
    for name, authby in (("keyed", "rsa-sha2"), ("sha1", "rsa-sha1")):
        (tmp_path / name).write_text(keyed(name, authby, east, west, ours, ckaid))
    other.ipsec("addconn", "--config", str(tmp_path / "keyed"), "keyed")
    return other, ours, spki_of(base64.b64decode(shown.split("rsasigkey=0s")[1].split()[0]))


def test_libreswan_begins_and_both_prove_their_keys(west, peer, keys):
    """Its IKE_AUTH comes in fragments, and has to wait."""
    other, ours, theirs = keys
    answers = peer(west, *ours.own(), "--peer-key", theirs, "--demand", "required", "--decide-after", "200")
    other.whack("--initiate", "--name", "keyed", "--asynchronous")
    up = answers.wait("up")
    assert (up["peer_key"], up["ours"]) == (theirs, "signature")
    wait_until(lambda: "keyed" in other.whack("--trafficstatus"), this_guest().patience(10), "libreswan's SA to be up")


def test_libreswan_answers_and_both_prove_their_keys(west, east, peer, keys):
    other, ours, theirs = keys
    up = peer(west, *ours.own(), "--peer-key", theirs, "--demand", "required", to=east).wait("up")
    assert (up["peer_key"], up["ours"]) == (theirs, "signature")
    assert "keyed" in other.whack("--trafficstatus")


def test_a_signature_with_sha1_proves_nothing(west, peer, keys, tmp_path, guest):
    other, ours, theirs = keys
    answers = peer(west, *ours.own(), "--peer-key", theirs, "--demand", "preferred")
    other.ipsec("addconn", "--config", str(tmp_path / "sha1"), "sha1")
    other.whack("--initiate", "--name", "sha1", "--asynchronous")
    wait_until(lambda: "AUTHENTICATION_FAILED" in other.said(), guest.patience(10), "libreswan to be refused")
    assert not answers.events("installed")


def test_libreswan_does_not_know_our_kind_of_key(west, east, peer, libreswan, tmp_path):
    """Then we are anonymous, and say so."""
    libreswan(east, {"private-or-clear": ["10.1.0.0/16"]})
    (tmp_path / "keys").mkdir()
    up = peer(west, *generate(tmp_path / "keys", "ed25519").own(), to=east).wait("up")
    assert (up["ours"], up["peer_key"], up["offered_key"]) == ("none", "none", "none")
