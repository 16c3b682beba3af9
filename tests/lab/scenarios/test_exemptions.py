# SPDX-License-Identifier: GPL-2.0-or-later
"""What is never trapped, even where everything is: acceptance 40."""

import json

import pytest
from lab import clock, dns
from lab.pcap import ICMP, UDP
from lab.tun import protocol, tun
from lab.wait import wait_until

EVERYTHING = ["0.0.0.0/0", "::/0"]


@pytest.mark.parametrize("group", ["private", "private-or-clear"])
def test_the_host_itself_is_always_reached(west, oekd, group):
    oekd(west, {group: EVERYTHING})
    for address in ("127.0.0.1", "::1", *west.addresses):
        ping = west.ping_address(address, count=2, interval=0.01)
        assert ping.lost == 0 and ping.first_reply < 1, f"{address}: {ping}"
    assert not west.flows(), "no flow with oneself"


@pytest.mark.parametrize("family", [4, 6])
def test_ike_and_neighbour_discovery_pass(wire, west, east, oekd, family):
    """Without neighbours' addresses IKE cannot start, and IKE must not wait for IKE."""
    oekd(east, {"private": EVERYTHING})
    oekd(west, {"private": EVERYTHING})
    for host in (west, east):
        host.ip("neigh flush dev eth0")
    ping = west.ping(east, family)
    assert ping.lost == 0, f"{ping}"
    wire.assert_encrypted(west, east)


def test_neighbours_are_reached_by_link_local_and_multicast(west, oekd):
    oekd(west, {"private": EVERYTHING})
    west.ip("neigh flush dev eth0")
    assert (
        west.ping_address("ff02::2%eth0", count=2, interval=0.01).lost == 0
    ), "all routers of the link: the road"


def exempt(host) -> dict:
    """What `oekctl status` says of it."""
    return json.loads(host.oekctl("status", "--json"))["exempt"]


def assert_trapped(wire, guest, west, plain):
    """A packet without exemption is held, and IKE asks the peer about it."""
    assert west.ping(plain, count=1, seconds=0.2).received == 0
    wait_until(lambda: wire.ike(west, plain, "IKE_SA_INIT"), guest.patience(5), "IKE")


def assert_dns_passes(west, server, guest, family=4):
    """Not held: that would take 10 s."""
    answer = dns.query(west, server.host.address(family), "www.example.net", seconds=guest.patience(5))
    assert answer and answer.rcode == 0 and answer.records == 1
    assert answer.seconds < guest.patience(0.5), f"held: {answer.seconds} s"


EXAMPLE = {"example.net": ["www A 192.0.2.80"]}
HELD = {"hold": {"silence": "10s", "limit": "30s"}}


@pytest.mark.parametrize("group", ["private", "private-or-clear"])
@pytest.mark.parametrize("family", [4, 6])
def test_dns_is_not_delayed_behind_resolved(
    wire, guest, west, plain, road, oekd, nsd, tmp_path, group, family
):
    """resolv.conf names 127.0.0.53 only; whom systemd-resolved asks stands in its own file."""
    server = nsd(plain, EXAMPLE)
    road.drop(west, protocol=UDP, port=500)
    names = files(tmp_path, "127.0.0.53", plain.address(family))
    oekd(west, {group: EVERYTHING}, HELD | names)
    assert exempt(west)["dns_servers"] == [plain.address(family)]
    assert_dns_passes(west, server, guest, family)
    assert not wire.ike_sas(west, plain)
    assert not west.flow_with(plain, family)
    assert_trapped(wire, guest, west, plain)


def files(folder, resolv_conf: str | None, resolved: str | None = None) -> dict:
    """Part of oekd.conf: the two files, naming these servers."""
    paths = {"resolv-conf": folder / "resolv.conf", "resolved-conf": folder / "resolve" / "resolv.conf"}
    for path, server in zip(paths.values(), (resolv_conf, resolved)):
        if server is not None:
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"# written by somebody\nnameserver {server}\n")
    return {"dns": {key: str(path) for key, path in paths.items()}}


def test_a_change_of_resolvers_is_followed(guest, west, plain, east, road, oekd, nsd, tmp_path):
    """Files are replaced by renaming, and systemd-resolved may come later."""
    servers = [nsd(plain, EXAMPLE), nsd(east, EXAMPLE)]
    for host in (plain, east):
        road.drop(host, protocol=UDP, port=500)
    oekd(west, {"private": EVERYTHING}, HELD | files(tmp_path, plain.ipv4))
    assert_dns_passes(west, servers[0], guest)
    assert dns.query(west, east.ipv4, "www.example.net", seconds=0.2) is None

    files(tmp_path, "127.0.0.53", east.ipv4)
    wait_until(lambda: exempt(west)["dns_servers"] == [east.ipv4], guest.patience(5), "resolved's upstream")
    assert_dns_passes(west, servers[1], guest)
    assert dns.query(west, plain.ipv4, "www.example.net", seconds=0.2) is None

    new = tmp_path / "new"
    new.write_text(f"nameserver {plain.ipv4}\nnameserver {plain.ipv6}\n")
    new.rename(tmp_path / "resolv.conf")
    wait_until(
        lambda: exempt(west)["dns_servers"] == [plain.ipv4, plain.ipv6], guest.patience(5), "the new file"
    )
    assert_dns_passes(west, servers[0], guest)


