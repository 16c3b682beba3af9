// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/rtnl_messages.h"

#include <algorithm>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

namespace oekd::rtnl {

namespace {

/// Up to the first NUL: the kernel ends names with one.
std::string text_of(std::span<std::byte const> bytes)
{
    std::string text;
    for (auto const byte : bytes) {
        if (byte == std::byte{0})
            break;
        text.push_back(static_cast<char>(byte));
    }
    return text;
}

Result<std::string> kind_in(std::span<std::byte const> link_info)
{
    auto const inner = netlink::Attributes::parse(link_info);
    if (!inner)
        return std::unexpected(inner.error().with("a link's kind"));
    auto const kind = inner->find(IFLA_INFO_KIND);
    return kind ? text_of(*kind) : std::string();
}

template <typename Header> netlink::Request dump_of(uint16_t type)
{
    netlink::Request request(type, NLM_F_DUMP);
    request.put_struct<Header>();
    return request;
}

} // namespace

Result<Link> parse_link(std::span<std::byte const> payload)
{
    auto const header = netlink::read_struct<ifinfomsg>(payload, "a link");
    if (!header)
        return std::unexpected(header.error());
    auto const attributes = netlink::Attributes::parse(netlink::after_struct(payload, sizeof(ifinfomsg)));
    if (!attributes)
        return std::unexpected(attributes.error().with("a link"));
    Link link{.index = header->ifi_index, .hardware = header->ifi_type};
    if (auto const name = attributes->find(IFLA_IFNAME))
        link.name = text_of(*name);
    if (auto const info = attributes->find(IFLA_LINKINFO)) {
        auto kind = kind_in(*info);
        if (!kind)
            return std::unexpected(kind.error());
        link.kind = std::move(*kind);
    }
    return link;
}

// IFA_ADDRESS is the other end where there are two, and then IFA_LOCAL is ours.
Result<std::optional<LinkAddress>> parse_address(std::span<std::byte const> payload)
{
    auto const header = netlink::read_struct<ifaddrmsg>(payload, "an address");
    if (!header)
        return std::unexpected(header.error());
    auto const attributes = netlink::Attributes::parse(netlink::after_struct(payload, sizeof(ifaddrmsg)));
    if (!attributes)
        return std::unexpected(attributes.error().with("an address"));
    auto const bytes =
        attributes->find(IFA_LOCAL) ? attributes->find(IFA_LOCAL) : attributes->find(IFA_ADDRESS);
    bool const is_ip = header->ifa_family == AF_INET || header->ifa_family == AF_INET6;
    if (!bytes || !is_ip)
        return std::nullopt;
    if (bytes->size() != (header->ifa_family == AF_INET ? 4 : 16))
        return fail(ErrorCode::Malformed,
                    fmt::format("an address of family {} has {} bytes", header->ifa_family, bytes->size()));
    auto const address = Address::from_bytes(*bytes);
    if (!address)
        return std::nullopt; // IPv4-mapped
    return LinkAddress{static_cast<int>(header->ifa_index), *address};
}

// Without statistics, and without virtual functions, of which a network card may have hundreds.
netlink::Request encode_dump_links()
{
    auto request = dump_of<ifinfomsg>(RTM_GETLINK);
    uint32_t const mask = RTEXT_FILTER_SKIP_STATS;
    request.put_attribute(IFLA_EXT_MASK, std::as_bytes(std::span(&mask, 1)));
    return request;
}

netlink::Request encode_dump_addresses() { return dump_of<ifaddrmsg>(RTM_GETADDR); }

} // namespace oekd::rtnl
