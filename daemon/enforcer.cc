// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/enforcer.h"

#include "daemon/incoming_peers.h"
#include "kernel-glue/priorities.h"

namespace oekd {

namespace {

/// One action of one flow, taken apart by its type.
struct Application {
    ForwardingPlane& plane;
    Ike& ike;
    OwnIdentities const& identities;
    Connection const& connection;
    Reqid reqid;
    NegotiationId negotiation;

    Result<void> operator()(Hold const&) const { return plane.hold(of_line(), reqid, inbound()); }
    Result<void> operator()(Discard const&) const { return plane.discard(of_line(), reqid, inbound()); }
    Result<void> operator()(Pass const&) const { return plane.pass(of_line()); }
    Result<void> operator()(Drop const&) const { return plane.drop(of_line()); }
    Result<void> operator()(RequireInbound const&) const { return encrypt(); }
    Result<void> operator()(Encrypt const&) const { return encrypt(); }
    Result<void> operator()(Await const& action) const
    {
        return plane.await(of_line(), action.reqid, action.mode, inbound());
    }
    Result<void> operator()(LookUp const&) const { return {}; } // the table's own affair
    Result<void> operator()(Negotiate const& action) const
    {
        auto const* const wanted = connection.requirement ? &*connection.requirement : nullptr;
        ike.negotiate(negotiation, connection.flow, action.probe, forgeries(connection),
                      authentication(wanted, identities.as(connection.flow.local)));
        return {};
    }
    Result<void> operator()(CloseSa const& action) const
    {
        if (plane.is_own(connection.flow.local))
            ike.close(action.sa);
        else
            ike.abandon(action.sa);
        return {};
    }
    // A decided flow has no use for its larval SA, which would swallow the next acquire for its whole life.
    Result<void> operator()(Kick const&) const
    {
        auto kicked = plane.kick(connection.flow);
        auto swept = plane.sweep_larval(connection.flow, reqid);
        return kicked ? swept : kicked;
    }
    Result<void> operator()(Release const&) const
    {
        auto released = plane.release(connection.flow);
        auto swept = plane.sweep_larval(connection.flow, reqid);
        return released ? swept : released;
    }

    [[nodiscard]] FlowOfLine of_line() const
    {
        return {connection.flow, connection.group, connection.network};
    }
    [[nodiscard]] ForwardingPlane::Inbound inbound() const
    {
        return connection.inbound_required ? ForwardingPlane::Inbound::Require
                                           : ForwardingPlane::Inbound::Admit;
    }
    [[nodiscard]] Result<void> encrypt() const
    {
        if (!connection.encrypt)
            return {};
        auto const& [mode, of_sa] = *connection.encrypt;
        return plane.encrypt(of_line(), of_sa, mode, inbound());
    }
};

} // namespace

Result<void> KernelEnforcer::apply(Connection const& connection, Reqid reqid, NegotiationId negotiation,
                                   Action const& action)
{
    return std::visit(Application{m_plane, m_ike, m_identities, connection, reqid, negotiation}, action);
}

Beginner KernelEnforcer::beginner(Flow const& flow, xfrm::Packet const& packet)
{
    return m_conversations.beginner(flow, packet);
}

Result<void> KernelEnforcer::move(Connection const& connection)
{
    return m_plane.move({connection.flow, connection.group, connection.network});
}

bool KernelEnforcer::inbound_used(SaDescription const& sa)
{
    auto state = m_plane.requests().state(sa.flow.remote, sa.flow.local, sa.inbound);
    return state && state->packets > 0;
}

CountersBySa KernelEnforcer::counters()
{
    CountersBySa counters;
    auto states = m_plane.requests().states();
    if (!states)
        return counters;
    for (auto const& state : *states) {
        if (is_ours(state.reqid))
            counters[{state.destination, state.spi}] = SaCounters{state.bytes, state.packets};
    }
    return counters;
}

} // namespace oekd
