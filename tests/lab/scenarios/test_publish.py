# SPDX-License-Identifier: GPL-2.0-or-later
"""What `oekctl publish` prints loads into real DNS servers as it is, what it sends is taken; --check agrees."""

import json
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from lab.host import Host
from lab.nameservers import Bind, Knot, NameServer, tool, whole_zone
from lab.wait import wait_until

V4_ZONE, V6_ZONE = "2.0.192.in-addr.arpa", "8.b.d.0.1.0.0.2.ip6.arpa"
RANGES = {V4_ZONE: ("192.0.2.0/29", "192.0.2.80"), V6_ZONE: ("2001:db8::/125", "2001:db8:1::/48")}
ADDRESSES = {V4_ZONE: 9, V6_ZONE: 8 + 16}  # of the wildcard a sample
TTL = 1  # second


@dataclass
class Keys:
    """Keys of a host, and what it does with them."""

    host: Host
    file: Path

    def oekctl(self, *words: str, status: int = 0) -> str:
        command = self.host.command("oekctl", *words, "--file", str(self.file))
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert done.returncode == status, f"{words} -> {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def publish(self, *words: str) -> str:
        return self.oekctl("publish", *words)

    def check(
        self, server: Host, *ranges: str, anchor: str = "/dev/null", status: int = 1
    ) -> dict[str, list[str]]:
        """The addresses that have each result."""
        words = ("--check", "--json", "--server", server.ipv4, "--trust-anchor", anchor)
        report = json.loads(self.oekctl("publish", *words, *ranges, status=status))
        results: dict[str, list[str]] = {}
        for address in report["addresses"]:
            results.setdefault(address["result"], []).append(address["address"])
        assert {name: len(found) for name, found in results.items()} == {
            name: count for name, count in report["counts"].items() if count
        }
        return results


@pytest.fixture
def keys(west, tmp_path) -> Keys:
    """A current key, and a next one of another type."""
    made = Keys(west, tmp_path / "key.pem")
    made.oekctl("key", "generate")
    made.oekctl("key", "generate", "--next", "--type", "rsa", "--bits", "2048")
    return made


@pytest.fixture
def serving(running, tmp_path):
    """serving(Bind, plain, zone, lines) starts it there."""
    with ExitStack() as stack:

        def start(kind: type[NameServer], host: Host, zone: str, lines: str = "", **words: str) -> NameServer:
            folder = tmp_path / f"{kind.program}-{len(running)}"
            folder.mkdir()
            server = kind(host, folder, zone, lines, **words)
            running.append(server)
            stack.callback(server.stop)
            return server

        yield start


@pytest.mark.parametrize("zone", [V4_ZONE, V6_ZONE])
@pytest.mark.parametrize("kind", [Knot, Bind])
def test_other_servers_load_it_as_it_is(serving, keys, plain, kind, zone):
    serving(kind, plain, zone, keys.publish(*RANGES[zone]))
    results = keys.check(plain, *RANGES[zone])
    assert {name: len(found) for name, found in results.items()} == {"unsigned": ADDRESSES[zone]}


@pytest.mark.parametrize("zone", [V4_ZONE, V6_ZONE])
def test_nsd_serves_it_signed(nsd, keys, plain, zone):
    server = nsd(plain, {zone: keys.publish(*RANGES[zone]).splitlines()}, signed=True)
    results = keys.check(plain, *RANGES[zone], anchor=server.trust_anchor, status=0)
    assert {name: len(found) for name, found in results.items()} == {"matches": ADDRESSES[zone]}


@pytest.mark.parametrize(
    "words",
    [
        ("192.0.2.0/24",),
        ("192.0.2.0/24", "--gateway", "192.0.2.1"),
        ("192.0.2.0/24", "--gateway", "2001:db8::1", "--precedence", "255"),
        ("192.0.2.0/24", "--gateway", "gw-1.example.net"),
        ("192.0.2.0/24", "--gateway", "none"),
        ("192.0.2.0/24", "--wildcard"),
        ("192.0.2.64/26", "--rfc2317"),
    ],
)
def test_named_checkzone_accepts_it(keys, plain, tmp_path, words):
    file = tmp_path / "zone"
    file.write_text(whole_zone(V4_ZONE, keys.publish(*words)))
    assert "OK" in tool(plain, "named-checkzone", V4_ZONE, str(file))


