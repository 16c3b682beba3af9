# SPDX-License-Identifier: GPL-2.0-or-later
"""What an operator asks oekctl while flows come and go: monitor, why, metrics, reload (acceptance 35)."""

import json
import re
import subprocess
from contextlib import ExitStack

import pytest
from lab.monitor import Monitor
from lab.wait import wait_until

FAILURE, NO_DAEMON = 1, 69  # oekctl(1), EXIT STATUS
SAMPLE = re.compile(r'[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? \d+')
MANY = 300  # more decisions than the journal takes at once


@pytest.fixture
def monitor(tmp_path):
    """monitor(west) listens to the oekd there."""
    with ExitStack() as stack:

        def start(host, *peers):
            told = Monitor(host, tmp_path, *peers)
            stack.callback(told.kill)
            return told

        yield start


def metrics(host) -> dict[str, int]:
    """Each sample by its name and labels; the text must be OpenMetrics."""
    lines = host.oekctl("metrics").splitlines()
    assert lines[-1] == "# EOF"
    samples = [line for line in lines if not line.startswith("# ")]
    assert all(SAMPLE.fullmatch(line) for line in samples), samples
    return {name: int(value) for name, value in (line.rsplit(" ", 1) for line in samples)}


def is_sent(sender, address) -> bool:
    """False while the queue of the trap is full."""
    try:
        return sender.sendto(b"anybody there?", (address, 9)) > 0
    except BlockingIOError:
        return False


def why(host, address, *words) -> dict:
    return json.loads(host.oekctl("why", "--json", address, *words))


def history(answer) -> list[str]:
    """The changes of the one flow that there is, without their reasons."""
    (flow,) = answer["flows"]
    return [entry["text"].split(":")[0] for entry in flow["history"]]


def test_the_life_of_a_flow_is_told_as_it_happens(guest, west, east, oekd, monitor):
    responder = oekd(east, {"clear-or-private": west.networks})
    oekd(west, {"private-or-clear": east.networks})
    told = monitor(west)
    assert west.ping(east).lost == 0
    wait_until(lambda: told.states(east.ipv4) == ["pending", "keyed"], guest.patience(5), "two decisions")
    keyed = told.decisions(east.ipv4)[1]
    assert keyed["local"] == west.ipv4 and keyed["protection"] == "anonymous" and keyed["from"] == "pending"
    assert keyed["file"].endswith("/private-or-clear") and keyed["line"] == 1 and "AUTH-NULL" in keyed["why"]

    counted = metrics(west)
    assert counted['oekd_decisions_total{from="pending",to="keyed"}'] == 1
    assert counted['oekd_flows{group="private-or-clear",protection="anonymous",state="keyed"}'] == 1
    assert counted["oekd_negotiations_started_total"] == 1 and counted["oekd_acquires_total"] >= 1

    assert history(why(west, east.ipv4)) == ["expired -> pending", "pending -> keyed"]

    responder.stop()
    wait_until(lambda: told.states(east.ipv4)[-1] == "expired", guest.patience(5), "the end of the flow")
    assert not why(west, east.ipv4)["flows"], "a flow that ended well leaves nothing to remember"
    told.stop()


def test_monitor_ends_when_the_daemon_does(west, east, oekd, monitor):
    daemon = oekd(west, {"private-or-clear": east.networks})
    told = monitor(west, east.ipv4)
    daemon.stop()
    assert told.ended() == NO_DAEMON
    assert told.said().endswith("oekctl: oekd has stopped\n")


