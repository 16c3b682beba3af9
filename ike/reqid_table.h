// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "policy/flow.h"

#include <array>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

namespace oekd {

/// Whose SAs may stand for each other: those of a peer that has proven a key that was expected, and all
/// others.
enum class PeerProof { Anonymous, Authenticated };

/// Gives each flow its reqid, so that initiator, responder and crossing exchanges of one flow use the same
/// one: SAs of a flow with different reqids are dropped by the other's `in` policy. That is also why
/// authenticated SAs have another: what comes through an anonymous SA does not pass for theirs. Thread-safe.
class ReqidTable {
public:
    /// Gives out first..last, both included, at most one per flow and proof.
    ReqidTable(Reqid first, Reqid last);

    /// The flow's reqid, a new one at first sight; counts one more user. nullopt when all are taken.
    [[nodiscard]] std::optional<Reqid> acquire(Flow const& flow, PeerProof proof = PeerProof::Anonymous);
    /// One user less; with the last one the reqid is free again, and is given out as late as possible.
    void release(Flow const& flow, PeerProof proof = PeerProof::Anonymous);
    [[nodiscard]] size_t size() const;

private:
    struct Entry {
        Reqid reqid{};
        unsigned users = 0;
    };
    std::optional<Reqid> take_free();

    mutable std::mutex m_mutex;
    using Entries = std::unordered_map<Flow, Entry>;
    [[nodiscard]] Entries& entries(PeerProof proof) { return m_entries[std::to_underlying(proof)]; }
    std::array<Entries, 2> m_entries; ///< by PeerProof
    uint32_t m_next;                  ///< the first one that was never given out
    uint32_t const m_last;
    std::deque<Reqid> m_returned; ///< the longest free one first; used when no fresh one is left
};

} // namespace oekd
