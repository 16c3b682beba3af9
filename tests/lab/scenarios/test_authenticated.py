# SPDX-License-Identifier: GPL-2.0-or-later
"""Keys from real DNS servers decide what a flow is worth (acceptance 21 to 24, 28; RFC 4322, RFC 7435)."""

import subprocess
from pathlib import Path

import pytest
from lab import clock
from lab.host import Host
from lab.pcap import UDP
from lab.wait import wait_until

FAMILIES = pytest.mark.parametrize("family", [4, 6])
AUTH = ["dnssec", "dns", "null"]
GROUPS = ("clear-or-private", "private-or-clear", "private")
ZONE_OF = {
    ("west", 4): "1.10.in-addr.arpa",
    ("east", 4): "2.10.in-addr.arpa",
    ("west", 6): "1.0.d.f.ip6.arpa",
    ("east", 6): "2.0.d.f.ip6.arpa",
}
TOPS = ("10.in-addr.arpa", "d.f.ip6.arpa")  # the Internet's root does not vouch for them


def oekctl(host: Host, *words: str) -> str:
    done = subprocess.run(host.command("oekctl", *words), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


class World:
    """Keys, zones that have them, and oekd on the hosts. Zones are signed unless they are said not to be."""

    def __init__(self, folder: Path, hosts, start_nsd, start_unbound, start_oekd):
        self._folder = folder
        self._west, self._east, self._plain = hosts
        self._nsd, self._unbound, self._oekd = start_nsd, start_unbound, start_oekd
        self._anchors = ""

    def key(self, name: str, kind: str = "ed25519") -> Path:
        file = self._folder / f"{name}.pem"
        if not file.exists():
            oekctl(self._west, "key", "generate", "--type", kind, "--file", str(file))
        return file

    def publish(self, published: dict[Host, Path], unsigned: tuple[Host, ...] = (), forged: Host | None = None):
        """Starts the DNS: each host's reverse names have this key."""
        zones: dict[str, list[str]] = {".": [], **{top: [] for top in TOPS}}
        for (name, family), zone in ZONE_OF.items():
            host = self._west if name == "west" else self._east
            zones[zone] = []
            if host in published:
                text = oekctl(host, "publish", host.address(family), "--file", str(published[host]))
                zones[zone] = [line for line in text.splitlines() if line and not line.startswith(";")]
        signed = [zone for zone in zones if not any(zone in zones_of(host) for host in unsigned)]
        self.server = self._nsd(self._plain, zones, ttl=60, signed=signed)
        if forged:
            good, bad = (key_text(oekctl, self._west, key) for key in (published[forged], self.key("forger")))
            for zone in zones_of(forged):
                self.server.change(zone, zones[zone], forged=(good, bad))
        self._anchors = self.server.trust_anchors(".", *TOPS)
        self._unbound(self._east, self.server, self._anchors)

    def oekd(self, host: Host, groups: dict[str, list[str]], key: Path | None = None, **config):
        """With this key, and with nobody's where none is given."""
        resolv_conf = self._folder / "resolv.conf"
        resolv_conf.write_text(f"nameserver {self._east.ipv4}\n")
        settings = {
            "dns": {"resolv-conf": str(resolv_conf), "trust-anchor": self._anchors, "deadline": "9s"},
            "group": {group: {"auth": AUTH} for group in GROUPS},
            "hold": {"silence": "3s", "limit": "20s"},  # one processor for two oekd and the DNS
        }
        if key:
            settings["identity"] = {"key": str(key)}
        return self._oekd(host, groups, settings | config)


def zones_of(host: Host) -> list[str]:
    return [zone for (name, _), zone in ZONE_OF.items() if name == str(host)]


def key_text(run, host: Host, file: Path) -> str:
    """The key as a record has it."""
    line = run(host, "publish", host.ipv4, "--file", str(file)).splitlines()[-1]
    return line.split()[-1]


@pytest.fixture
def world(tmp_path, west, east, plain, nsd, unbound, oekd):
    """Without a clock nobody could tell a forged signature from an old one."""
    with clock.restored():
        clock.set_now()
        yield World(tmp_path, (west, east, plain), nsd, unbound, oekd)


def published_for(guest, *hosts):
    """Each has seen that its own key is published."""
    for host in hosts:
        wait_until(lambda h=host: "our key is published" in said(h), guest.patience(10), f"{host} to see its key")


def said(host: Host) -> str:
    return host.oekctl("status")


def leaked(wire, west, east):
    """What went in the clear, besides what is asked of the resolver on east."""
    return [packet for packet in wire.cleartext(west, east) if 53 not in packet.ports]


def assert_encrypted(wire, west, east):
    assert wire.saw_esp(west, east) and not leaked(wire, west, east)


def protections(west, east, family):
    return west.flow_with(east, family)["protection"], east.flow_with(west, family)["protection"]


@FAMILIES
@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "ecdsa384", "rsa"])
def test_both_prove_a_key_that_dnssec_has(wire, guest, west, east, world, family, kind):
    ours, theirs = world.key("west", kind), world.key("east", kind)
    world.publish({west: ours, east: theirs})
    world.oekd(east, {"clear-or-private": west.networks}, theirs)
    world.oekd(west, {"private-or-clear": east.networks}, ours)
    published_for(guest, west, east)
    ping = west.ping(east, family)
    assert ping.lost == 0, f"{ping}"
    assert_encrypted(wire, west, east)
    assert protections(west, east, family) == ("dnssec", "dnssec")


