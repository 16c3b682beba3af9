// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "ike/ike_event.h"

namespace oekd {

/// What IKE must know while it runs on its own threads. Implemented by daemon/; every call may come from any
/// thread, must not block on anything but a short lock, and must not call back into ike/.
class ResponderGate {
public:
    enum class Welcome {
        Answer, ///< negotiate
        Refuse, ///< say NO_PROPOSAL_CHOSEN
        Ignore, ///< silence, as if nobody listened
    };

    virtual ~ResponderGate() = default;

    /// Called for each datagram from this address (Ignore drops it unread) and each IKE_SA_INIT request,
    /// which says nothing about the traffic yet.
    [[nodiscard]] virtual Welcome welcome(Address const& remote) noexcept = 0;

    /// Whether what this peer must prove, or we to it, is a matter for the main thread, which KeysWanted
    /// asks. All others get AUTH-NULL at once, whatever the main thread does.
    [[nodiscard]] virtual bool needs_keys(Address const& /*remote*/) noexcept { return true; }

    /// Called when the peer has said in IKE_AUTH which traffic it wants to protect; where this is not for it,
    /// it hears TS_UNACCEPTABLE.
    [[nodiscard]] virtual bool accepts(Flow const& flow) noexcept = 0;

    /// Whether we are the gateway of this host behind us, for whom a peer may want to talk to it. Called
    /// before accepts(), where the flow's local address is not the one that IKE goes to.
    [[nodiscard]] virtual bool speaks_for(Address const& /*client*/) noexcept { return false; }

    /// A CHILD_SA is in the kernel and, where the peer started, our IKE_AUTH answer has not left yet: its
    /// policies must be in place when this returns (RFC 4322 §11.2.12.4).
    virtual void sa_installed(SaDescription const& sa) noexcept = 0;
};

} // namespace oekd
