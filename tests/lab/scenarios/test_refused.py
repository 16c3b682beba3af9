# SPDX-License-Identifier: GPL-2.0-or-later
"""A peer that says no: failure shunt at once, and nothing left on either side (acceptance 5, 6)."""

import pytest
from lab.wait import wait_until

LONG = {"hold": {"silence": "20s", "limit": "60s"}}  # so that only the refusal can have ended the hold

# libreswan's conn private-or-clear, changed so that it refuses AUTH-NULL, or our ESP proposals, or all of IKE.
REFUSALS = {
    "authentication": "authby=secret\n\tleftid=@east\n\trightid=%any",
    "child": "esp=3des-sha1",
    "proposal": "ike=3des-sha1;modp2048",
}
refusals = pytest.mark.parametrize("what", REFUSALS)


@refusals
def test_a_refusal_lets_a_permissive_flow_go_clear_at_once(wire, guest, west, east, oekd, libreswan, what):
    libreswan(east, {"private-or-clear": ["10.1.0.0/16"]}, REFUSALS[what])
    oekd(west, {"private-or-clear": east.networks}, LONG)
    ping = west.ping(east)
    assert ping.lost == 0, f"{ping}"
    assert ping.first_reply < guest.patience(2)
    assert west.flow_with(east)["protection"] == "clear"
    for host, other in ((west, east), (east, west)):
        wait_until(lambda: not host.sas_with(other), guest.patience(5), f"{host} to be clean")


@refusals
def test_a_refusal_keeps_a_private_flow_closed(wire, guest, west, east, oekd, libreswan, what):
    libreswan(east, {"private-or-clear": ["10.1.0.0/16"]}, REFUSALS[what])
    oekd(west, {"private": east.networks}, LONG)
    assert west.ping(east, count=3, seconds=1).received == 0
    assert not [packet for packet in wire.cleartext(west, east) if packet.src == west.ipv4]
    wait_until(lambda: not west.sas_with(east) and not east.sas_with(west), guest.patience(5), "both to be clean")
