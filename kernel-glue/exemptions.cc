// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/exemptions.h"

#include "kernel-glue/flow_policies.h"
#include "kernel-glue/priorities.h"

#include <algorithm>
#include <array>
#include <netinet/in.h>
#include <set>

namespace oekd {

namespace {

using xfrm::Direction;
using xfrm::Policy;
using xfrm::Selector;
using xfrm::Verdict;

constexpr Service dhcp{IPPROTO_UDP, 68, 67};                                                // RFC 2131 §4.1
constexpr Service ntp{IPPROTO_UDP, 0, 123};                                                 // RFC 5905 §16
constexpr std::array dns_services{Service{IPPROTO_UDP, 0, 53}, Service{IPPROTO_TCP, 0, 53}, // RFC 1035 §4.2
                                  Service{IPPROTO_UDP, 0, 853},
                                  Service{IPPROTO_TCP, 0, 853}};                // RFC 9250, 7858
constexpr std::array<uint16_t, 5> neighbour_discovery{133, 134, 135, 136, 137}; // RFC 4861 §4

Prefix network(std::string_view text) { return Prefix::parse(text).value(); }

Prefix everything(Family family) { return {Address::any(family), 0}; }

Policy allow(Selector const& selector, Direction direction, uint32_t priority)
{
    return {selector, direction, priority, Verdict::Allow, std::nullopt};
}

/// To the network and from it.
void add_network(std::vector<Policy>& policies, Prefix const& network, uint32_t priority)
{
    auto const all = everything(network.family());
    policies.push_back(allow({all, network, 0, std::nullopt, std::nullopt}, Direction::Out, priority));
    policies.push_back(allow({network, all, 0, std::nullopt, std::nullopt}, Direction::In, priority));
}

/// To a service in this network, and its answers.
void add_service(std::vector<Policy>& policies, Prefix const& servers, Service const& service)
{
    auto const all = everything(servers.family());
    policies.push_back(allow(outbound_selector(all, servers, service), Direction::Out, service_priority()));
    policies.push_back(allow(inbound_selector(all, servers, service), Direction::In, service_priority()));
}

void add_neighbour_discovery(std::vector<Policy>& policies)
{
    auto const all = everything(Family::V6);
    for (auto const type : neighbour_discovery)
        for (auto const direction : {Direction::Out, Direction::In})
            policies.push_back(
                allow({all, all, IPPROTO_ICMPV6, type, std::nullopt}, direction, exemption_priority()));
}

// Multicast and broadcast are addressed to, never from.
void add_group_addresses(std::vector<Policy>& policies)
{
    for (auto const* text : {"224.0.0.0/4", "255.255.255.255/32", "ff00::/8"}) {
        auto const group = network(text);
        for (auto const direction : {Direction::Out, Direction::In})
            policies.push_back(allow({everything(group.family()), group, 0, std::nullopt, std::nullopt},
                                     direction, exemption_priority()));
    }
}

void add_link_local(std::vector<Policy>& policies)
{
    add_network(policies, network("fe80::/10"), exemption_priority());
    // Clear by default only: people have reasons to block the services that clouds offer in here.
    auto const v4 = network("169.254.0.0/16");
    add_network(policies, v4, unasked_priority(v4));
}

void add_dns(std::vector<Policy>& policies, Exempt const& exempt)
{
    std::set<Prefix> servers;
    for (auto const& address : exempt.dns_servers)
        servers.insert(Prefix::host(address));
    if (exempt.dns == Exempt::Dns::ToAny)
        servers = {everything(Family::V4), everything(Family::V6)};
    for (auto const& server : servers)
        for (auto const& service : dns_services)
            add_service(policies, server, service);
}

void add_ntp(std::vector<Policy>& policies)
{
    for (auto const family : {Family::V4, Family::V6})
        add_service(policies, everything(family), ntp);
}

} // namespace

std::vector<Service> exempt_services(Exempt const& exempt, Address const& peer)
{
    std::vector<Service> services;
    if (exempt.dns == Exempt::Dns::ToAny ||
        std::ranges::find(exempt.dns_servers, peer) != exempt.dns_servers.end())
        services.assign(dns_services.begin(), dns_services.end());
    if (exempt.ntp == Exempt::Ntp::ToAny)
        services.push_back(ntp);
    return services;
}

std::vector<Policy> exemptions(Exempt const& exempt)
{
    std::vector<Policy> policies;
    for (auto const& own : std::set(exempt.own_addresses.begin(), exempt.own_addresses.end()))
        add_network(policies, Prefix::host(own), exemption_priority());
    add_neighbour_discovery(policies);
    add_group_addresses(policies);
    add_link_local(policies);
    // The client's renewal goes from its own address to the server's.
    add_service(policies, everything(Family::V4), dhcp);
    add_dns(policies, exempt);
    if (exempt.ntp == Exempt::Ntp::ToAny)
        add_ntp(policies);
    return policies;
}

} // namespace oekd
