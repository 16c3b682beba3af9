// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/exemption_names.h"
#include "kernel-glue/exemptions.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace oekd;

namespace {

/// "multicast (all)", "DHCP (some)".
std::vector<std::string> names_for(std::string_view remote, Service const& service = {})
{
    Exempt const exempt{
        .own_addresses = {Address::parse("192.0.2.7").value(), Address::parse("2001:db8::7").value()},
        .dns_servers = {Address::parse("192.0.2.53").value()}};
    std::vector<std::string> names;
    for (auto const& exemption : exemptions_of(Address::parse(remote).value(), service, exemptions(exempt)))
        names.push_back(fmt::format("{} ({}{})", exemption.name,
                                    exemption.covers == NamedExemption::Covers::All ? "all" : "some",
                                    exemption.before_lines ? "" : ", after lines"));
    return names;
}

using Names = std::vector<std::string>;

} // namespace

TEST_CASE("exemptions have the names that people know", "[exemptions]")
{
    auto const udp = [](std::string_view local, std::string_view remote) {
        return Service::read("udp", local, remote).value();
    };
    struct Row {
        std::string_view why;
        std::string_view remote;
        Service service;
        Names names;
    };
    for (auto const& row : {
             Row{"any host", "198.51.100.1", {}, {"DHCP (some)"}},
             Row{"a lease's renewal", "198.51.100.1", udp("68", "67"), {"DHCP (all)"}},
             Row{"another port", "198.51.100.1", udp("0", "68"), {}},
             Row{"any IPv6 host, five types and one name", "2001:db8::1", {}, {"neighbour discovery (some)"}},
             Row{"what ICMPv6 types are meant is not known",
                 "2001:db8::1",
                 Service{58, 0, 0},
                 {"neighbour discovery (some)"}},
             Row{"a resolver", "192.0.2.53", {}, {"DHCP (some)", "DNS (some)"}},
             Row{"a question to it", "192.0.2.53", udp("0", "53"), {"DNS (all)"}},
             Row{"ourselves", "192.0.2.7", {}, {"an own address of this host (all)", "DHCP (some)"}},
             Row{"a group", "ff02::1", {}, {"neighbour discovery (some)", "multicast (all)"}},
             Row{"all hosts", "255.255.255.255", {}, {"broadcast (all)", "DHCP (some)"}},
             Row{"a neighbour", "fe80::1", {}, {"neighbour discovery (some)", "link-local (all)"}},
             Row{"a service of a cloud",
                 "169.254.169.254",
                 {},
                 {"link-local (all, after lines)", "DHCP (some)"}},
         }) {
        INFO(row.why);
        CHECK(names_for(row.remote, row.service) == row.names);
    }
}
