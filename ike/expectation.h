// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "ike/authentication.h"
#include "policy/flow.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace oekd {

/// What a peer says about itself in IKE_AUTH. Nothing of it is proven.
struct Claim {
    std::optional<Flow> flow{}; ///< what it asks for
    enum class Method { Null, Signature, Other } method = Method::Other;
    std::string name{};            ///< ID_FQDN as it came, "" for every other identity
    std::vector<std::byte> spki{}; ///< from its CERT payload (RFC 7670), empty where there was none
};

/// What is expected of the peer of one IKE_SA, and what it has proven at last. Until it is known, messages
/// wait. Not thread-safe.
class Expectation {
public:
    /// To the main thread: what is expected of who wants this flow and has this name, or (where it is empty)
    /// of who has the flow's address.
    struct Question {
        Flow flow;
        std::string name{};
        friend bool operator==(Question const&, Question const&) = default;
    };

    /// Unknown until answer().
    Expectation() = default;
    explicit Expectation(Authentication known) : m_known(std::move(known)) {}

    /// False where it was asked before, or two others were: more a stranger does not get.
    [[nodiscard]] bool ask(Question const& question);
    /// True where a message waits for this answer. Answers to an older question are ignored.
    [[nodiscard]] bool answer(Question const& question, Authentication known);
    /// The same, where nothing was asked.
    [[nodiscard]] bool tell(Authentication known);
    [[nodiscard]] bool is_known() const { return m_known.has_value(); }
    [[nodiscard]] bool is_refused() const { return m_refused; }
    /// Whatever it proves is not enough. True where a message waits.
    [[nodiscard]] bool refuse();
    /// A message was set aside until answer() or refuse().
    void wait() { m_waits = true; }

    /// A key that the peer may prove.
    struct Candidate {
        PublicKey key;
        std::vector<std::byte> spki;
        enum class From { Expected, Peer } from = From::Expected;
    };
    /// How we speak to the peer, once it is known.
    [[nodiscard]] OwnIdentity own() const { return m_known ? m_known->own : OwnIdentity::Anonymous; }
    /// Which keys count for this claim; only once it is known.
    [[nodiscard]] std::vector<Candidate> const& candidates(Claim const& claim);

    [[nodiscard]] bool is_expected(std::optional<size_t> candidate) const;
    /// The peer has authenticated, by AUTH-NULL (nullopt) or by the key of this candidate. False where that
    /// is not enough.
    [[nodiscard]] bool authorize(std::optional<size_t> candidate);
    [[nodiscard]] bool is_authorized() const { return m_authorized; }
    [[nodiscard]] std::optional<PublicKey> const& proven() const { return m_proven; }
    [[nodiscard]] std::optional<PublicKey> const& offered() const { return m_offered; }

private:
    std::optional<Authentication> m_known;
    std::optional<Question> m_question;
    unsigned m_asked = 0;
    std::vector<Candidate> m_candidates;
    std::optional<PublicKey> m_proven;
    std::optional<PublicKey> m_offered;
    bool m_waits = false;
    bool m_refused = false;
    bool m_authorized = false;
};

/// The name in lower case and without a dot at the end; nullopt for what is no host name. Strangers send it.
[[nodiscard]] std::optional<std::string> host_name(std::string name);

} // namespace oekd
