# SPDX-License-Identifier: GPL-2.0-or-later
"""Ten thousand new destinations in a second, and a kernel that cannot tell of all (acceptance 35, 36)."""

import json
import time

import pytest
from lab.crowd import crowd
from lab.pcap import UDP
from lab.wait import wait_until

FAMILIES = pytest.mark.parametrize("family", [4, 6])
# Negotiations are limited, and most destinations get none; their shunts last until all is seen.
PATIENT = {"shunt": {"again": "1min"}}


def resident(pid):
    """Bytes of memory that the process has."""
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) * 1024


def deciding(host):
    return json.loads(host.oekctl("status", "--json"))["flows"]["deciding"]


def metric(host, name):
    lines = host.oekctl("metrics").splitlines()
    return next(float(line.split()[-1]) for line in lines if line.startswith(f"{name} "))


@pytest.mark.needs_speed
@pytest.mark.parametrize("family, count", [(4, 10_000), (6, 1_000)])
def test_ten_thousand_destinations(guest, west, east, plain, road, oekd, family, count):
    """None of them answers. Memory is bounded, a tunnel does not notice, and each is reached soon after."""
    oekd(east, {"clear-or-private": west.networks})
    daemon = oekd(west, {"private-or-clear": [*plain.networks, *east.networks]}, PATIENT)
    assert west.ping(east, family).lost == 0
    road.drop(west, protocol=UDP, port=500)
    before = resident(daemon.pid)
    with crowd(west, plain, road, count, family) as many, west.pinging(east.address(family)) as ping:
        took = many.storm()
        assert took < guest.patience(8), "else it was no storm"
        wait_until(lambda: not deciding(west), guest.patience(60), "all to be decided")
        many.insist(30)
    assert ping.lost == 0, f"{ping}"
    assert resident(daemon.pid) - before < max(count, 10_000) * 10_000


@FAMILIES
def test_lost_acquires_are_found_again(guest, west, plain, road, oekd, family):
    """The socket has room for one. The larval SA of a lost one would keep the kernel from asking again."""
    oekd(west, {"private-or-clear": plain.networks}, PATIENT | {"limits": {"kernel-events": 1024}})
    with crowd(west, plain, road, 300, family) as many:
        many.storm()
        wait_until(lambda: len(west.flows()) == 300, guest.patience(5), "a flow with each")
        wait_until(lambda: not deciding(west), guest.patience(10), "all to be decided")
        many.insist(5)
    assert metric(west, "oekd_acquire_overruns_total") > 0
    assert metric(west, "oekd_acquires_found_again_total") > 0
    assert not [state for state in west.xfrm_states() if state.larval]
