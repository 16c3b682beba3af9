// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/exemption_names.h"

#include "kernel-glue/priorities.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <netinet/in.h>

namespace oekd {

namespace {

using xfrm::Selector;

struct NetworkName {
    std::string_view network;
    std::string_view name;
};
constexpr std::array network_names{
    NetworkName{"224.0.0.0/4", "multicast"}, NetworkName{"ff00::/8", "multicast"},
    NetworkName{"255.255.255.255/32", "broadcast"}, NetworkName{"169.254.0.0/16", "link-local"},
    NetworkName{"fe80::/10", "link-local"}};

struct PortName {
    uint16_t port;
    std::string_view name;
};
constexpr std::array port_names{PortName{53, "DNS"}, PortName{853, "DNS"}, PortName{67, "DHCP"},
                                PortName{123, "NTP"}};

std::string name_of(Selector const& selector)
{
    auto const destination = selector.destination.to_string();
    auto const* const network = std::ranges::find(network_names, destination, &NetworkName::network);
    if (network != network_names.end())
        return std::string(network->name);
    if (selector.protocol == 0 && selector.destination.is_host())
        return "an own address of this host";
    if (selector.protocol == IPPROTO_ICMPV6)
        return "neighbour discovery";
    auto const port = selector.destination_port.value_or(0);
    auto const* const known = std::ranges::find(port_names, port, &PortName::port);
    if (known != port_names.end())
        return std::string(known->name);
    return fmt::format("protocol {} port {} of {}", selector.protocol, port, destination);
}

/// For ICMP the ports are type and code, which a service does not name.
Service service_of(Selector const& selector)
{
    if (!has_ports(selector.protocol))
        return {selector.protocol, 0, 0};
    return {selector.protocol, selector.source_port.value_or(0), selector.destination_port.value_or(0)};
}

bool names_all_packets_of(Service const& service, Selector const& selector)
{
    bool const by_type = selector.source_port.has_value() && !has_ports(selector.protocol);
    return !by_type && service_of(selector).contains(service);
}

} // namespace

std::vector<NamedExemption> exemptions_of(Address const& remote, Service const& service,
                                          std::span<xfrm::Policy const> exemptions)
{
    std::vector<NamedExemption> named;
    for (auto const& policy : exemptions) {
        auto const& selector = policy.selector;
        bool const all = names_all_packets_of(service, selector);
        if (policy.direction != xfrm::Direction::Out || !selector.destination.contains(remote) ||
            (!all && !service.contains(service_of(selector))))
            continue;
        NamedExemption exemption{name_of(selector),
                                 all ? NamedExemption::Covers::All : NamedExemption::Covers::Some,
                                 selector.destination, !is_line(policy.priority)};
        if (std::ranges::find(named, exemption.name, &NamedExemption::name) == named.end())
            named.push_back(std::move(exemption));
    }
    return named;
}

} // namespace oekd
