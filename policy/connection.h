// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "policy/flow.h"
#include "policy/group.h"
#include "policy/requirement.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// The state machine of RFC 4322 §3.2 for one flow, as a pure function: no I/O, no clock. Time comes in with
/// the event, what to do goes out as values.
namespace oekd {

using Time = std::chrono::steady_clock::time_point;
using Duration = std::chrono::milliseconds;

/// Names one IKE_SA of libcharon. 0 is none.
enum class IkeSaId : uint32_t {};

enum class ConnectionState {
    Expired,     ///< nothing of its own in the kernel; the wide trap decides about the next packet
    PotentialOe, ///< the DNS is asked for a key, packets are held
    PendingOe,   ///< IKE runs, packets are held
    Keyed,       ///< an SA exists, packets are encrypted
    ClearText,   ///< a pass shunt; a probe may still be running
    Deny,        ///< a drop shunt
};
[[nodiscard]] std::string_view
to_string(ConnectionState state); ///< "expired", "asking", "pending", "keyed", "clear", "deny"

/// Why a negotiation of ours came to nothing.
enum class Failure {
    Silent,      ///< no answer, or answers that led nowhere until the deadline
    Unprotected, ///< an error notify to IKE_SA_INIT: anybody could have sent it
    Refused, ///< cryptographically protected: AUTHENTICATION_FAILED, NO_PROPOSAL_CHOSEN or TS_UNACCEPTABLE in
             ///< IKE_AUTH
    NotProven, ///< the peer authenticated with no key that it had to prove
    Local,     ///< we could not: a limit, no memory, the kernel refused the SA; tried again soon
};
[[nodiscard]] std::string_view to_string(Failure failure); ///< for people: "no answer on UDP 500", …

// ---- events

/// The kernel wants an SA for a packet (XFRM_MSG_ACQUIRE).
struct Acquired {
    enum class Trap { Wide, Own } trap = Trap::Wide; ///< Own: the flow's own policy, whose SA is missing
    friend bool operator==(Acquired const&, Acquired const&) = default;
};
/// What the DNS says, and what follows. Every LookUp ends in this, in bounded time.
struct Learnt {
    Requirement requirement;
    friend bool operator==(Learnt const&, Learnt const&) = default;
};
/// Something arrived from the peer that belongs to our negotiation.
struct PeerAnswered {
    friend bool operator==(PeerAnswered const&, PeerAnswered const&) = default;
};
/// ICMP says that nobody listens on the IKE port. Forgeable.
struct PeerUnreachable {
    friend bool operator==(PeerUnreachable const&, PeerUnreachable const&) = default;
};
/// A CHILD_SA is up, by our negotiation or the peer's.
struct Established {
    IkeSaId sa{};
    EspMode mode = EspMode::Transport;
    Reqid reqid{};
    enum class By { Us, Peer } by = By::Us;
    Protection protection = Protection::Anonymous; ///< by what the peer has proven
    friend bool operator==(Established const&, Established const&) = default;
};
/// Our negotiation has ended without an SA. Every Negotiate ends in this or in Established{By::Us}, in
/// bounded time.
struct NegotiationFailed {
    Failure reason = Failure::Silent;
    friend bool operator==(NegotiationFailed const&, NegotiationFailed const&) = default;
};
/// The IKE_SA and its child are gone: deleted by either side, or expired.
struct SaGone {
    IkeSaId sa{};
    friend bool operator==(SaGone const&, SaGone const&) = default;
};
/// The peer that started has shown that it has its side of the SA: it answered under the IKE_SA.
struct PeerReady {
    friend bool operator==(PeerReady const&, PeerReady const&) = default;
};
/// The first ESP packet of the peer has arrived.
struct InboundSeen {
    friend bool operator==(InboundSeen const&, InboundSeen const&) = default;
};
/// Connection::deadline has passed. If it has not (a timer that rounds down, or was set for an earlier
/// deadline), nothing happens: arm the timer again from the deadline in the step.
struct DeadlinePassed {
    friend bool operator==(DeadlinePassed const&, DeadlinePassed const&) = default;
};
/// The flow ends by the will of the administrator, or because oekd stops. A negotiation of ours that still
/// runs is forgotten; should it come to an SA, that is an Established like any other.
struct Withdrawn {
    friend bool operator==(Withdrawn const&, Withdrawn const&) = default;
};

using Event = std::variant<Acquired, Learnt, PeerAnswered, PeerUnreachable, Established, PeerReady,
                           NegotiationFailed, SaGone, InboundSeen, DeadlinePassed, Withdrawn>;
[[nodiscard]] std::string to_string(Event const& event); ///< for the journal: "acquired by the wide trap", …

// ---- actions, to be carried out in the order given

/// The flow's own trap; packets wait in its queue.
struct Hold {
    friend bool operator==(Hold const&, Hold const&) = default;
};
/// As Hold, but packets are thrown away.
struct Discard {
    friend bool operator==(Discard const&, Discard const&) = default;
};
/// Ask the DNS who may speak for the remote address.
struct LookUp {
    friend bool operator==(LookUp const&, LookUp const&) = default;
};
/// How a peer is asked whether it speaks IKE.
enum class Probe {
    Repeated, ///< as often as ike.retransmissions says
    Once,     ///< by a single datagram
};
/// Start IKE with destination(), as Connection::requirement says.
struct Negotiate {
    Probe probe = Probe::Repeated; ///< step() leaves it so; who carries it out knows what may be sent
    friend bool operator==(Negotiate const&, Negotiate const&) = default;
};
/// The flow's policies use this reqid's SAs in this mode; outgoing packets need one. Whether incoming
/// cleartext is still accepted says Connection::inbound_required of the same step.
struct Encrypt {
    EspMode mode = EspMode::Transport;
    Reqid reqid{};
    friend bool operator==(Encrypt const&, Encrypt const&) = default;
};
/// As Encrypt, but what is held goes on waiting.
struct Await {
    EspMode mode = EspMode::Transport;
    Reqid reqid{};
    friend bool operator==(Await const&, Await const&) = default;
};
/// Cleartext is no longer accepted from the peer.
struct RequireInbound {
    friend bool operator==(RequireInbound const&, RequireInbound const&) = default;
};
/// Held packets and all later ones go in the clear; cleartext is accepted.
struct Pass {
    friend bool operator==(Pass const&, Pass const&) = default;
};
/// Held packets and all later ones are discarded.
struct Drop {
    friend bool operator==(Drop const&, Drop const&) = default;
};
/// Let the wide trap look at its queue again: this flow is decided.
struct Kick {
    friend bool operator==(Kick const&, Kick const&) = default;
};
/// Take the flow's policies away: the wide trap decides again.
struct Release {
    friend bool operator==(Release const&, Release const&) = default;
};
/// DELETE to the peer.
struct CloseSa {
    IkeSaId sa{};
    friend bool operator==(CloseSa const&, CloseSa const&) = default;
};

using Action = std::variant<Hold, Discard, LookUp, Negotiate, Encrypt, Await, RequireInbound, Pass, Drop,
                            Kick, Release, CloseSa>;
[[nodiscard]] std::string
to_string(Action const& action); ///< for the journal: "hold", "encrypt in tunnel mode, reqid 7", …

/// How long things last; see oekd.conf(5).
struct Timing {
    Duration hold_silence{200};          ///< a hold for a stranger ends after this long without an answer
    Duration hold_capable{1'000};        ///< one for a peer that has encrypted before, or has answered
    Duration hold_limit{5'000};          ///< and either after this long at the latest
    Duration shunt_again{2'000};         ///< first try after something that could be forged
    Duration shunt_short{60'000};        ///< after silence; doubles with each repetition
    Duration shunt_short_max{3'600'000}; ///< up to this
    Duration shunt_normal{900'000}; ///< after a refusal that is cryptographically protected (RFC 4322 §3.2.5)
    Duration peer_ready{500}; ///< so long packets wait for a peer to have its side of an SA that it started
};

/// Most SAs that a flow keeps: two, as crossing exchanges leave. Above that the oldest is closed.
constexpr size_t max_sas_per_flow = 2;

/// Everything the machine remembers of a flow. A value; only step() makes new ones.
///
/// PotentialOe always has a question under way; PendingOe, ClearText and Deny always have a deadline or a
/// negotiation that runs: so no flow stays in them for ever. Only PotentialOe, PendingOe and Keyed have SAs,
/// so a flow that was given up leaves none behind.
struct Connection {
    Flow flow;
    PolicyGroup group = PolicyGroup::PrivateOrClear;
    Prefix network{}; ///< of the line that decides; step() carries it along
    Conduct conduct{};
    Judgement judgement{};
    enum class Peer {
        Stranger,
        Capable ///< it has encrypted before: likely to answer, and what says otherwise is likely forged
    } peer = Peer::Stranger;

    ConnectionState state = ConnectionState::Expired;
    bool asking = false;                      ///< the DNS, in whatever state the flow is
    std::optional<Requirement> requirement{}; ///< nullopt: nothing but ID_NULL is expected
    size_t gateway = 0;                       ///< of the requirement's, with which we negotiate
    bool negotiating = false;      ///< a negotiation of ours is running, in whatever state the flow is
    bool inbound_required = false; ///< the flow's own policies refuse cleartext from the peer
    bool awaiting = false; ///< Keyed by the peer, which may not have its side of the SA yet: packets wait
    unsigned failures = 0; ///< forgeable or silent failures in a row
    Time hold_began{};
    std::optional<Time> deadline{};   ///< DeadlinePassed is due then; nullopt where no time limit applies
    std::vector<IkeSaId> sas{};       ///< oldest first, at most max_sas_per_flow
    std::optional<Encrypt> encrypt{}; ///< what the policies say; only while Keyed
    Protection proven = Protection::Anonymous; ///< while Keyed
    bool denied = false; ///< an impostor, or a forged answer of the DNS: no anonymous peer lifts that

    friend bool operator==(Connection const&, Connection const&) = default;
};

/// What anybody can forge: ICMP, and errors in answer to IKE_SA_INIT. They end the hold of a stranger, which
/// would end soon anyway, and nobody else's. (RFC 4322 §9.2)
enum class Forgeries { Heed, Ignore };
[[nodiscard]] Forgeries forgeries(Connection const& connection);

/// Where IKE goes: the gateway whose turn it is, or the remote address itself.
[[nodiscard]] Address const& destination(Connection const& connection);

/// What the flow really has now, never overstated. A held flow of a permissive group counts as clear:
/// cleartext comes in, and what is held may yet go out so. The wide trap protects a flow that has nothing of
/// its own, as its group says.
[[nodiscard]] Protection protection(Connection const& connection);

/// True where new group lines leave a flow alone: the line that decides about it now (nullptr: none) wants of
/// it what the one before did. All others are withdrawn.
[[nodiscard]] bool is_unaffected(Connection const& connection, GroupLine const* line);

struct Step {
    Connection next;
    std::vector<Action> actions;
};

/// The next state and what must be done. Total: every event is allowed in every state. `group` in the
/// connection decides what is permitted; a flow of `private` or `block` never gets a Pass.
[[nodiscard]] Step step(Connection const& connection, Event const& event, Time now, Timing const& timing);

} // namespace oekd
