# SPDX-License-Identifier: GPL-2.0-or-later
"""The responder can receive before its answer leaves, even if its main loop stands (RFC 4322 §11.2.12.4)."""

import pytest
from lab.stall import main_thread_stalled
from lab.wait import wait_until


@pytest.mark.parametrize("mode", ["transport", "tunnel"])
@pytest.mark.parametrize("group", ["clear-or-private", "private-or-clear", "private"])
def test_nothing_is_lost_while_the_responders_main_loop_stands(wire, guest, west, east, oekd, mode, group):
    responder = oekd(east, {group: ["10.1.0.0/16"]})
    oekd(west, {"private-or-clear": ["10.2.0.0/16"]}, {"ike": {"mode": mode}})
    with main_thread_stalled(responder.pid):
        ping = west.ping(east, count=5, interval=0.1)
        assert ping.lost == 0, f"{ping}"
    wait_until(east.flows, guest.patience(10), "the responder's main loop to hear of the flow")
    assert not wire.cleartext(west, east)
    assert wire.saw_esp(west, east)