@pytest.mark.parametrize("kind", [Knot, Bind])
def test_a_small_network_in_a_zone_of_its_own(serving, keys, plain, kind):
    """The zone above points there, as the comment says; whoever asks follows."""
    words = ("192.0.2.64/29", "--rfc2317")
    pointers = "".join(f"{n}.{V4_ZONE}. 60 IN CNAME {n}.64/29.{V4_ZONE}.\n" for n in range(64, 72))
    serving(kind, plain, V4_ZONE, pointers + keys.publish(*words))
    results = keys.check(plain, *words)
    assert {name: len(found) for name, found in results.items()} == {"unsigned": 8}


@pytest.mark.parametrize("algorithm", ["hmac-sha256", "hmac-sha512"])
def test_bind_takes_what_is_sent(serving, keys, plain, algorithm):
    server = serving(Bind, plain, V4_ZONE, algorithm=algorithm)
    assert keys.check(plain, "192.0.2.0/24") == {"missing": [f"192.0.2.{n}" for n in range(256)]}
    to_bind = ("--send", "--server", plain.ipv4, "--zone", V4_ZONE, "--tsig", str(server.tsig))
    assert keys.publish("192.0.2.0/24", *to_bind) == f"256 names sent to {plain.ipv4}\n"
    assert len(keys.check(plain, "192.0.2.0/24")["unsigned"]) == 256

    # What was there before is replaced, not added to.
    keys.oekctl("key", "activate", "--now")
    assert len(keys.check(plain, "192.0.2.0/24")["differs"]) == 256
    keys.publish("192.0.2.0/28", *to_bind)
    results = keys.check(plain, "192.0.2.0/27")
    assert results == {
        "unsigned": [f"192.0.2.{n}" for n in range(16)],
        "differs": [f"192.0.2.{n}" for n in range(16, 32)],
    }


def test_nsupdate_takes_the_script(serving, keys, plain, tmp_path):
    server = serving(Bind, plain, V4_ZONE)
    script = tmp_path / "script"
    words = ("--format", "nsupdate", "--server", plain.ipv4, "--zone", V4_ZONE)
    script.write_text(keys.publish("192.0.2.0/24", *words))
    tool(plain, "nsupdate", "-k", str(server.tsig), str(script))
    assert len(keys.check(plain, "192.0.2.0/24")["unsigned"]) == 256


def test_a_server_that_refuses_is_told(serving, keys, plain, tmp_path):
    server = serving(Bind, plain, V4_ZONE)
    wrong = tmp_path / "wrong"
    wrong.write_text(server.tsig.read_text().replace("b2VrZ", "B2VrZ"))
    to_bind = ("--send", "--server", plain.ipv4, "--zone", V4_ZONE, "--tsig")
    said = keys.oekctl("publish", "192.0.2.1", *to_bind, str(wrong), status=1)
    assert said == f"oekctl: {plain.ipv4}: the update of {V4_ZONE} is refused: NOTAUTH\n"
    said = keys.oekctl("publish", "10.9.9.9", *to_bind, str(server.tsig), status=64)
    assert said == f"oekctl: 10.9.9.9/32: 9.9.9.10.in-addr.arpa is not in the zone {V4_ZONE}\n"
    other = ("--send", "--server", plain.ipv4, "--zone", "9.10.in-addr.arpa", "--tsig", str(server.tsig))
    said = keys.oekctl("publish", "10.9.9.9", *other, status=1)
    assert said == f"oekctl: {plain.ipv4}: the update of 9.10.in-addr.arpa is refused: NOTAUTH\n"
    assert keys.check(plain, "192.0.2.1") == {"missing": ["192.0.2.1"]}