def test_why_tells_what_then_happens(wire, guest, west, plain, oekd):
    """A dry run sends nothing and leaves nothing in the kernel."""
    groups = {"private": plain.networks, "clear": ["0.0.0.0/0"], "block": [f"{plain.ipv4}/32 tcp 0 25"]}
    oekd(west, groups, {"hold": {"silence": "200ms", "limit": "5s"}})
    before = why(west, plain.ipv4)
    assert before["line"]["group"] == "private" and before["line"]["file"].endswith("/private")
    assert [line["group"] for line in before["overruled"]] == ["clear"]
    assert [line["service"] for line in before["exceptions"]] == ["tcp 0 25"]
    assert "held while IKE asks" in before["forecast"][0] and "dropped" in before["forecast"][1]
    mail = why(west, plain.ipv4, "--proto", "tcp", "--remote-port", "25")
    assert mail["line"]["group"] == "block" and "dropped" in mail["forecast"][0]
    assert "exempt" in why(west, west.ipv4)["forecast"][0]
    assert why(west, "198.51.100.1")["line"]["group"] == "clear"
    assert not wire.sent(west, plain) and not [state for state in west.xfrm_states() if state.larval]

    assert west.ping(plain, count=2, seconds=0.5).received == 0
    wait_until(lambda: west.flow_with(plain)["state"] == "deny", guest.patience(5), "the flow to be denied")
    after = why(west, plain.ipv4)
    assert "the next packet is dropped" in after["forecast"][0]
    assert history(after) == ["expired -> pending", "pending -> deny"]


def test_a_reload_tells_what_is_in_force_and_touches_what_changed_only(guest, west, east, plain, oekd, monitor):
    oekd(east, {"clear-or-private": west.networks})
    daemon = oekd(west, {"private-or-clear": east.networks + plain.networks})
    assert west.ping(east).lost == 0 and west.ping(plain).lost == 0
    spis = {state.spi for state in west.sas_with(east)}
    told = monitor(west)

    (daemon.policies / "private-or-clear").write_text("\n".join(east.networks + ["10.2.0.0/33", ""]))
    (daemon.policies / "clear").write_text("\n".join(plain.networks + [""]))
    done = json.loads(west.oekctl("reload", "--json"))
    assert done["lines"] == 4 and len(done["warnings"]) == 1
    assert "private-or-clear:3" in done["warnings"][0] and "10.2.0.0/33" in done["warnings"][0]
    assert why(west, plain.ipv4)["line"]["group"] == "clear" and not west.flow_with(plain)
    assert {state.spi for state in west.sas_with(east)} == spis
    assert west.ping(east).lost == 0
    wait_until(lambda: told.states(plain.ipv4) == ["expired"], guest.patience(5), "the end of the flow to plain")
    assert not told.decisions(east.ipv4)
    assert metrics(west)['oekd_reloads_total{result="done"}'] == 1
    told.stop()


def test_a_reload_that_is_not_possible_leaves_the_old_policy(wire, west, east, oekd):
    oekd(east, {"clear-or-private": west.networks})
    daemon = oekd(west, {"private-or-clear": east.networks})
    daemon.policies.rename(daemon.policies.with_name("elsewhere"))
    command = west.command("oekctl", "--socket", str(west.control), "reload")
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == FAILURE and not done.stdout
    assert "No such file" in done.stderr and done.stderr.endswith("; the old policy stays in force\n")
    assert metrics(west)['oekd_reloads_total{result="failed"}'] == 1
    assert west.ping(east).lost == 0
    wire.assert_encrypted(west, east)


def test_a_flood_of_decisions_is_counted_and_monitored_but_not_logged(guest, west, plain, oekd, monitor):
    daemon = oekd(west, {"private-or-clear": plain.networks}, {"hold": {"silence": "50ms", "limit": "5s"}})
    told = monitor(west, "10.3.0.0/16")
    addresses = [f"10.3.{1 + number // 250}.{1 + number % 250}" for number in range(MANY)]
    with west.udp_socket() as sender:
        for address in addresses:
            wait_until(lambda: is_sent(sender, address), guest.patience(5), f"a packet to {address} to leave")
    wait_until(
        lambda: {one["remote"] for one in told.decisions() if one["to"] == "clear"} >= set(addresses),
        guest.patience(20),
        f"{MANY} decisions",
    )
    left_out = metrics(west)['oekd_log_lines_left_out_total{about="decisions"}']
    assert 0 < left_out < MANY
    told.stop()
    daemon.stop()
    logged = daemon.said().count("-> clear")
    assert 100 <= logged < MANY
    assert re.search(r"\d+ more lines about decisions are left out", daemon.said())
