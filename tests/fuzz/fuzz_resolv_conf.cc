// SPDX-License-Identifier: GPL-2.0-or-later
#include "dns/resolv_conf.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>

/// The input is the text of a resolv.conf, taken for the host's and for systemd-resolved's.
using namespace oekd;

namespace {

void require(bool holds, std::string_view promise)
{
    if (holds)
        return;
    fmt::print(stderr, "{}\n", promise);
    std::abort();
}

void check_servers(std::vector<dns::NameServer> const& servers)
{
    require(servers.size() <= dns::max_name_servers, "too many servers");
    std::string again;
    for (auto const& server : servers) {
        require(std::ranges::count(servers, server) == 1, "a server twice");
        auto const percent = server.zone.empty() ? "" : "%";
        again += fmt::format("nameserver {}{}{}\n", server.address.to_string(), percent, server.zone);
    }
    require(dns::parse_resolv_conf(again) == servers, "servers do not read back");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(uint8_t const* data, size_t size) noexcept
{
    auto const servers = dns::parse_resolv_conf(std::string_view(reinterpret_cast<char const*>(data), size));
    check_servers(servers);
    auto const resolvers = dns::system_resolvers(servers, servers);
    require(resolvers.asked == servers, "others are asked than are written");
    if (resolvers.on_the_wire) {
        require(!servers.empty(), "a server from nowhere");
        require(resolvers.on_the_wire->size() <= servers.size(), "more addresses than servers");
        require(std::ranges::is_sorted(*resolvers.on_the_wire), "addresses are not sorted");
    }
    return 0;
}