@FAMILIES
@pytest.mark.parametrize("group", ["private-or-clear", "private"])
def test_an_anonymous_client_knows_whom_it_talks_to(wire, guest, west, east, world, family, group):
    theirs = world.key("east")
    world.publish({east: theirs})
    world.oekd(east, {"clear-or-private": west.networks}, theirs)
    world.oekd(west, {group: east.networks})
    published_for(guest, east)
    assert west.ping(east, family).lost == 0
    assert_encrypted(wire, west, east)
    assert protections(west, east, family) == ("dnssec", "anonymous")


@FAMILIES
def test_without_dnssec_a_key_is_worth_less(wire, guest, west, east, world, family):
    theirs = world.key("east")
    world.publish({east: theirs}, unsigned=(east,))
    world.oekd(east, {"clear-or-private": west.networks}, theirs)
    world.oekd(west, {"private-or-clear": east.networks})
    published_for(guest, east)
    assert west.ping(east, family).lost == 0
    assert protections(west, east, family) == ("dns", "anonymous")


@FAMILIES
def test_without_a_record_all_is_as_before(wire, west, east, world, family):
    world.publish({})
    world.oekd(east, {"clear-or-private": west.networks})
    world.oekd(west, {"private-or-clear": east.networks})
    assert west.ping(east, family).lost == 0
    assert_encrypted(wire, west, east)
    assert protections(west, east, family) == ("anonymous", "anonymous")


@FAMILIES
@pytest.mark.parametrize("impostor", ["another key", "no key"])
def test_who_cannot_prove_a_signed_key_gets_nothing(wire, guest, west, east, world, family, impostor):
    """Also where the group may go clear: somebody in between wants just that."""
    world.publish({east: world.key("east")})
    world.oekd(east, {"clear-or-private": west.networks}, world.key("impostor") if impostor == "another key" else None)
    world.oekd(west, {"private-or-clear": east.networks})
    west.ping(east, family, count=1, seconds=0)
    wait_until(lambda: west.flow_with(east, family)["state"] == "deny", guest.patience(5), "a denial")
    assert west.ping(east, family, count=2).received == 0
    assert not leaked(wire, west, east) and not wire.saw_esp(west, east)


@FAMILIES
def test_who_cannot_prove_an_unsigned_key_is_anybody(wire, west, east, world, family):
    """A forger of the DNS could cut traffic otherwise."""
    world.publish({east: world.key("east")}, unsigned=(east,))
    world.oekd(east, {"clear-or-private": west.networks}, world.key("another"))
    world.oekd(west, {"private-or-clear": east.networks})
    assert west.ping(east, family).lost == 0
    assert_encrypted(wire, west, east)
    assert protections(west, east, family) == ("anonymous", "anonymous")


