// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/xfrm_messages.h"

#include <algorithm>
#include <arpa/inet.h>
#include <linux/xfrm.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <vector>

namespace oekd::xfrm {

namespace {

using Bytes = std::span<std::byte const>;

constexpr size_t max_templates = 6; // XFRM_MAX_DEPTH in include/net/xfrm.h

Result<Family> family_of(unsigned family)
{
    switch (family) {
    case AF_INET: return Family::V4;
    case AF_INET6: return Family::V6;
    default:
        return fail(ErrorCode::Malformed,
                    fmt::format("address family {} is neither {} nor {}", family, AF_INET, AF_INET6));
    }
}

Address address_of(xfrm_address_t const& raw, Family family)
{
    auto const bytes = std::as_bytes(std::span(&raw, 1));
    return Address::from_bytes(bytes.first(family == Family::V4 ? 4 : 16)).value();
}

// nullopt where bits are set after the length: Prefix would clear them, and name another policy than the
// kernel's.
Decoded<Prefix> prefix_of(xfrm_address_t const& raw, unsigned length, Family family)
{
    auto const address = address_of(raw, family);
    if (length > static_cast<unsigned>(address.bits()))
        return fail(ErrorCode::Malformed, fmt::format("prefix length {} exceeds {}", length, address.bits()));
    Prefix const prefix(address, static_cast<int>(length));
    if (prefix.address() != address)
        return std::nullopt;
    return prefix;
}

bool is_all_or_nothing(uint16_t port, uint16_t mask) { return mask == 0xffff || (mask == 0 && port == 0); }

std::optional<uint16_t> port_of(uint16_t port, uint16_t mask)
{
    return mask == 0 ? std::nullopt : std::optional(ntohs(port));
}

Decoded<Selector> selector_of(xfrm_selector const& raw)
{
    auto const family = family_of(raw.family);
    if (!family)
        return std::unexpected(family.error());
    auto const source = prefix_of(raw.saddr, raw.prefixlen_s, *family);
    if (!source)
        return std::unexpected(source.error());
    auto const destination = prefix_of(raw.daddr, raw.prefixlen_d, *family);
    if (!destination)
        return std::unexpected(destination.error());
    if (!*source || !*destination || raw.ifindex != 0 || !is_all_or_nothing(raw.sport, raw.sport_mask) ||
        !is_all_or_nothing(raw.dport, raw.dport_mask))
        return std::nullopt;
    return Selector{**source,
                    **destination,
                    raw.proto,
                    port_of(raw.sport, raw.sport_mask),
                    port_of(raw.dport, raw.dport_mask),
                    raw.user};
}

// Ports of what has none are ICMP's type and code, or a tunnel's key: no service says them.
Service service_of(xfrm_selector const& raw)
{
    bool const has = has_ports(raw.proto);
    return {raw.proto, has && raw.sport_mask != 0 ? ntohs(raw.sport) : uint16_t{0},
            has && raw.dport_mask != 0 ? ntohs(raw.dport) : uint16_t{0}};
}

Packet packet_of(xfrm_selector const& raw)
{
    return {raw.proto, raw.sport_mask != 0 ? ntohs(raw.sport) : uint16_t{0},
            raw.dport_mask != 0 ? ntohs(raw.dport) : uint16_t{0}};
}

std::optional<EspMode> mode_of(unsigned mode)
{
    switch (mode) {
    case XFRM_MODE_TRANSPORT: return EspMode::Transport;
    case XFRM_MODE_TUNNEL: return EspMode::Tunnel;
    default: return std::nullopt;
    }
}

Decoded<Template> template_of(xfrm_user_tmpl const& raw)
{
    auto const family = family_of(raw.family);
    if (!family)
        return std::unexpected(family.error());
    auto const mode = mode_of(raw.mode);
    if (!mode || raw.id.proto != IPPROTO_ESP || raw.id.spi != 0)
        return std::nullopt;
    return Template{address_of(raw.saddr, *family), address_of(raw.id.daddr, *family), Reqid{raw.reqid},
                    *mode, raw.optional != 0 ? Level::Use : Level::Required};
}

/// The templates of a message: XFRMA_TMPL holds any number of them.
Result<std::vector<xfrm_user_tmpl>> templates_in(netlink::Attributes const& attributes)
{
    auto const value = attributes.find(XFRMA_TMPL);
    if (!value)
        return std::vector<xfrm_user_tmpl>{};
    if (value->size() % sizeof(xfrm_user_tmpl) != 0 || value->size() > max_templates * sizeof(xfrm_user_tmpl))
        return fail(ErrorCode::Malformed, fmt::format("XFRMA_TMPL has {} bytes, needs up to {} times {}",
                                                      value->size(), max_templates, sizeof(xfrm_user_tmpl)));
    std::vector<xfrm_user_tmpl> templates(value->size() / sizeof(xfrm_user_tmpl));
    if (!templates.empty())
        std::memcpy(templates.data(), value->data(), value->size());
    return templates;
}

bool is_nonzero(std::optional<Bytes> const& value)
{
    return value && std::ranges::any_of(*value, [](std::byte byte) { return byte != std::byte{0}; });
}

// We use neither marks nor XFRM interfaces nor sub policies: what has one belongs to somebody else.
bool has_foreign_traits(netlink::Attributes const& attributes)
{
    auto const type = attributes.find(XFRMA_POLICY_TYPE);
    bool const is_sub = type && !type->empty() && type->front() != std::byte{XFRM_POLICY_TYPE_MAIN};
    return is_sub || is_nonzero(attributes.find(XFRMA_MARK)) || is_nonzero(attributes.find(XFRMA_IF_ID));
}

std::optional<Direction> direction_of(unsigned direction)
{
    switch (direction) {
    case XFRM_POLICY_IN: return Direction::In;
    case XFRM_POLICY_OUT: return Direction::Out;
    case XFRM_POLICY_FWD: return Direction::Forward;
    default: return std::nullopt; // policies of single sockets
    }
}

Decoded<State> state_of(xfrm_usersa_info const& raw)
{
    auto const family = family_of(raw.family);
    if (!family)
        return std::unexpected(family.error());
    auto const mode = mode_of(raw.mode);
    if (!mode || raw.id.proto != IPPROTO_ESP)
        return std::nullopt;
    return State{address_of(raw.saddr, *family),
                 address_of(raw.id.daddr, *family),
                 Reqid{raw.reqid},
                 Spi{ntohl(raw.id.spi)},
                 *mode,
                 raw.curlft.bytes,
                 raw.curlft.packets,
                 service_of(raw.sel),
                 packet_of(raw.sel)};
}

} // namespace

Decoded<Acquire> parse_acquire(Bytes payload)
{
    auto const raw = netlink::read_struct<xfrm_user_acquire>(payload, "XFRM_MSG_ACQUIRE");
    if (!raw)
        return std::unexpected(raw.error());
    auto const attributes = netlink::Attributes::parse(netlink::after_struct(payload, sizeof *raw));
    if (!attributes)
        return std::unexpected(attributes.error());
    auto const templates = templates_in(*attributes);
    if (!templates)
        return std::unexpected(templates.error());
    if (templates->size() != 1 || raw->id.proto != IPPROTO_ESP || has_foreign_traits(*attributes))
        return std::nullopt;
    auto const& tmpl = templates->front();
    auto const family = family_of(tmpl.family);
    if (!family)
        return std::unexpected(family.error());
    return Acquire{
        {address_of(raw->saddr, *family), address_of(raw->id.daddr, *family), service_of(raw->policy.sel)},
        Reqid{tmpl.reqid},
        raw->policy.sel.user,
        packet_of(raw->sel)};
}

Decoded<Expire> parse_expire(Bytes payload)
{
    auto const raw = netlink::read_struct<xfrm_user_expire>(payload, "XFRM_MSG_EXPIRE");
    if (!raw)
        return std::unexpected(raw.error());
    auto const state = state_of(raw->state);
    if (!state)
        return std::unexpected(state.error());
    if (!*state)
        return std::nullopt;
    auto const limit = raw->hard != 0 ? Expire::Limit::Hard : Expire::Limit::Soft;
    return Expire{limit, (*state)->source, (*state)->destination, (*state)->reqid, (*state)->spi};
}

Decoded<State> parse_state(Bytes payload)
{
    auto const raw = netlink::read_struct<xfrm_usersa_info>(payload, "XFRM_MSG_NEWSA");
    if (!raw)
        return std::unexpected(raw.error());
    auto const attributes = netlink::Attributes::parse(netlink::after_struct(payload, sizeof *raw));
    if (!attributes)
        return std::unexpected(attributes.error());
    if (has_foreign_traits(*attributes))
        return std::nullopt;
    return state_of(*raw);
}

Decoded<Policy> parse_policy(Bytes payload)
{
    auto const raw = netlink::read_struct<xfrm_userpolicy_info>(payload, "XFRM_MSG_NEWPOLICY");
    if (!raw)
        return std::unexpected(raw.error());
    auto const attributes = netlink::Attributes::parse(netlink::after_struct(payload, sizeof *raw));
    if (!attributes)
        return std::unexpected(attributes.error());
    auto const templates = templates_in(*attributes);
    if (!templates)
        return std::unexpected(templates.error());
    auto const selector = selector_of(raw->sel);
    if (!selector)
        return std::unexpected(selector.error());
    auto const direction = direction_of(raw->dir);
    bool const blocks = raw->action == XFRM_POLICY_BLOCK;
    if (!*selector || !direction || templates->size() > 1 || (blocks && !templates->empty()) ||
        (!blocks && raw->action != XFRM_POLICY_ALLOW) || raw->flags != 0 || has_foreign_traits(*attributes))
        return std::nullopt;
    Policy policy{**selector,   *direction, raw->priority, blocks ? Verdict::Block : Verdict::Allow,
                  std::nullopt, raw->index};
    if (templates->empty())
        return policy;
    auto const tmpl = template_of(templates->front());
    if (!tmpl)
        return std::unexpected(tmpl.error());
    if (!*tmpl)
        return std::nullopt;
    policy.tmpl = *tmpl;
    return policy;
}

} // namespace oekd::xfrm
