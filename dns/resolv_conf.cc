// SPDX-License-Identifier: GPL-2.0-or-later
#include "dns/resolv_conf.h"

#include <algorithm>
#include <set>

namespace oekd::dns {

namespace {

constexpr std::string_view keyword = "nameserver";
constexpr std::string_view blanks = " \t\r";
constexpr size_t longest_zone = 15; // IFNAMSIZ - 1

std::optional<NameServer> parse_server(std::string_view text)
{
    auto const percent = text.find('%');
    auto const address = Address::parse(text.substr(0, percent));
    auto const zone = percent == std::string_view::npos ? std::string_view{} : text.substr(percent + 1);
    if (!address || zone.size() > longest_zone)
        return std::nullopt;
    return NameServer{*address, std::string(zone)};
}

/// The server of a line "nameserver ADDRESS". The keyword must start the line.
std::optional<NameServer> parse_line(std::string_view line)
{
    if (!line.starts_with(keyword))
        return std::nullopt;
    line.remove_prefix(keyword.size());
    auto const start = line.find_first_not_of(blanks);
    if (start == 0 || start == std::string_view::npos)
        return std::nullopt;
    line.remove_prefix(start);
    return parse_server(line.substr(0, line.find_first_of(" \t\r;#")));
}

/// 0.0.0.0 and :: are taken for this host, too.
bool is_this_host(Address const& address)
{
    for (auto const* text : {"127.0.0.0/8", "::1/128"})
        if (Prefix::parse(text).value().contains(address))
            return true;
    return address.is_any();
}

bool is_resolved(Address const& address)
{
    return address == Address::parse("127.0.0.53") || address == Address::parse("127.0.0.54");
}

} // namespace

std::vector<NameServer> parse_resolv_conf(std::string_view text)
{
    std::vector<NameServer> servers;
    while (!text.empty() && servers.size() < max_name_servers) {
        auto const end = text.find('\n');
        auto const server = parse_line(text.substr(0, end));
        text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
        if (server && std::ranges::find(servers, *server) == servers.end())
            servers.push_back(*server);
    }
    return servers;
}

SystemResolvers system_resolvers(std::vector<NameServer> asked,
                                 std::optional<std::vector<NameServer>> const& upstreams)
{
    std::set<Address> addresses;
    bool known = !asked.empty(); // without any the C library asks this host
    auto const add = [&](NameServer const& server) {
        known = known && !is_this_host(server.address);
        addresses.insert(server.address);
    };
    for (auto const& server : asked) {
        if (is_resolved(server.address) && upstreams && !upstreams->empty())
            std::ranges::for_each(*upstreams, add);
        else
            add(server);
    }
    if (!known)
        return {std::move(asked), std::nullopt};
    return {std::move(asked), std::vector(addresses.begin(), addresses.end())};
}

} // namespace oekd::dns
