// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "policy/address.h"
#include "policy/connection.h"
#include "policy/recent.h"

#include <cstdint>
#include <expected>
#include <string_view>

/// What our questions to strangers may cost them. An IKE_SA_INIT is ten times as long as the smallest packet,
/// and whoever forges a source address decides where it goes; a busy host of ours has much to ask, too.
namespace oekd {

/// Who began the conversation that a packet of ours belongs to.
enum class Beginner {
    Us,      ///< or somebody who has shown that packets to its address reach it
    Them,    ///< whoever they are: the packet is an answer to one with an address that may be forged
    Unclear, ///< them, unless the kernel has more to tell in a moment
};

/// Why nobody is asked.
enum class Withheld {
    Unproven, ///< it is an answer, and too little has come from that address
    Prefix,   ///< too many questions to addresses near that one
    Total,    ///< too many questions
};
[[nodiscard]] std::string_view to_string(Withheld reason); ///< for people: "not asked: …"
[[nodiscard]] std::string_view label_of(Withheld reason);  ///< for metrics: "unproven", …

/// `burst` at once, then one more in each interval.
struct ProbeRate {
    unsigned burst = 0;
    Duration every{0};
    friend bool operator==(ProbeRate const&, ProbeRate const&) = default;
};

struct ProbeLimits {
    ProbeRate total{1'024, Duration{4}};
    ProbeRate prefix{512, Duration{50}};
    ProbeRate answers{256, Duration{20}};        ///< in total, where others began
    ProbeRate answers_prefix{32, Duration{500}}; ///< likewise
    unsigned silences = 16;     ///< so many in a row halve the prefix's rate, twice as many quarter it, …
    unsigned amplification = 5; ///< most bytes out for each byte that came in, where others began
    size_t prefixes = 16'384;   ///< that are remembered, for each kind of beginning
    size_t addresses = 65'536;  ///< whose bytes are counted
    friend bool operator==(ProbeLimits const&, ProbeLimits const&) = default;
};

/// Decides who is asked. A value without clock or I/O.
///
/// Where others began, bytes are counted for each address, and none is spent that did not come in. Answers
/// have buckets of their own, so that who forges packets cannot use up the questions that we ask by
/// ourselves, nor make a prefix of theirs look silent.
class ProbeBudget {
public:
    explicit ProbeBudget(ProbeLimits const& limits = {});

    /// A packet wants to leave for this address.
    struct Occasion {
        Address remote;
        Connection::Peer peer = Connection::Peer::Stranger;
        Beginner beginner = Beginner::Us;
        unsigned bytes_in = 0; ///< where others began: as many as the packet that it answers has at least
    };
    /// Takes the question from the buckets if it may be asked. An answer earns its bytes in any case, but not
    /// more than one question costs.
    [[nodiscard]] std::expected<Probe, Withheld> ask(Occasion const& occasion, Time now);

    void heard_nothing(Address const& remote, Beginner beginner);
    void succeeded(Address const& remote);

    [[nodiscard]] size_t prefixes() const { return m_ours.prefixes.size() + m_theirs.prefixes.size(); }
    [[nodiscard]] size_t addresses() const { return m_bytes.size(); }

private:
    /// A token bucket that needs no more than a time: when it will be full again.
    struct Bucket {
        Time full{};
        [[nodiscard]] bool has_one(ProbeRate const& rate, Time now) const;
        void take(ProbeRate const& rate, Time now);
    };
    struct Neighbours {
        Bucket bucket;
        unsigned silences = 0; ///< in a row
    };
    /// What is counted apart for each kind of beginning.
    struct Side {
        ProbeRate total_rate;
        ProbeRate prefix_rate;
        Bucket total{};
        Recent<Prefix, Neighbours> prefixes;
    };

    [[nodiscard]] Side& side(Beginner beginner) { return beginner == Beginner::Us ? m_ours : m_theirs; }
    [[nodiscard]] ProbeRate rate_of(Side const& side, Neighbours const& neighbours) const;

    ProbeLimits const m_limits;
    Side m_ours;
    Side m_theirs;
    Recent<Address, unsigned> m_bytes; ///< that may go out to an address
};

/// Bytes of our IKE_SA_INIT with IP header, at most.
[[nodiscard]] unsigned question_bytes(Family family);
/// What an answer of this protocol shows to have come in: the bytes of its smallest packet, with IP header.
/// Nothing of TCP, as a SYN is answered several times; there an established connection is a better proof.
[[nodiscard]] unsigned bytes_answered(Family family, uint8_t protocol);

} // namespace oekd
