// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/line_limit.h"
#include "base/mailbox.h"
#include "ike/charon.h"
#include "ike/expectation.h"
#include "ike/ike_event.h"
#include "ike/refusal.h"
#include "ike/reqid_table.h"
#include "ike/responder_gate.h"
#include "ike/unreachable.h"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace oekd {

struct SaLimits {
    size_t negotiations = 0; ///< of ours at the same time
    size_t total = 0;        ///< IKE_SAs
    size_t per_address = 0;  ///< IKE_SAs with one remote address (IPv6: one /64) that the peer started
};

enum class Heard { Clear, Protected };

/// Whom to ask what is expected of a peer that begins.
enum class Incoming {
    Anonymous, ///< nobody: we answer with AUTH-NULL, and whoever comes is anonymous
    Ask,       ///< the main thread, by KeysWanted
};

/// Every IKE_SA that libcharon has, or is about to have for us, and what is left to tell about it. Turns
/// libcharon's many events into the promises of ike.h: one SaUp or NegotiationEnded for each negotiation, one
/// SaDown for each SaUp, and a reqid held as long as the IKE_SA lives. Thread-safe; for one IKE_SA libcharon
/// calls from one thread at a time.
class SaTable {
public:
    SaTable(SaLimits limits, ReqidTable& reqids, ResponderGate& gate, Mailbox<IkeEvent>& mailbox,
            Incoming incoming = Incoming::Anonymous);

    // ---- for the main thread

    /// Makes room for one more negotiation; false where a limit is reached, which is told as
    /// NegotiationEnded. Without an authentication, IKE_AUTH waits for expect().
    [[nodiscard]] bool reserve(NegotiationId id, Flow const& flow, Forgeries forgeries = Forgeries::Heed,
                               std::optional<Authentication> authentication = Authentication{},
                               std::optional<Endpoints> endpoints = std::nullopt);
    /// The IKE_SA whose message must be taken up again (charon_resume()), where one waits.
    [[nodiscard]] std::optional<charon_sa> expect(NegotiationId id, Authentication authentication);
    [[nodiscard]] std::optional<charon_sa> answer(KeysWanted const& question, Authentication authentication);
    [[nodiscard]] std::optional<charon_sa> refuse(IkeSaId sa);
    /// Ends it with Failure::Local, unless IKE_AUTH was sent; the IKE_SA to close.
    [[nodiscard]] std::optional<charon_sa> give_up(NegotiationId id);
    [[nodiscard]] std::optional<charon_sa> find(IkeSaId sa);
    [[nodiscard]] size_t size() const;
    [[nodiscard]] std::vector<charon_sa> all() const;
    /// Until no IKE_SA is left, at most so long.
    void wait_until_empty(std::chrono::milliseconds limit);

    // ---- for the thread that receives

    /// Whether an IKE_SA with this address is left, in whatever stage.
    [[nodiscard]] bool has_sa_with(Address const& remote) const;
    /// Whether a refusal from there shall not be heard. It is remembered as a reason, should there be no
    /// other.
    [[nodiscard]] bool ignores(Refusal const& refusal, Address const& remote);

    // ---- what libcharon tells (see charon.h)

