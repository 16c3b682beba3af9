// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "ike/authentication.h"
#include "policy/connection.h"
#include "policy/flow.h"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

/// What libcharon's threads tell the main thread. Owned values, posted to a mailbox.
namespace oekd {

/// Names one negotiation that we started; the caller chooses it. 0 is none.
enum class NegotiationId : uint64_t {};

/// The two that speak IKE, and between whom a tunnel goes. They are the flow's hosts unless one of them
/// speaks for another.
struct Endpoints {
    Address local;
    Address remote;
    friend bool operator==(Endpoints const&, Endpoints const&) = default;
};

/// An established CHILD_SA and its IKE_SA.
struct SaDescription {
    IkeSaId sa{};
    Flow flow;
    Endpoints endpoints{};
    Reqid reqid{};
    EspMode mode = EspMode::Transport;
    Spi inbound{};
    Spi outbound{};
    Protection protection = Protection::Anonymous; ///< what IKE alone can say; who knows more may raise it
    Established::By by = Established::By::Us;
    std::optional<PublicKey> peer_key{}; ///< one of those that were expected, and the peer has proven it
    std::optional<PublicKey>
        offered_key{}; ///< the peer brought it along and has proven it; nobody expected it
    OwnProof ours = OwnProof::None;
    std::string ike_proposal{}; ///< "AES_GCM_16_256/PRF_HMAC_SHA2_256/CURVE_25519/KE1_ML_KEM_768"
    std::string esp_proposal{}; ///< "AES_GCM_16_256/ESN"
};

struct SaUp {
    SaDescription sa;
    NegotiationId negotiation{}; ///< 0 where the peer started
};
/// After a SaUp by the peer: it has its side of the SA, as it answered under the IKE_SA. Comes once, soon
/// after.
struct SaConfirmed {
    IkeSaId sa{};
    Flow flow;
};
/// The CHILD_SA was rekeyed: same flow, reqid and mode, new SPIs.
struct SaRekeyed {
    SaDescription sa;
};
/// Comes once for each SaUp, whoever ended it and why.
struct SaDown {
    IkeSaId sa{};
    Flow flow;
};
/// A negotiation of ours ended without an SA. Comes exactly once for each negotiate() that gave no SaUp.
struct NegotiationEnded {
    NegotiationId negotiation{};
    Flow flow;
    Failure reason = Failure::Silent;
    std::string detail{}; ///< for people: "AUTHENTICATION_FAILED from the peer"
};
/// A message of the peer arrived that belongs to this negotiation.
struct PeerHeard {
    NegotiationId negotiation{};
    Flow flow;
};
/// ICMP port, host or net unreachable for our IKE packet (IP_RECVERR). Forgeable.
struct PeerRefusedPort {
    Flow flow;
};

/// A peer begins, and what is expected of it must be known before it is authenticated (Ike::answer()). Comes
/// with IKE_SA_INIT, from an address that may be forged, and once more where the peer claims a name or wants
/// to speak for another host.
struct KeysWanted {
    IkeSaId sa{};
    Endpoints endpoints{};
    Flow flow; ///< without its service. The endpoints, or what the peer asks for: then it needs a key
    std::string identity{}; ///< the name that it claims, valid and in lower case; "" where the address counts
};

using IkeEvent = std::variant<SaUp, SaConfirmed, SaRekeyed, SaDown, NegotiationEnded, PeerHeard,
                              PeerRefusedPort, KeysWanted>;

/// The flow that an event is about.
template <typename E> [[nodiscard]] Flow const& flow_of(E const& event)
{
    if constexpr (requires { event.sa.flow; })
        return event.sa.flow;
    else
        return event.flow;
}

} // namespace oekd
