// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/charon_bridge.h"

#include "ike/charon_values.h"
#include "ike/refusal.h"

#include <algorithm>

namespace oekd {

namespace {

SaDescription describe(charon_child const& child, Flow const& hosts, Flow const& flow)
{
    return {.flow = flow,
            .endpoints = {.local = hosts.local, .remote = hosts.remote},
            .reqid = Reqid(child.reqid),
            .mode = child.tunnel ? EspMode::Tunnel : EspMode::Transport,
            .inbound = Spi(child.inbound_spi),
            .outbound = Spi(child.outbound_spi),
            .protection = Protection::Anonymous,
            .ours = child.signed_ ? OwnProof::Signature : OwnProof::None,
            .ike_proposal = child.ike_proposal,
            .esp_proposal = child.esp_proposal};
}

charon_datagram to_charon_datagram(Datagram const& datagram)
{
    return {.flow = to_charon(datagram.flow),
            .local_port = datagram.local_port,
            .remote_port = datagram.remote_port,
            .data = reinterpret_cast<uint8_t const*>(datagram.data.data()),
            .size = datagram.data.size()};
}

/// RFC 7296 §3.1. What is too short begins nothing, and libcharon drops it.
bool begins_an_ike_sa(std::span<std::byte const> datagram)
{
    constexpr size_t exchange_at = 18;
    constexpr std::byte ike_sa_init{34};
    auto const message = without_marker(datagram);
    return exchange_at < message.size() && message[exchange_at] == ike_sa_init;
}

} // namespace

charon_received CharonBridge::receive(charon_datagram& datagram)
{
    auto received = m_ports.receive();
    if (std::holds_alternative<UdpPorts::Stopped>(received))
        return CHARON_STOPPED;
    if (auto const* error = std::get_if<Unreachable>(&received))
        m_sas.unreachable(*error);
    auto const* arrived = std::get_if<Datagram>(&received);
    if (!arrived || !is_heard(*arrived) || is_forgery(*arrived))
        return CHARON_NOTHING;
    datagram = to_charon_datagram(*arrived);
    return CHARON_DATAGRAM;
}

// Silence towards those who are to be ignored: not even libcharon sees what they send. But for what belongs
// to an IKE_SA from better days, which could not end without the answer to our DELETE.
bool CharonBridge::is_heard(Datagram const& datagram) const
{
    auto const& remote = datagram.flow.remote;
    return m_gate.welcome(remote) != ResponderGate::Welcome::Ignore ||
           (!begins_an_ike_sa(datagram.data) && m_sas.has_sa_with(remote));
}

// As if it had not come: the request is repeated, and the peer's true answer counts.
bool CharonBridge::is_forgery(Datagram const& datagram)
{
    auto const refusal = parse_refusal(datagram.data);
    return refusal && m_sas.ignores(*refusal, datagram.flow.remote);
}

struct CharonBridge::Hooks {
    static CharonBridge& self(void* context) noexcept { return *static_cast<CharonBridge*>(context); }
    static SaTable& sas(void* context) noexcept { return self(context).m_sas; }

    static void log(void* context, int level, char const* line) noexcept
    {
        self(context).m_log.line(level, line);
    }

    static charon_received receive(void* context, charon_datagram* datagram) noexcept
    {
        return self(context).receive(*datagram);
    }
    static int send(void* context, charon_datagram const* datagram) noexcept
    {
        auto flow = to_flow(datagram->flow);
        if (!flow)
            return 0;
        auto data = std::as_bytes(std::span(datagram->data, datagram->size));
        return self(context).m_ports.send({.flow = *flow,
                                           .local_port = datagram->local_port,
                                           .remote_port = datagram->remote_port,
                                           .data = data});
    }