@pytest.mark.parametrize("resolver", ["127.0.0.1", "own address", None])
def test_a_resolver_of_our_own_asks_whom_it_wants(
    wire, guest, west, plain, road, oekd, nsd, tmp_path, resolver
):
    server = nsd(plain, EXAMPLE)
    road.drop(west, protocol=UDP, port=500)
    names = files(tmp_path, west.ipv4 if resolver == "own address" else resolver)
    oekd(west, {"private": EVERYTHING}, HELD | names)
    assert exempt(west)["dns"] == "any"
    assert "DNS to any" in west.oekctl("status")
    assert_dns_passes(west, server, guest)
    assert_trapped(wire, guest, west, plain)


@pytest.mark.parametrize("mode", ["transport", "tunnel"])
def test_a_resolver_that_has_an_sa_is_asked_through_it(wire, guest, west, east, oekd, nsd, tmp_path, mode):
    """It may accept nothing else from us by then."""
    server = nsd(east, EXAMPLE)
    oekd(east, {"clear-or-private": west.networks})
    oekd(west, {"private-or-clear": EVERYTHING}, files(tmp_path, east.ipv4) | {"ike": {"mode": mode}})
    assert_dns_passes(west, server, guest)
    assert west.ping(east).lost == 0
    wait_until(lambda: east.flow_with(west)["state"] == "keyed", guest.patience(5), "east to hear of it")
    clear_before = len(wire.cleartext(west, east))
    assert clear_before > 0
    for _ in range(3):
        assert_dns_passes(west, server, guest)
    assert len(wire.cleartext(west, east)) == clear_before


def test_time_is_asked_for_until_the_clock_is_set(wire, guest, west, plain, road, oekd):
    road.drop(west, protocol=UDP, port=500)
    with clock.restored(), west.udp_socket() as client, plain.udp_socket(123) as server:
        clock.unset()
        oekd(west, {"private": EVERYTHING}, HELD)
        assert exempt(west)["ntp"] == "any"
        assert "NTP until the clock is set" in west.oekctl("status")
        for sock in (client, server):
            sock.settimeout(guest.patience(2))
        client.sendto(b"what time is it", (plain.ipv4, 123))
        question, sender = server.recvfrom(100)
        server.sendto(b"late", sender)
        assert (question, client.recv(100)) == (b"what time is it", b"late")
        assert not wire.ike_sas(west, plain)

        clock.set_now()
        wait_until(lambda: exempt(west)["ntp"] == "none", guest.patience(10), "the clock to be noticed")
        client.sendto(b"and now", (plain.ipv4, 123))
        wait_until(lambda: wire.ike(west, plain, "IKE_SA_INIT"), guest.patience(5), "IKE for the datagram")
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.recv(100)


def test_tunnel_devices_are_left_alone(guest, west, oekd):
    """Also one that comes later; and traffic between own addresses stays exempt, whoever has them."""
    oekd(west, {"private": EVERYTHING}, HELD)
    with tun(west, "vpn0", "10.8.0.1/24") as device:
        wait_until(lambda: exempt(west)["tunnels_left_out"] == ["vpn0"], guest.patience(5), "the device")
        assert "left out  vpn0" in west.oekctl("status")
        west.ping_address("10.8.0.2", count=1, seconds=0)
        assert [protocol(packet) for packet in device.packets()] == [ICMP]
        assert "10.8.0.1" in exempt(west)["own_addresses"]
        with west.udp_socket(7777, address="10.8.0.1") as inside, west.udp_socket() as outside:
            inside.settimeout(guest.patience(1))
            outside.sendto(b"to myself", ("10.8.0.1", 7777))
            assert inside.recv(100) == b"to myself"
    wait_until(lambda: not exempt(west)["tunnels_left_out"], guest.patience(5), "the device to be gone")


def test_a_tunnel_device_that_is_listed_is_like_others(guest, west, oekd):
    with tun(west, "vpn0", "10.8.0.1/24") as device:
        oekd(west, {"private": EVERYTHING}, HELD | {"interfaces": ["vpn*"]})
        assert exempt(west)["tunnels_left_out"] == []
        west.ping_address("10.8.0.2", count=1, seconds=0)
        seen: list[int] = []

        def asked() -> bool:
            seen.extend(protocol(packet) for packet in device.packets())
            return UDP in seen

        wait_until(asked, guest.patience(5), "IKE through the tunnel")
        assert ICMP not in seen
