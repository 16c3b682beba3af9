// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/event_loop.h"
#include "base/journal.h"
#include "daemon/key_source.h"
#include "ike/authentication.h"

#include <chrono>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace oekd {

/// As whom we speak from each of our addresses: as the address where its reverse name has our key, else as
/// our configured name, else anonymously. Published and not answering would be worse than not published, so
/// what the DNS says of us is looked at again every hour. Main thread.
class OwnIdentities {
public:
    /// What the DNS says of one of our addresses.
    enum class Published {
        Unknown,   ///< not known yet, or no answer
        Nothing,   ///< no key
        Another,   ///< keys, and ours is none of them
        Unsigned,  ///< our key, without DNSSEC
        WithDnssec ///< our key
    };

    /// `key` is ours; without one we are anonymous everywhere, and nobody is asked.
    OwnIdentities(EventLoop& loop, KeySource& keys, Journal const& journal, std::optional<PublicKey> key,
                  bool has_name);

    /// These are our addresses now; those that are new are asked about.
    void use(std::span<Address const> own_addresses);
    [[nodiscard]] OwnIdentity as(Address const& local) const;

    [[nodiscard]] std::map<Address, Published> published() const;
    [[nodiscard]] std::optional<PublicKey> const& key() const { return m_key; }

private:
    struct Entry {
        Published published = Published::Unknown;
        std::unique_ptr<dns::Lookup> lookup;
    };
    void ask(Address const& address);
    void learnt(Address const& address, KeyAnswer const& answer);
    void ask_again();

    EventLoop& m_loop;
    KeySource& m_keys;
    Journal const& m_journal;
    std::optional<PublicKey> m_key;
    bool m_has_name;
    std::map<Address, Entry> m_entries; ///< one for each of our addresses
    EventSource m_timer;
};

[[nodiscard]] std::string_view to_string(OwnIdentities::Published published);
/// One word, for JSON: "unknown", "none", "other", "dns", "dnssec".
[[nodiscard]] std::string_view word_for(OwnIdentities::Published published);

} // namespace oekd