    static int admit(void* context, charon_sa const* sa, charon_flow const* flow) noexcept
    {
        auto pair = to_flow(*flow);
        return pair && sas(context).admit(*sa, *pair);
    }
    static charon_readiness authentication(void* context, charon_sa const* sa, charon_claim const* claim,
                                           charon_authentication* authentication) noexcept
    {
        auto const known =
            sas(context).authentication(*sa, claim ? std::optional(to_claim(*claim)) : std::nullopt);
        static_assert(Authentication::max_keys < charon_max_keys,
                      "there is room for one that the peer brings");
        authentication->own = to_charon(known.own);
        authentication->key_count = known.candidates.size();
        std::ranges::transform(known.candidates, authentication->keys,
                               [](auto const& candidate) { return to_charon(candidate.spki); });
        return known.readiness;
    }
    static void overdue(void* context, charon_sa const* sa) noexcept { sas(context).overdue(*sa); }
    static int authorize(void* context, charon_sa const* sa, int key) noexcept
    {
        return sas(context).authorize(*sa, key < 0 ? std::nullopt : std::optional(static_cast<size_t>(key)));
    }
    static int accepts(void* context, charon_sa const* sa, charon_flow const* hosts, charon_flow const* flow,
                       int tunnel) noexcept
    {
        auto pair = to_flow(*hosts);
        auto wanted = to_flow(*flow);
        return pair && wanted &&
               sas(context).accepts(*sa, {.local = pair->local, .remote = pair->remote}, *wanted,
                                    tunnel ? EspMode::Tunnel : EspMode::Transport);
    }
    static uint32_t reqid(void* context, charon_sa const* sa) noexcept
    {
        return uint32_t(sas(context).reqid(*sa).value_or(Reqid{}));
    }

    static void begun(void* context, uint64_t negotiation, charon_sa const* sa) noexcept
    {
        sas(context).begun(NegotiationId(negotiation), *sa);
    }
    static void not_begun(void* context, uint64_t negotiation) noexcept
    {
        sas(context).not_begun(NegotiationId(negotiation));
    }
    static void heard(void* context, charon_sa const* sa, int is_protected) noexcept
    {
        sas(context).heard(*sa, is_protected ? Heard::Protected : Heard::Clear);
    }
    static void auth_sent(void* context, charon_sa const* sa) noexcept { sas(context).auth_sent(*sa); }
    static void failed(void* context, charon_sa const* sa, charon_failure failure,
                       char const* detail) noexcept
    {
        sas(context).failed(*sa, to_failure(failure), detail);
    }
    static charon_verdict review(void* context, charon_sa const* sa, int last, int established) noexcept
    {
        if (!last)
            return sas(context).review_silence(*sa);
        return sas(context).review_deadline(*sa, established ? SaTable::Established::Yes
                                                             : SaTable::Established::No);
    }

    static int child_up(void* context, charon_sa const* sa, charon_child const* child) noexcept
    {
        auto hosts = to_flow(child->hosts);
        auto flow = to_flow(child->flow);
        return hosts && flow && sas(context).child_up(*sa, describe(*child, *hosts, *flow));
    }
    static void child_rekeyed(void* context, charon_sa const* sa, charon_child const* child) noexcept
    {
        auto hosts = to_flow(child->hosts);
        auto flow = to_flow(child->flow);
        if (hosts && flow)
            sas(context).child_rekeyed(*sa, describe(*child, *hosts, *flow));
    }
    static void child_down(void* context, charon_sa const* sa) noexcept { sas(context).child_down(*sa); }
    static void sa_rekeyed(void* context, charon_sa const* old, charon_sa const* successor) noexcept
    {
        sas(context).sa_rekeyed(*old, *successor);
    }
    static void sa_gone(void* context, charon_sa const* sa) noexcept { sas(context).sa_gone(*sa); }
};

charon_hooks CharonBridge::hooks()
{
    return {.context = this,
            .log = Hooks::log,
            .receive = Hooks::receive,
            .send = Hooks::send,
            .admit = Hooks::admit,
            .authentication = Hooks::authentication,
            .overdue = Hooks::overdue,
            .authorize = Hooks::authorize,
            .accepts = Hooks::accepts,
            .reqid = Hooks::reqid,
            .begun = Hooks::begun,
            .not_begun = Hooks::not_begun,
            .heard = Hooks::heard,
            .auth_sent = Hooks::auth_sent,
            .failed = Hooks::failed,
            .review = Hooks::review,
            .child_up = Hooks::child_up,
            .child_rekeyed = Hooks::child_rekeyed,
            .child_down = Hooks::child_down,
            .sa_rekeyed = Hooks::sa_rekeyed,
            .sa_gone = Hooks::sa_gone};
}

} // namespace oekd
