# SPDX-License-Identifier: GPL-2.0-or-later
"""Host names in group files, with a real DNS server: resolved, kept current, never opening what is closed."""

import json

import pytest
from lab.wait import wait_until

NAME = "www.example.net"
FAST = 1  # second: the TTL of the zone, and the shortest that counts


def zone(*addresses: str) -> dict[str, list[str]]:
    return {"example.net": [f"www {'AAAA' if ':' in address else 'A'} {address}" for address in addresses]}


def asking(folder, server, anchor: str = "/dev/null") -> dict:
    """Part of oekd.conf: whom to ask, and whose signature counts."""
    path = folder / "resolv.conf"
    path.write_text(f"nameserver {server.host.ipv4}\n")
    return {"dns": {"resolv-conf": str(path), "trust-anchor": anchor, "ttl-min": "1s"}}


def name_of(host) -> dict:
    """What `oekctl status` says of the only name."""
    (name,) = json.loads(host.oekctl("status", "--json"))["names"]
    return name


def wait_resolved(guest, host, *addresses: str) -> None:
    wait_until(
        lambda: sorted(name_of(host)["addresses"]) == sorted(addresses),
        guest.patience(15),
        f"{addresses} in oekd",
    )
    # The table follows within a moment.
    wait_until(lambda: all(line_for(host, address) for address in addresses), guest.patience(5), "the lines")


def line_for(host, address: str) -> dict | None:
    return json.loads(host.oekctl("why", "--json", address))["line"]


@pytest.mark.parametrize("family", [4, 6])
def test_a_name_is_encrypted_to_like_its_address(wire, guest, west, east, plain, oekd, nsd, tmp_path, family):
    server = nsd(plain, zone(*east.addresses))
    oekd(east, {"private-or-clear": west.networks})
    oekd(west, {"private-or-clear": [NAME]}, asking(tmp_path, server))
    wait_resolved(guest, west, *east.addresses)
    assert west.ping(east, family).lost == 0
    wire.assert_encrypted(west, east)
    flow = west.flow_with(east, family)
    assert (flow["file"].split("/")[-1], flow["line"]) == ("private-or-clear", 1)


def test_who_waits_for_a_name_does_not_hold_up_the_rest(wire, west, east, plain, oekd, tmp_path):
    """Nobody answers there; everything that is written is in force at once."""
    nowhere = tmp_path / "resolv.conf"
    nowhere.write_text(f"nameserver {plain.ipv4}\n")
    oekd(east, {"private-or-clear": west.networks})
    oekd(west, {"private-or-clear": east.networks, "private": [NAME]}, {"dns": {"resolv-conf": str(nowhere)}})
    assert west.ping(east).lost == 0
    wire.assert_encrypted(west, east)
    assert name_of(west)["addresses"] == []


def test_a_change_is_followed_when_the_ttl_ends(wire, guest, west, east, plain, oekd, nsd, tmp_path):
    """Only the flow whose line is gone ends; the other one keeps its SA."""
    server = nsd(plain, zone(east.ipv4), ttl=FAST)
    oekd(east, {"private-or-clear": west.networks})
    oekd(west, {"private-or-clear": [NAME, east.ipv6]}, asking(tmp_path, server))
    wait_resolved(guest, west, east.ipv4)
    for family in (4, 6):
        assert west.ping(east, family).lost == 0
    spis = {state.spi for state in west.sas_with(east) if ":" in state.src}

    server.change("example.net", zone(plain.ipv4)["example.net"])
    wait_resolved(guest, west, plain.ipv4)
    wait_until(lambda: west.flow_with(east) is None, guest.patience(5), "the flow to end")
    assert line_for(west, east.ipv4) is None
    assert {state.spi for state in west.sas_with(east) if ":" in state.src} == spis
    assert west.ping(plain).lost == 0
    assert wire.ike(west, plain, "IKE_SA_INIT"), "the new address is asked whether it can"


def test_old_addresses_stay_while_the_dns_is_down(wire, guest, west, east, plain, oekd, nsd, tmp_path):
    server = nsd(plain, zone(east.ipv4), ttl=FAST)
    oekd(east, {"private-or-clear": west.networks})
    oekd(west, {"private": [NAME]}, asking(tmp_path, server))
    wait_resolved(guest, west, east.ipv4)
    server.stop()
    wait_until(lambda: name_of(west)["problem"], guest.patience(30), "the outage to be noticed")
    assert name_of(west)["addresses"] == [east.ipv4]
    assert f"{NAME}: " in west.oekctl("status")
    assert west.ping(east).lost == 0
    wire.assert_encrypted(west, east)

    server.write("example.net", zone(east.ipv4, east.ipv6)["example.net"])
    server.start()
    wait_resolved(guest, west, east.ipv4, east.ipv6)
    assert name_of(west)["problem"] is None


def test_an_unsigned_name_does_not_open_what_is_closed(wire, guest, west, plain, east, oekd, nsd, tmp_path):
    server = nsd(east, zone(plain.ipv4))
    config = asking(tmp_path, server) | {"hold": {"silence": "200ms", "limit": "5s"}}
    oekd(west, {"private": ["0.0.0.0/0"], "clear": [NAME]}, config)
    wait_until(lambda: name_of(west)["addresses"], guest.patience(15), "the name to be resolved")
    refusal = f"clear:1: {NAME}: its addresses are not signed, so they cannot be put into clear"
    wait_until(lambda: refusal in west.oekctl("status"), guest.patience(5), "the warning")
    assert line_for(west, plain.ipv4)["group"] == "private"
    assert west.ping(plain, count=2, seconds=0.5).received == 0
    assert not wire.cleartext(west, plain)


def test_a_signed_name_may_be_put_into_clear(wire, guest, west, plain, east, oekd, nsd, tmp_path):
    """As long as it is signed by somebody who is trusted."""
    server = nsd(east, zone(plain.ipv4), signed=True)
    oekd(west, {"private": ["0.0.0.0/0"], "clear": [NAME]}, asking(tmp_path, server, server.trust_anchor))
    wait_resolved(guest, west, plain.ipv4)
    assert name_of(west)["signed_addresses"] == [plain.ipv4]
    wait_until(lambda: line_for(west, plain.ipv4)["group"] == "clear", guest.patience(5), "the line in clear")
    assert west.ping(plain).lost == 0
    wire.assert_clear(west, plain)


def test_a_reload_brings_names_and_takes_them_away(guest, west, east, plain, oekd, nsd, tmp_path):
    server = nsd(plain, zone(east.ipv4))
    daemon = oekd(west, {"private-or-clear": plain.networks}, asking(tmp_path, server))
    daemon.reload({"private-or-clear": plain.networks, "private": [NAME]})
    wait_resolved(guest, west, east.ipv4)
    assert line_for(west, east.ipv4)["group"] == "private"
    daemon.reload({"private-or-clear": plain.networks})
    assert line_for(west, east.ipv4) is None
