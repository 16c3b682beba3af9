# SPDX-License-Identifier: GPL-2.0-or-later
"""A peer that says no: failure shunt at once, and nothing left on either side (acceptance 5, 6)."""

import pytest
from lab.wait import wait_until

ELSEWHERE = {"private-or-clear": ["10.8.0.0/16"]}
LONG = {"hold": {"silence": "10s", "limit": "60s"}}  # so that only the refusal can have ended the hold

CONNECTION = """\
conn refuses
	ikev2=insist
	left=10.2.0.1
	leftupdown=%disabled
	right=%any
	auto=add
"""
ANONYMOUS = "\tauthby=null\n\tleftid=%null\n\trightid=%null\n"
REFUSALS = {
    "authentication": "\tauthby=secret\n\tleftid=@east\n",
    "child": ANONYMOUS + "\tesp=3des-sha1\n",
    "proposal": ANONYMOUS + "\tike=3des-sha1;modp2048\n",
}
refusals = pytest.mark.parametrize("what", REFUSALS)


@refusals
def test_a_refusal_lets_a_permissive_flow_go_clear_at_once(wire, guest, west, east, oekd, libreswan, what):
    libreswan(east, ELSEWHERE, CONNECTION + REFUSALS[what])
    oekd(west, {"private-or-clear": east.networks}, LONG)
    ping = west.ping(east)
    assert ping.lost == 0, f"{ping}"
    assert ping.first_reply < guest.patience(2)
    assert west.flow_with(east)["protection"] == "clear"
    for host, other in ((west, east), (east, west)):
        wait_until(lambda: not host.sas_with(other), guest.patience(5), f"{host} to be clean")


@refusals
def test_a_refusal_keeps_a_private_flow_closed(wire, guest, west, east, oekd, libreswan, what):
    libreswan(east, ELSEWHERE, CONNECTION + REFUSALS[what])
    oekd(west, {"private": east.networks}, LONG)
    assert west.ping(east, count=3, seconds=1).received == 0
    assert not [packet for packet in wire.cleartext(west, east) if packet.src == west.ipv4]
    wait_until(
        lambda: not west.sas_with(east) and not east.sas_with(west), guest.patience(5), "both to be clean"
    )
