// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "daemon/own_identity.h"
#include "ike/ike.h"
#include "kernel-glue/conversations.h"
#include "kernel-glue/forwarding_plane.h"
#include "policy/connection.h"

#include <map>
#include <utility>

namespace oekd {

/// Traffic counters of one SA.
struct SaCounters {
    uint64_t bytes = 0;
    uint64_t packets = 0;
};
/// The kernel names an ESP SA by its destination and SPI.
using SaKey = std::pair<Address, Spi>;
using CountersBySa = std::map<SaKey, SaCounters>;

/// Carries out what the state machine asks for. A seam: ConnectionTable is tested against one that records.
class Enforcer {
public:
    virtual ~Enforcer() = default;

    /// Carries out one action for this flow, whose larval SAs have this reqid. `negotiation` is the id that a
    /// Negotiate starts.
    virtual Result<void> apply(Connection const& connection, Reqid reqid, NegotiationId negotiation,
                               Action const& action) = 0;
    /// Who began the conversation that this packet of the flow belongs to.
    [[nodiscard]] virtual Beginner beginner(Flow const& flow, xfrm::Packet const& packet) = 0;
    /// Another line of the same group decides about the flow now: its policies take that line's place.
    virtual Result<void> move(Connection const& connection) = 0;
    /// True once a packet has come in through this SA.
    [[nodiscard]] virtual bool inbound_used(SaDescription const& sa) = 0;
    /// Counters of all our SAs, both directions.
    [[nodiscard]] virtual CountersBySa counters() = 0;
};

/// The real one: policies into the kernel, IKE to libcharon. Main thread.
class KernelEnforcer final : public Enforcer {
public:
    KernelEnforcer(ForwardingPlane& plane, Conversations& conversations, Ike& ike,
                   OwnIdentities const& identities)
        : m_plane(plane), m_conversations(conversations), m_ike(ike), m_identities(identities)
    {}

    Result<void> apply(Connection const& connection, Reqid reqid, NegotiationId negotiation,
                       Action const& action) override;
    [[nodiscard]] Beginner beginner(Flow const& flow, xfrm::Packet const& packet) override;
    Result<void> move(Connection const& connection) override;
    [[nodiscard]] bool inbound_used(SaDescription const& sa) override;
    [[nodiscard]] CountersBySa counters() override;

private:
    ForwardingPlane& m_plane;
    Conversations& m_conversations;
    Ike& m_ike;
    OwnIdentities const& m_identities;
};

} // namespace oekd
