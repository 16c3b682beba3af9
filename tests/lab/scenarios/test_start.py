# SPDX-License-Identifier: GPL-2.0-or-later
"""A start that cannot work says why in one line, with file and line, and ends with the documented code."""

import subprocess

import pytest
from lab.oekd import configure

TEMPORARY, NO_PERMISSION, CONFIGURATION = 75, 77, 78  # sysexits.h; oekd(8), EXIT STATUS
WITHOUT_NET_ADMIN = ("setpriv", "--bounding-set", "-net_admin")


@pytest.fixture
def start(west, tmp_path):
    """Runs oekd on west until it ends; returns exit code and what it said."""

    def run(groups, config=None, *, wrapper=()):
        file = configure(tmp_path / "oekd", groups, config or {})
        done = subprocess.run(
            west.command(*wrapper, "oekd", "--config", str(file)), capture_output=True, text=True, timeout=30
        )
        return done.returncode, done.stderr.strip()

    return run


def test_an_unknown_key(start):
    code, said = start({}, {"hold": {"silense": "1s"}})
    assert code == CONFIGURATION
    assert "oekd.conf:" in said and "silense" in said and "\n" not in said


def test_a_group_directory_that_is_not_there(start, tmp_path):
    code, said = start({}, {"policies": str(tmp_path / "nowhere")})
    assert code == CONFIGURATION
    assert "nowhere" in said and "\n" not in said


def test_no_right_to_change_the_network(start):
    code, said = start({}, wrapper=WITHOUT_NET_ADMIN)
    assert code == NO_PERMISSION
    assert "CAP_NET_ADMIN" in said and "\n" not in said


def test_another_ike_daemon_has_the_port(start, west):
    with west.udp_socket(500):
        code, said = start({})
    assert code == TEMPORARY
    assert "500" in said and "\n" not in said


def test_a_bad_group_line_is_named_and_the_others_are_in_force(wire, west, east, plain, oekd):
    daemon = oekd(west, {"private-or-clear": ["10.2.0.0/33", *plain.networks]})
    assert "private-or-clear:1" in daemon.said()
    assert west.ping(plain).lost == 0 and west.ping(east).lost == 0
    assert wire.ike(west, plain) and not wire.ike(west, east)
