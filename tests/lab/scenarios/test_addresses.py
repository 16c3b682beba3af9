# SPDX-License-Identifier: GPL-2.0-or-later
"""Each local address is a flow of its own, and may go and come back (acceptance 33, 34)."""

import time
from contextlib import contextmanager

import pytest
from lab.datagrams import both_ways
from lab.network import end_of_link
from lab.wait import wait_until

FAMILIES = pytest.mark.parametrize("family", [4, 6])


def second(host, family):
    return f"10.{host.number}.1.1" if family == 4 else f"fd0{host.number}::1:1"


@pytest.fixture
def two_addresses(west, family):
    with west.more_addresses([second(west, family)]):
        yield west.address(family), second(west, family)


def ping_from(host, source, destination, count=3):
    pair = (source, destination)
    return host.ping_pairs([pair], count, seconds=5)[pair]


def flows_of(host, local):
    return [flow for flow in host.flows() if flow["local"] == local]


def is_known(host, address):
    """To oekd: its policies are there, all of them since oekd has time to answer."""
    return address in host.ip("xfrm policy list") and host.oekctl("status")


def in_kernel(host):
    return host.ip("xfrm state list") + host.ip("xfrm policy list")


def is_gone(host, address):
    """Neither policy nor SA names it, larval ones included, and oekd knows no flow of it."""
    return address not in in_kernel(host) and not flows_of(host, address)


@FAMILIES
def test_two_addresses_have_an_sa_each(wire, west, east, oekd, two_addresses, family):
    oekd(east, {"clear-or-private": west.networks})
    oekd(west, {"private-or-clear": east.networks})
    for source in two_addresses:
        assert ping_from(west, source, east.address(family)).lost == 0
    spis = [west.spis_with(source) for source in two_addresses]
    assert [len(each) for each in spis] == [2, 2] and not spis[0] & spis[1]
    assert len({packet.ike.initiator_spi for packet in wire.packets() if packet.ike}) == 2
    assert {len(flows_of(west, source)) for source in two_addresses} == {1}
    ends = {east.address(family), *two_addresses}
    assert not [packet for packet in wire.packets() if packet.cleartext and {packet.src, packet.dst} <= ends]


@FAMILIES
def test_an_address_goes_and_the_other_flow_does_not_notice(guest, west, east, oekd, family):
    """And comes back: its flow begins anew."""
    oekd(east, {"clear-or-private": west.networks})
    oekd(west, {"private-or-clear": east.networks})
    ours, its = west.address(family), second(west, family)
    assert ping_from(west, ours, east.address(family)).lost == 0
    spis = west.spis_with(ours)
    with west.pinging(east.address(family), source=ours) as ping:
        for _ in range(2):
            with west.more_addresses([its]):
                wait_until(lambda: is_known(west, its), guest.patience(3), f"oekd to know {its}")
                assert ping_from(west, its, east.address(family)).lost == 0
                assert flows_of(west, its)[0]["protection"] == "anonymous"
            wait_until(lambda: is_gone(west, its), guest.patience(3), f"{its} to be forgotten")
    assert ping.lost == 0, f"{ping}"
    assert west.spis_with(ours) == spis


@contextmanager
def link_down(host):
    """The kernel takes routes, and IPv6 addresses, with it."""
    host.ip("link set eth0 down")
    try:
        yield
    finally:
        number = host.number
        host.ip(
            "link set eth0 up",
            f"addr replace fd0{number}::1/64 dev eth0 nodad",
            f"route replace default via 10.{number}.0.254",
            f"route replace default via fd0{number}::254",
        )


@FAMILIES
@pytest.mark.parametrize("line", ["the host", "its network"])
def test_an_interface_goes_and_comes_back(wire, guest, west, east, oekd, family, line):
    oekd(east, {"clear-or-private": west.networks})
    oekd(west, {"private-or-clear": east.networks if line == "its network" else list(east.addresses)})
    assert west.ping(east, family).lost == 0
    with link_down(west):
        if family == 6:
            wait_until(lambda: not west.flow_with(east, 6), guest.patience(5), "the address to be forgotten")
    wait_until(lambda: is_known(west, west.address(family)), guest.patience(3), "oekd to know the address")
    with west.pinging(east.address(family), interval=0.05) as ping:
        wait_until(lambda: ping.received >= 5, guest.patience(10), "answers")
    assert west.flow_with(east, family)["protection"] == "anonymous"
    assert west.ping(east, family).lost == 0 and east.ping(west, family).lost == 0
    assert not wire.cleartext(west, east)


@FAMILIES
def test_addresses_that_come_and_go_while_flows_are_pending(guest, west, plain, road, oekd, family):
    """Twenty of them, each in the middle of a hold: nothing of them stays in the kernel or in oekd."""
    road.drop(west)
    oekd(west, {"private": plain.networks})
    addresses = [f"10.1.2.{n}" if family == 4 else f"fd01::2:{n}" for n in range(1, 21)]
    for _ in range(2):
        with west.more_addresses(addresses):
            wait_until(lambda: is_known(west, addresses[-1]), guest.patience(3), "oekd to know them")
            west.ping_pairs([(address, plain.address(family)) for address in addresses], 1, seconds=0.1)
            wait_until(lambda: len(west.flows()) == 20, guest.patience(5), "twenty flows")
        wait_until(lambda: not west.flows(), guest.patience(5), "oekd to forget them")
    left = in_kernel(west)
    assert not [address for address in addresses if f"{address} " in left or f"{address}/" in left]


@FAMILIES
@pytest.mark.parametrize("group", ["private", "block"])
def test_an_address_that_comes_later_is_closed_too(guest, west, plain, oekd, family, group):
    oekd(west, {group: plain.networks})
    its = second(west, family)
    with west.more_addresses([its]), both_ways(west, its, plain, plain.address(family)) as traffic:
        wait_until(lambda: is_known(west, its), guest.patience(5), "its policies")
        traffic.is_stopped(time.monotonic())