def test_check_tells_each_kind_of_difference(nsd, keys, plain):
    """One zone has all of them, but for those that are of the whole zone."""
    lines = keys.publish("192.0.2.0/30").splitlines()
    current, *_ = (line for line in lines if line.startswith("2."))
    changed = [line for line in lines if not line.startswith("2.")]
    changed = [line for line in changed if not (line.startswith("3.") and " 10 1 2 " in line)]  # RSA: the next
    changed.append(current.replace("2.2.0", "4.2.0").replace("192.0.2.2 ", "192.0.2.9 "))
    server = nsd(plain, {V4_ZONE: changed}, signed=True)
    words = (plain, "192.0.2.0/30", "192.0.2.4")
    assert keys.check(*words, anchor=server.trust_anchor) == {
        "matches": ["192.0.2.0", "192.0.2.1"],
        "missing": ["192.0.2.2"],
        "differs": ["192.0.2.3", "192.0.2.4"],
    }
    assert keys.check(*words)["unsigned"] == ["192.0.2.0", "192.0.2.1"]
    told = keys.oekctl(
        *("publish", "--check", "--server", plain.ipv4, "--trust-anchor", server.trust_anchor),
        *("192.0.2.0/30", "192.0.2.4"),
        status=1,
    ).splitlines()
    assert told[0].split(maxsplit=2) == ["192.0.2.2", "missing", "there is no such name"]
    assert told[1].split(maxsplit=2) == ["192.0.2.3", "differs", "the next key is not there"]
    assert told[2].startswith("192.0.2.4  differs")
    assert "also another gateway: 10 1 4 192.0.2.9 " in told[2]
    assert told[3].replace(" · ", ", ") == "2 matches, 1 missing, 2 differs"

    # Somebody puts another key there, and cannot sign it.
    server.change(V4_ZONE, lines, forged=(current.split()[-1], "AAAA" + current.split()[-1][4:]))
    assert keys.check(*words, anchor=server.trust_anchor)["bogus"] == [f"192.0.2.{n}" for n in range(4)]
    server.stop()
    assert set(keys.check(*words, anchor=server.trust_anchor)) == {"no-answer"}


def test_roll_over_waits_for_the_dns(guest, nsd, keys, plain):
    """The next key is used only when it was everywhere for as long as old records may live."""
    new = keys.publish("192.0.2.7", "--ttl", str(TTL)).splitlines()
    old = [line for line in new if " 10 1 4 " in line]
    server = nsd(plain, {V4_ZONE: old}, ttl=TTL, signed=True)
    check = (plain, "192.0.2.7")
    assert set(keys.check(*check, anchor=server.trust_anchor)) == {"differs"}
    assert "was not seen in the DNS yet" in keys.oekctl("key", "activate", "--ttl", str(TTL), status=1)

    server.change(V4_ZONE, new)
    assert set(keys.check(*check, anchor=server.trust_anchor, status=0)) == {"matches"}
    assert "peers may have records without it until" in keys.oekctl("key", "activate", status=1)
    before = json.loads(keys.oekctl("key", "show", "--json"))
    activate = keys.host.command("oekctl", "key", "activate", "--ttl", str(TTL), "--file", str(keys.file))
    wait_until(
        lambda: subprocess.run(activate, capture_output=True).returncode == 0,
        guest.patience(10),
        "the old TTL to pass",
    )
    after = json.loads(keys.oekctl("key", "show", "--json"))
    assert after["current"]["fingerprint"] == before["next"]["fingerprint"]
    assert after["next"] is None
    assert "there is no next key" in keys.oekctl("key", "activate", status=1)
    assert keys.file.with_name("key.old.pem").stat().st_mode & 0o777 == 0o600


def test_a_key_missing_again_begins_the_wait_anew(nsd, keys, plain):
    new = keys.publish("192.0.2.7", "--ttl", str(TTL)).splitlines()
    server = nsd(plain, {V4_ZONE: new}, ttl=TTL, signed=True)
    keys.check(plain, "192.0.2.7", anchor=server.trust_anchor, status=0)
    assert json.loads(keys.oekctl("key", "show", "--json"))["next"]["seen_in_dns"]
    server.change(V4_ZONE, [line for line in new if " 10 1 4 " in line])
    assert set(keys.check(plain, "192.0.2.7", anchor=server.trust_anchor)) == {"differs"}
    assert json.loads(keys.oekctl("key", "show", "--json"))["next"]["seen_in_dns"] is None
