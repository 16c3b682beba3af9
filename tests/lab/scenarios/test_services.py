# SPDX-License-Identifier: GPL-2.0-or-later
"""Group lines with protocol and ports: as written, in any order (acceptance 11, 32).

West goes to the services of east. Both write their lines: what is "tcp 0 22" on west is "tcp 22 0" on east.
"""

import pytest
from lab.guest import this_guest
from lab.echo import answers_from_a_program
from lab.wait import wait_until
from lab.services import lines, mirrored, reach, serving

FAMILIES = pytest.mark.parametrize("family", [4, 6])
MODES = pytest.mark.parametrize("mode", ["transport", "tunnel"])
SSH, MAIL, ECHO, OTHER = "tcp 0 22", "tcp 0 25", "tcp 0 7", "tcp 0 8"
PORTS = (7, 8, 22, 25)


@pytest.fixture
def exchanges(wire, west, east, family):
    """exchanges(west, east, SSH, "ping"): what becomes of one after the other."""
    with (
        serving(west, *PORTS),
        serving(east, *PORTS),
        answers_from_a_program(west),
        answers_from_a_program(east),
    ):
        yield lambda host, other, *services: [reach(wire, host, other, s, family) for s in services]


def demands_esp(host):
    """It takes cleartext until the peer's first ESP packet; from now on no more."""
    def done():
        inbound = [p for p in host.xfrm_policies() if p.direction == "in" and p.reqid]
        return inbound and all(policy.level == "required" for policy in inbound)
    wait_until(done, this_guest().patience(5), f"{host} to demand ESP")


@FAMILIES
@MODES
@pytest.mark.parametrize("group", ["private-or-clear", "private"])
def test_a_service_is_left_out(wire, west, east, oekd, exchanges, family, mode, group):
    """Nobody asks for it, before there is a tunnel and beside it; the other direction is another service."""
    oekd(east, {"clear-or-private": lines(west), "clear": lines(west, mirrored(SSH))})
    oekd(west, {group: lines(east), "clear": lines(east, SSH)}, {"ike": {"mode": mode}})
    assert exchanges(west, east, SSH) == ["clear"]
    assert not wire.ike_sas(west, east)
    assert exchanges(west, east, "ping") == ["tunnel"]
    demands_esp(west), demands_esp(east)
    found = exchanges(west, east, OTHER, "udp 0 22", SSH, "ping")
    assert found == ["tunnel", "tunnel", "clear", "tunnel"]
    assert exchanges(east, west, "ping", SSH, OTHER) == ["tunnel", "tunnel", "tunnel"]
    assert len(wire.ike_sas(west, east)) == 1
