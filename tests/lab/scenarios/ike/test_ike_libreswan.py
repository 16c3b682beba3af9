# SPDX-License-Identifier: GPL-2.0-or-later
"""libreswan with AUTH-NULL, each beginning once. It always chooses tunnel mode."""

import base64

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


def test_libreswan_wants_a_key(west, east, peer, libreswan, tmp_path):
    """It stays anonymous itself."""
    (tmp_path / "keys").mkdir()
    ours = generate(tmp_path / "keys", "rsa2048")
    keyed = f"""\
conn keyed
	ikev2=insist
	left={east.ipv4}
	leftid=%null
	leftauth=null
	right={west.ipv4}
	rightid={west.ipv4}
	rightauth=rsasig
	rightrsasigkey=0s{rsa_record(ours)}
	leftupdown=%disabled
	type=tunnel
	auto=add
"""
    other = libreswan(east, {"private-or-clear": ["10.9.0.0/16"]}, keyed)
    up = peer(west, *ours.own(), "--demand", "preferred", to=east).wait("up")
    assert (up["ours"], up["peer_key"]) == ("signature", "none")
    assert "keyed" in other.whack("--trafficstatus")