@FAMILIES
def test_a_forged_record_lets_nothing_through(wire, guest, west, east, world, family):
    theirs = world.key("east")
    world.publish({east: theirs}, forged=east)
    world.oekd(east, {"clear-or-private": west.networks}, theirs)
    world.oekd(west, {"private-or-clear": east.networks})
    west.ping(east, family, count=1, seconds=0)
    wait_until(lambda: west.flow_with(east, family)["state"] == "deny", guest.patience(5), "a denial")
    assert not wire.ike(west, east) and not leaked(wire, west, east)


@FAMILIES
def test_nobody_lowers_a_promise_by_being_the_first(wire, guest, west, east, world, family):
    """East's address has a key in the DNS; who begins from there without it is refused (scenario 28)."""
    world.publish({east: world.key("east")})
    world.oekd(west, {"clear-or-private": east.networks})
    answers = [f"{west.ipv4} udp 53 0", f"{west.ipv6} udp 53 0"]  # of the resolver there, which west asks
    world.oekd(east, {"private": west.networks, "clear": answers})
    east.ping(west, family, count=1, seconds=0)
    wait_until(lambda: east.flow_with(west, family)["state"] == "deny", guest.patience(5), "a refusal")
    assert not west.flows() and not west.xfrm_states()
    assert not wire.saw_esp(west, east)


@FAMILIES
@pytest.mark.parametrize("promise_broken", ["clear", "deny"])
def test_silence_of_whom_dnssec_promises(wire, guest, west, east, road, world, family, promise_broken):
    world.publish({east: world.key("east")})
    road.drop(west, protocol=UDP, port=500)
    group = {"private-or-clear": {"auth": AUTH, "promise-broken": promise_broken}}
    world.oekd(west, {"private-or-clear": east.networks}, group=group)
    state = {"clear": "clear", "deny": "deny"}[promise_broken]
    west.ping(east, family, count=1, seconds=0)
    wait_until(lambda: west.flow_with(east, family)["state"] == state, guest.patience(8), state)
    assert (west.ping(east, family, count=2).received == 2) == (promise_broken == "clear")


@FAMILIES
def test_private_may_ask_for_dnssec(wire, guest, west, east, world, family):
    world.publish({})
    world.oekd(east, {"clear-or-private": west.networks})
    world.oekd(west, {"private": east.networks}, group={"private": {"auth": ["dnssec"]}})
    assert west.ping(east, family, count=2).received == 0
    assert west.flow_with(east, family)["state"] == "deny"
    assert not wire.ike(west, east) and not leaked(wire, west, east)


def test_slow_dns_costs_its_time_and_no_failure(wire, guest, west, east, plain, road, world):
    theirs = world.key("east")
    world.publish({east: theirs})
    world.oekd(east, {"clear-or-private": west.networks}, theirs)
    published_for(guest, east)
    world.oekd(west, {"private-or-clear": east.networks})
    road.delay(200)
    ping = west.ping(east, count=3)
    assert ping.lost == 0, f"{ping}"
    assert_encrypted(wire, west, east)
    assert protections(west, east, 4)[0] == "dnssec"


def test_no_dns_costs_its_deadline(wire, guest, west, east, world):
    """Then a peer is anybody, and encrypted."""
    world.publish({})
    world.server.stop()
    config = {"dns": {"deadline": "500ms", "trust-anchor": world._anchors}}
    world.oekd(east, {"clear-or-private": west.networks}, **config)
    world.oekd(west, {"private-or-clear": east.networks}, **config)
    ping = west.ping(east)
    assert ping.lost == 0 and ping.first_reply < guest.patience(2.5), f"{ping}"
    assert_encrypted(wire, west, east)
    assert protections(west, east, 4) == ("anonymous", "anonymous")
