// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/mailbox.h"
#include "ike/authentication.h"
#include "ike/ike_event.h"
#include "ike/reqid_table.h"
#include "ike/responder_gate.h"
#include "ike/sa_table.h"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace oekd {

enum class KeyExchange {
    Hybrid,  ///< x25519 with ML-KEM-768 (RFC 9370) is offered first
    Classic, ///< no ML-KEM, as initiator and as responder
};

struct IkeSettings {
    EspMode mode = EspMode::Transport; ///< what we propose; the peer's choice of tunnel is always taken
    KeyExchange key_exchange = KeyExchange::Hybrid;
    uint16_t port = 500;
    uint16_t nat_port = 4500;
    std::chrono::milliseconds retransmit_first{500}; ///< doubles with each
    unsigned retransmissions = 2;                    ///< of IKE_SA_INIT: at most 3 datagrams to a stranger
    /// For one negotiation, until IKE_AUTH was sent. From then on the peer may have an SA, so that repetition
    /// goes on until it answers or half a minute has passed (with retransmit_first at 500 ms).
    std::chrono::milliseconds deadline{10'000};
    std::chrono::seconds rekey_child{3600};
    std::chrono::seconds rekey_ike{14'400};
    /// A peer from which nothing came for so long, neither ESP nor IKE, is asked whether it still lives. 0:
    /// never.
    std::chrono::seconds liveness{30};
    size_t max_negotiations = 1024; ///< of ours at the same time
    size_t max_sas = 65'536;        ///< IKE_SAs in total
    size_t max_sas_per_address =
        16; ///< IKE_SAs that one remote address (IPv6: one /64) started, half-open ones included
    std::optional<OwnKey> own_key{};
    std::string own_name{}; ///< for OwnIdentity::Name: a host name
    Incoming incoming = Incoming::Anonymous;
    /// A peer's IKE_AUTH waits so long for an answer to KeysWanted, then it is refused.
    std::chrono::milliseconds answer_limit{5'000};
    size_t max_waiting = 1024; ///< messages that wait; above that the peer must repeat them
    int log_level = 0;         ///< libcharon's own: -1 silent, 0 audit, 1 control flow, 2 detail
    /// Where libcharon's log lines go. Called on any thread, one line without newline. May be empty.
    std::function<void(int level, std::string_view line)> log;
};

/// libcharon inside this process: IKEv2 with AUTH-NULL (RFC 7619) or raw public keys (RFC 7427, 7670), SAs
/// into the kernel with our reqid, no policies. One per process (libcharon's own state is global). For the
/// main thread; events come through the mailbox.
class Ike {
public:
    /// Opens the sockets and starts libcharon's threads. All signals that the main loop handles must be
    /// blocked before. Errors: PortInUse, Permission, System. `gate`, `reqids` and `mailbox` must outlive the
    /// Ike.
    static Result<std::unique_ptr<Ike>> start(IkeSettings settings, ResponderGate& gate, ReqidTable& reqids,
                                              Mailbox<IkeEvent>& mailbox);
    /// Sends a DELETE for each SA and waits for libcharon's threads; bounded by a few seconds.
    ~Ike();
    Ike(Ike const&) = delete;
    Ike& operator=(Ike const&) = delete;

    /// Starts IKE from flow.local to flow.remote, for the flow's service and nothing else; ends in exactly
    /// one SaUp or NegotiationEnded (with Failure::Local where a limit was reached).
    /// With Probe::Once, IKE_SA_INIT is not repeated. With Forgeries::Ignore, refusals of IKE_SA_INIT are
    /// taken for forged. Without an authentication, everything before IKE_AUTH is done while expect() is
    /// awaited, as long as the deadline lets it. With endpoints other than the flow's hosts it is tunnel
    /// mode, and a peer that speaks for another host must prove one of the keys, whatever the demand.
    void negotiate(NegotiationId id, Flow const& flow, Probe probe, Forgeries forgeries,
                   std::optional<Authentication> authentication = Authentication{},
                   std::optional<Endpoints> endpoints = std::nullopt);
    /// Once for each such negotiation; ids that are not waiting are ignored.
    void expect(NegotiationId id, Authentication authentication);
    /// Ends a negotiation in NegotiationEnded with Failure::Local, unless IKE_AUTH was sent already.
    void give_up(NegotiationId id);
    /// To each KeysWanted, within IkeSettings::answer_limit. Answers that come late or twice are ignored.
    void answer(KeysWanted const& question, Authentication authentication);
    /// The other possible answer: AUTHENTICATION_FAILED, whatever the peer proves.
    void refuse(KeysWanted const& question);
    /// DELETE to the peer; SaDown follows. Unknown ids are ignored.
    void close(IkeSaId sa);
    /// The same, but the SA goes at once: for one whose local address is gone, so that no answer can come.
    void abandon(IkeSaId sa);

    [[nodiscard]] size_t sa_count() const;

private:
    struct State;
    explicit Ike(std::unique_ptr<State> state);
    std::unique_ptr<State> m_state;
};

/// The embedded strongSwan's version, "6.1.0".
[[nodiscard]] std::string_view ike_version();

} // namespace oekd
