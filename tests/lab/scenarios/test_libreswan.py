# SPDX-License-Identifier: GPL-2.0-or-later
"""libreswan with AUTH-NULL on the other side, each beginning once. It always chooses tunnel mode."""

from lab.wait import wait_until


def test_oekd_begins(wire, west, east, oekd, libreswan):
    libreswan(east, {"private-or-clear": ["10.1.0.0/16"]})
    oekd(west, {"private-or-clear": east.networks})
    ping = west.ping(east)
    assert ping.lost == 0, f"{ping}"
    wire.assert_encrypted(west, east)
    assert {state.mode for state in west.sas_with(east)} == {"tunnel"}


def test_libreswan_begins(wire, guest, west, east, oekd, libreswan):
    """It loses its first packet itself; what it sends must arrive once it says that the SA is up."""
    oekd(west, {"clear-or-private": east.networks})
    peer = libreswan(east, {"private-or-clear": ["10.1.0.0/16"]})
    east.ping(west, count=1, seconds=0)
    wait_until(lambda: "ESP" in peer.whack("--trafficstatus"), guest.patience(10), "libreswan's SA to be up")
    assert east.ping(west).lost == 0
    wire.assert_encrypted(west, east)
    assert west.flow_with(east)["protection"] == "anonymous"
