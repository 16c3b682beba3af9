// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "daemon/key_source.h"
#include "daemon/own_identity.h"
#include "ike/ike_event.h"
#include "policy/group_table.h"
#include "policy/requirement.h"

#include <functional>
#include <map>
#include <memory>

namespace oekd {

/// How we speak to a peer and what it must prove: `wanted` is nullptr where nothing is known.
[[nodiscard]] Authentication authentication(Requirement const* wanted, OwnIdentity own);

/// What is expected of peers that begin: the same as of those that we ask, so that nobody lowers what DNS
/// promises about an address by being the first. Main thread.
class IncomingPeers {
public:
    /// Ike::answer() and Ike::refuse().
    struct Replies {
        std::function<void(KeysWanted const&, Authentication)> answer;
        std::function<void(KeysWanted const&)> refuse;
    };

    IncomingPeers(KeySource& keys, OwnIdentities const& identities, std::shared_ptr<GroupTable const> groups,
                  Replies replies);

    void set_groups(std::shared_ptr<GroupTable const> groups) { m_groups = std::move(groups); }
    /// Answers at once, or when the DNS has. Too many at a time are refused: they come back.
    void wanted(KeysWanted const& question);

    static constexpr size_t max_waiting = 1'024;

private:
    [[nodiscard]] AcceptedProtections accepted_from(Address const& remote) const;
    void reply(KeysWanted const& question, KeyAnswer const& answer, AcceptedProtections accepted);

    KeySource& m_keys;
    OwnIdentities const& m_identities;
    std::shared_ptr<GroupTable const> m_groups; // shared with libcharon's threads
    Replies m_replies;
    std::map<IkeSaId, std::unique_ptr<dns::Lookup>> m_waiting;
};

} // namespace oekd