    void begun(NegotiationId id, charon_sa const& sa);
    void not_begun(NegotiationId id);
    [[nodiscard]] bool admit(charon_sa const& sa, Flow const& flow);
    /// What is known about the authentication of this IKE_SA; see charon.h. Only of an IKE_SA that answers
    /// or has been answered there is a claim.
    struct Known {
        charon_readiness readiness = CHARON_REFUSE;
        OwnIdentity own = OwnIdentity::Anonymous;
        std::span<Expectation::Candidate const> candidates{}; ///< stay until the next call for this IKE_SA
    };
    [[nodiscard]] Known authentication(charon_sa const& sa, std::optional<Claim> const& claim);
    /// See Expectation::authorize().
    [[nodiscard]] bool authorize(charon_sa const& sa, std::optional<size_t> candidate);
    /// Nobody said in time what is expected of the peer.
    void overdue(charon_sa const& sa);
    /// Whether the peer of an admitted IKE_SA is to get that flow.
    [[nodiscard]] bool accepts(charon_sa const& sa, Endpoints const& endpoints, Flow const& flow,
                               EspMode mode);
    /// For the SA of an IKE_SA that is authorized. nullopt where none is free.
    [[nodiscard]] std::optional<Reqid> reqid(charon_sa const& sa);
    void heard(charon_sa const& sa, Heard what);
    void auth_sent(charon_sa const& sa);
    void failed(charon_sa const& sa, Failure reason, std::string_view detail);
    [[nodiscard]] charon_verdict review_silence(charon_sa const& sa);
    enum class Established { No, Yes };
    [[nodiscard]] charon_verdict review_deadline(charon_sa const& sa, Established established);
    /// False where the SA must be deleted: it is not what was negotiated for, or a second one.
    [[nodiscard]] bool child_up(charon_sa const& sa, SaDescription description);
    void child_rekeyed(charon_sa const& sa, SaDescription description);
    void child_down(charon_sa const& sa);
    void sa_rekeyed(charon_sa const& old, charon_sa const& successor);
    void sa_gone(charon_sa const& sa);
    void unreachable(Unreachable const& error);

private:
    enum class Stage { SettingUp, Up, Over };
    struct Ending {
        Failure reason = Failure::Silent;
        std::string detail;
    };
    struct Entry {
        IkeSaId name{}; ///< the number it began with; IKE rekeying changes libcharon's number, never this one
        charon_sa sa{};
        Endpoints endpoints;
        Flow flow;                   ///< of a peer's IKE_SA the endpoints, until it has said what it wants
        NegotiationId negotiation{}; ///< 0 where the peer started
        Expectation expectation{};
        bool asks = false;  ///< the main thread knows what is expected
        bool signs = false; ///< or so the peer says
        OwnProof ours = OwnProof::None;
        bool accepted = false;                     ///< the flow is what the peer shall get
        std::optional<Reqid> reqid = std::nullopt; ///< held in m_reqids
        Stage stage = Stage::SettingUp;
        std::optional<Heard> heard = std::nullopt;
        bool auth_sent = false;
        Forgeries forgeries = Forgeries::Heed;
        bool told_unreachable = false;
        bool told_confirmed = false;
        std::optional<Ending> ignored = std::nullopt; ///< what would have ended it
        std::optional<Ending> ending = std::nullopt;
    };

    [[nodiscard]] Entry* entry(charon_sa const& sa);
    void add(Entry entry);
    [[nodiscard]] bool has_room() const;
    void leave_setting_up(Entry& entry, Stage stage);
    void end_negotiation(Entry& entry);
    void end(Entry& entry);
    void confirm(Entry& entry);
    [[nodiscard]] Entry* by_name(IkeSaId name);
    [[nodiscard]] Entry* negotiation(NegotiationId id);
    void begin_to_expect(Entry& entry);
    void ask(Entry& entry, Expectation::Question const& question);
    [[nodiscard]] Expectation::Question question_about(Entry const& entry,
                                                       std::optional<Claim> const& claim) const;
    void complete(SaDescription& description, Entry const& entry) const;
    [[nodiscard]] static PeerProof proof(Entry const& entry);

    SaLimits const m_limits;
    ReqidTable& m_reqids;
    ResponderGate& m_gate;
    Mailbox<IkeEvent>& m_mailbox;
    Incoming const m_incoming;

    mutable std::mutex m_mutex;
    std::condition_variable m_emptied;
    std::unordered_map<uint32_t, Entry> m_entries; ///< by libcharon's number
    std::unordered_map<IkeSaId, uint32_t> m_renamed;
    struct Reservation {
        Endpoints endpoints;
        Flow flow;
        Forgeries forgeries = Forgeries::Heed;
        Expectation expectation;
    };
    std::unordered_map<NegotiationId, Reservation> m_reserved;
    std::unordered_map<Address, size_t> m_per_address; ///< those that peers started
    std::unordered_map<Address, size_t> m_per_remote;  ///< all of them
    std::unordered_map<uint64_t, uint32_t> m_by_spi;   ///< negotiations of ours, by initiator SPI
    LineLimit m_early_questions;
};

} // namespace oekd
