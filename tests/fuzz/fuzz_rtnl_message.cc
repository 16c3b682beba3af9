// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/own_addresses.h"
#include "kernel-glue/rtnl_messages.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <linux/rtnetlink.h>

/// The input is datagrams of RTNETLINK's dumps, one after the other: any number of messages.
using namespace oekd;

namespace {

void require(bool holds, std::string_view promise)
{
    if (holds)
        return;
    fmt::print(stderr, "{}\n", promise);
    std::abort();
}

template <typename T> void check_error(Result<T> const& parsed)
{
    require(parsed || parsed.error().code == ErrorCode::Malformed, "bad bytes are not called malformed");
    require(parsed || !parsed.error().message.empty(), "an error without words");
}

struct Dump {
    std::vector<rtnl::Link> links;
    std::vector<rtnl::LinkAddress> addresses;

    void take(netlink::Message const& message)
    {
        if (message.type == RTM_NEWLINK) {
            auto const link = rtnl::parse_link(message.payload);
            check_error(link);
            if (link)
                links.push_back(*link);
        } else if (message.type == RTM_NEWADDR) {
            auto const address = rtnl::parse_address(message.payload);
            check_error(address);
            if (address && *address)
                addresses.push_back(**address);
        }
    }
};

void check(Dump const& dump)
{
    auto const none_listed = sort_own_addresses(dump.links, dump.addresses, {});
    std::vector<std::string> const pattern{"*"};
    auto const all_listed = sort_own_addresses(dump.links, dump.addresses, pattern);
    require(all_listed.flow_ends == all_listed.all, "a listed device is left out");
    require(none_listed.all == all_listed.all, "what is ours depends on what is listed");
    require(none_listed.flow_ends.size() <= none_listed.all.size(), "more ends than addresses");
    require(none_listed.all.size() <= dump.addresses.size(), "an address from nowhere");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(uint8_t const* data, size_t size) noexcept
{
    auto datagrams = std::as_bytes(std::span(data, size));
    Dump dump;
    while (!datagrams.empty()) {
        auto const message = netlink::take_message(datagrams);
        if (!message)
            break;
        dump.take(*message);
    }
    check(dump);
    return 0;
}
