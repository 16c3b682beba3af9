// SPDX-License-Identifier: GPL-2.0-or-later
#include "dns/gateway_choice.h"

#include <algorithm>

namespace oekd::dns {

namespace {

using Trust = KeysFound::Trust;

void add_key(std::vector<PublicKey>& keys, PublicKey const& key)
{
    if (keys.size() < max_keys && std::ranges::find(keys, key) == keys.end())
        keys.push_back(key);
}

std::variant<Address, GatewayName> gateway_of(IpsecKey const& record, Address const& asked)
{
    if (auto const* name = std::get_if<GatewayName>(&record.gateway))
        return *name;
    auto const* address = std::get_if<Address>(&record.gateway);
    return address ? *address : asked;
}

void add_gateways(std::vector<Gateway>& gateways, KeysFound const& found)
{
    for (auto const& more : found.gateways) {
        auto known = std::ranges::find(gateways, more.address, &Gateway::address);
        if (known == gateways.end() && gateways.size() == max_gateways)
            continue;
        if (known == gateways.end())
            known = gateways.insert(gateways.end(), {more.address, {}});
        for (auto const& key : more.keys)
            add_key(known->keys, key);
    }
}

template <typename Kind> Kind const* first(std::vector<KeyAnswer> const& answers)
{
    for (auto const& answer : answers)
        if (auto const* found = std::get_if<Kind>(&answer))
            return found;
    return nullptr;
}

bool is_signed(KeyAnswer const& answer)
{
    auto const* found = std::get_if<KeysFound>(&answer);
    return found && found->trust == Trust::Dnssec;
}

} // namespace

std::vector<Candidate> candidates(UsableRecords const& usable, Address const& asked)
{
    std::vector<Candidate> result;
    for (auto const& record : usable.records) {
        auto const gateway = gateway_of(record, asked);
        auto known = std::ranges::find_if(result, [&](Candidate const& candidate) {
            return candidate.gateway == gateway && candidate.keys.empty() == !record.key;
        });
        if (known == result.end() && result.size() == max_gateways)
            continue;
        if (known == result.end())
            known = result.insert(result.end(), {gateway, {}, usable.chain});
        if (record.key)
            add_key(known->keys, *record.key);
    }
    return result;
}

KeyAnswer merged(std::vector<KeyAnswer> const& answers)
{
    auto const trust = std::ranges::any_of(answers, is_signed) ? Trust::Dnssec : Trust::Unsigned;
    KeysFound all{trust, {}, std::chrono::seconds::max()};
    for (auto const& answer : answers) {
        auto const* found = std::get_if<KeysFound>(&answer);
        if (!found || found->trust != trust)
            continue;
        add_gateways(all.gateways, *found);
        all.ttl = std::min(all.ttl, found->ttl);
    }
    auto const* unknown = first<Unavailable>(answers);
    if (!all.gateways.empty()) {
        if (unknown)
            all.ttl = {}; // the rest is asked for again soon
        return all;
    }
    if (auto const* bad = first<BadKey>(answers))
        return *bad;
    if (unknown)
        return *unknown;
    auto const* none = first<NoKey>(answers);
    return none ? *none : NoKey{};
}

} // namespace oekd::dns
