// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "policy/flow.h"
#include "policy/key_answer.h"

#include <chrono>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

/// What a peer must prove before a flow with it is encrypted: RFC 4322 §3.2, RFC 7435, RFC 4025 §4.
namespace oekd {

/// The protections that a group takes, `auth` in oekd.conf. A set of Anonymous, Dns and Dnssec.
class AcceptedProtections {
public:
    constexpr AcceptedProtections(std::initializer_list<Protection> protections)
    {
        for (auto const protection : protections)
            add(protection);
    }
    constexpr void add(Protection protection) { m_bits |= bit(protection); }
    [[nodiscard]] constexpr bool has(Protection protection) const { return (m_bits & bit(protection)) != 0; }
    /// Where nothing but Anonymous is taken nobody asks the DNS.
    [[nodiscard]] constexpr bool any_with_keys() const
    {
        return has(Protection::Dns) || has(Protection::Dnssec);
    }
    friend bool operator==(AcceptedProtections const&, AcceptedProtections const&) = default;

private:
    static constexpr unsigned bit(Protection protection) { return 1U << static_cast<unsigned>(protection); }
    unsigned m_bits = 0;
};

/// What becomes of packets to a peer whose key DNSSEC promises and which does not answer.
enum class PromiseBroken {
    Clear, ///< as with any other peer
    Deny,
};

[[nodiscard]] std::string_view to_string(PromiseBroken what); ///< "clear", "deny"

/// How a group judges its peers.
struct Judgement {
    AcceptedProtections accepted{Protection::Anonymous};
    PromiseBroken promise_broken = PromiseBroken::Clear;
    friend bool operator==(Judgement const&, Judgement const&) = default;
};

/// The outcome for one flow. A value.
struct Requirement {
    enum class Verdict {
        Negotiate, ///< with the gateways in order; they are never none
        Hopeless,  ///< nothing can come of it that the group accepts: as a negotiation that has failed
        Deny,      ///< forged or broken: nothing passes, also where the group may go clear
    } verdict = Verdict::Negotiate;
    enum class Key {
        None,     ///< nobody knows one: ID_NULL
        Wanted,   ///< one of them or ID_NULL
        Required, ///< one of them and nothing else
    } key = Key::None;
    std::vector<Gateway> gateways;
    Protection proven = Protection::Anonymous; ///< what a proof of one of the keys is worth
    std::chrono::seconds lifetime{};           ///< so long the DNS holds to it; 0: it said nothing
    std::string why{};                         ///< for people

    /// DNSSEC says that somebody with that key is there: what says otherwise is a failure of its own.
    [[nodiscard]] bool is_promise() const { return proven == Protection::Dnssec; }
    friend bool operator==(Requirement const&, Requirement const&) = default;
};

/// For a flow to `remote`. `why` says what was found.
[[nodiscard]] Requirement required_of(KeyAnswer const& answer, Address const& remote,
                                      AcceptedProtections accepted);
/// What an Unsigned key that turned out wrong leaves: as if there were no record.
[[nodiscard]] Requirement without_key(Address const& remote, AcceptedProtections accepted);

} // namespace oekd
