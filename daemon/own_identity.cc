// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/own_identity.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace oekd {

namespace {

constexpr std::chrono::hours look_again{1};

using Published = OwnIdentities::Published;

/// Whether there is anything to mend, for the journal.
bool is_as_it_should_be(Published published)
{
    return published == Published::Unsigned || published == Published::WithDnssec;
}

Published published_in(KeyAnswer const& answer, PublicKey const& key)
{
    auto const* const found = std::get_if<KeysFound>(&answer);
    if (!found)
        return std::holds_alternative<NoKey>(answer) ? Published::Nothing : Published::Unknown;
    bool const ours = std::ranges::any_of(found->gateways, [&key](Gateway const& gateway) {
        return std::ranges::find(gateway.keys, key) != gateway.keys.end();
    });
    if (!ours)
        return Published::Another;
    return found->trust == KeysFound::Trust::Dnssec ? Published::WithDnssec : Published::Unsigned;
}

} // namespace

std::string_view to_string(OwnIdentities::Published published)
{
    switch (published) {
    case Published::Unknown: return "not known";
    case Published::Nothing: return "no key is published";
    case Published::Another: return "another key is published";
    case Published::Unsigned: return "our key is published without DNSSEC";
    case Published::WithDnssec: return "our key is published with DNSSEC";
    }
    std::unreachable();
}

std::string_view word_for(OwnIdentities::Published published)
{
    switch (published) {
    case Published::Unknown: return "unknown";
    case Published::Nothing: return "none";
    case Published::Another: return "other";
    case Published::Unsigned: return "dns";
    case Published::WithDnssec: return "dnssec";
    }
    std::unreachable();
}

OwnIdentities::OwnIdentities(EventLoop& loop, KeySource& keys, Journal const& journal,
                             std::optional<PublicKey> key, bool has_name)
    : m_loop(loop), m_keys(keys), m_journal(journal), m_key(std::move(key)), m_has_name(has_name)
{
    ask_again();
}

void OwnIdentities::use(std::span<Address const> own_addresses)
{
    if (!m_key)
        return;
    std::erase_if(m_entries, [&](auto const& entry) {
        return std::ranges::find(own_addresses, entry.first) == own_addresses.end();
    });
    for (auto const& address : own_addresses) {
        if (m_entries.try_emplace(address).second)
            ask(address);
    }
}

OwnIdentity OwnIdentities::as(Address const& local) const
{
    auto const entry = m_entries.find(local);
    if (entry != m_entries.end() && is_as_it_should_be(entry->second.published))
        return OwnIdentity::Address;
    return m_key && m_has_name ? OwnIdentity::Name : OwnIdentity::Anonymous;
}

std::map<Address, Published> OwnIdentities::published() const
{
    std::map<Address, Published> all;
    for (auto const& [address, entry] : m_entries)
        all.emplace(address, entry.published);
    return all;
}

void OwnIdentities::ask(Address const& address)
{
    m_entries.at(address).lookup =
        m_keys.ask(address, [this, address](KeyAnswer const& answer) { learnt(address, answer); });
}

/// Where the DNS does not answer what it said before holds.
void OwnIdentities::learnt(Address const& address, KeyAnswer const& answer)
{
    auto& entry = m_entries.at(address);
    auto const published = published_in(answer, *m_key);
    if (published == Published::Unknown || published == std::exchange(entry.published, published))
        return;
    m_journal.log(is_as_it_should_be(published) ? LogLevel::Info : LogLevel::Notice,
                  fmt::format("{}: {}", address.to_string(), to_string(published)));
}

void OwnIdentities::ask_again()
{
    for (auto const& [address, entry] : m_entries)
        ask(address);
    if (auto timer = m_loop.after(look_again, [this] { ask_again(); }))
        m_timer = std::move(*timer);
}

} // namespace oekd
