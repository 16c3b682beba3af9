# SPDX-License-Identifier: GPL-2.0-or-later
"""What an anonymous peer does not get (acceptance 42)."""

import pytest
from lab.guest import this_guest
from lab.wait import wait_until

REFUSED = [
    (["--hostile-psk"], "AUTHENTICATION_FAILED"),
    (["--hostile-id-data"], "AUTHENTICATION_FAILED"),
    (["--hostile-source", "10.3.0.1/32"], "TS_UNACCEPTABLE"),
    (["--hostile-target", "10.3.0.1/32"], "TS_UNACCEPTABLE"),
    # libcharon would take this one: it rewrites the selectors of who seems to be behind a NAT.
    (["--hostile-nat", "--hostile-source", "10.3.0.1/32"], "TS_UNACCEPTABLE"),
]


@pytest.mark.parametrize("options, answer", REFUSED)
def test_refused_as_an_initiator(west, east, peer, options, answer):
    answers = peer(east)
    event = peer(west, *options, to=east).wait("ended")
    assert event["reason"] == "refused"
    assert event["detail"].startswith(answer)
    assert not answers.events("installed")
    wait_until(lambda: not east.xfrm_states(), this_guest().patience(5), "no SA to be left")


@pytest.mark.parametrize("option", ["--hostile-psk"])
def test_refused_as_a_responder(west, east, peer, option):
    peer(east, option)
    begins = peer(west, to=east)
    assert begins.wait("ended")["reason"] == "refused"
    assert not begins.events("installed")


def test_a_wide_selector_is_narrowed_to_the_two_hosts(west, east, peer):
    answers = peer(east)
    peer(west, "--hostile-wide", to=east).wait("up")
    assert answers.wait("up")["flow"] == f"{east.ipv4} - {west.ipv4}"
    selectors = {line.strip() for state in east.xfrm_states() for line in state.text.splitlines() if "\tsel " in line}
    assert all("/32" in line for line in selectors)


def test_forced_udp_encapsulation_is_no_nat(west, east, peer):
    """A peer may look as if behind a NAT as long as its selectors name the address that we see."""
    answers = peer(east)
    peer(west, "--hostile-nat", to=east).wait("up")
    assert answers.wait("up")["flow"] == f"{east.ipv4} - {west.ipv4}"


def test_a_second_child_is_refused_and_the_first_stays(west, east, peer):
    answers = peer(east)
    begins = peer(west, "--hostile-children", to=east)
    assert begins.wait("hostile-child").text == "hostile-child refused"
    assert len(answers.events("up")) == 1 and not answers.events("down")
    assert len([state for state in east.xfrm_states() if state.dst == east.ipv4 and not state.larval]) == 1


def test_rekeying_without_pause_fills_no_memory(west, east, peer):
    """A rekeyed SA stays for some seconds, so there is a limit to how many may wait for their end."""
    answers = peer(east)
    begins = peer(west, "--hostile-rekeys", to=east)
    begins.wait("hostile-child", count=5)
    assert len([state for state in east.xfrm_states() if not state.larval]) <= 2 * 4
    assert not answers.events("down")


def test_an_ike_sa_is_not_rekeyed_at_once(west, east, peer):
    answers = peer(east)
    begins = peer(west, "--hostile-ike-rekey", to=east)
    assert begins.wait("hostile-ike-rekey").text == "hostile-ike-rekey refused"
    assert not answers.events("down")


def test_nobody_moves_an_sa_to_another_address(west, east, peer):
    west.ip("addr add 10.1.0.77/16 dev eth0")
    answers = peer(east)
    begins = peer(west, "--hostile-move", "10.1.0.77", to=east)
    begins.wait("hostile-move")
    assert not answers.events("down")
    assert not [state for state in east.xfrm_states() if "10.1.0.77" in (state.src, state.dst)]
    begins.kill()
    answers.stop()
    west.flush_xfrm()
    west.ip("addr del 10.1.0.77/16 dev eth0")
