// SPDX-License-Identifier: GPL-2.0-or-later
#include "dns/key_records.h"

#include "policy/printable.h"

#include <algorithm>
#include <fmt/format.h>

namespace oekd::dns {

namespace {

bool is_private(Address const& address)
{
    for (auto const* text : {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"})
        if (Prefix::parse(text).value().contains(address))
            return true;
    return false;
}

/// What is wrong with a record although it can be parsed; empty: nothing.
std::string objection_to(IpsecKey const& record, Address const& asked)
{
    auto const* gateway = std::get_if<Address>(&record.gateway);
    if (!gateway)
        return {};
    if (is_out_of_reach(*gateway, asked))
        return fmt::format("the gateway {} has a private address", gateway->to_string());
    if (!record.key && *gateway == asked)
        return "no key, and the gateway is the address itself";
    return {};
}

bool names_only_itself(IpsecKey const& record, Address const& asked)
{
    return std::holds_alternative<NoGateway>(record.gateway) || record.gateway == IpsecKey::Gateway(asked);
}

/// The records sorted into their kinds, and of each kind that is not used one reason.
struct Sorted {
    std::vector<IpsecKey> usable;
    size_t malformed = 0;
    size_t others = 0; ///< of unknown kinds, or with a gateway that nobody signed
    std::string why_malformed;
    std::string why_other;
};

Sorted sort(Records const& records, Address const& asked)
{
    Sorted sorted;
    auto const put_malformed = [&sorted](std::string why) {
        ++sorted.malformed;
        sorted.why_malformed = std::move(why);
    };
    auto const put_other = [&sorted](std::string why) {
        ++sorted.others;
        sorted.why_other = std::move(why);
    };
    for (auto const& data : records.data) {
        auto parsed = parse_ipseckey(data);
        auto* record = std::get_if<IpsecKey>(&parsed);
        if (auto* malformed = std::get_if<MalformedIpsecKey>(&parsed))
            put_malformed(std::move(malformed->why));
        else if (auto* unknown = std::get_if<UnknownIpsecKey>(&parsed))
            put_other(fmt::format("only records of kinds that are not used: {}", unknown->why));
        else if (auto why = objection_to(*record, asked); !why.empty())
            put_malformed(std::move(why));
        else if (records.security != Security::Signed && !names_only_itself(*record, asked))
            put_other("nobody has signed that another host is the gateway");
        else
            sorted.usable.push_back(std::move(*record));
    }
    return sorted;
}

} // namespace

void Chain::add(Security security, std::chrono::seconds step_ttl)
{
    if (security != Security::Signed)
        trust = KeysFound::Trust::Unsigned;
    ttl = std::min(ttl, step_ttl);
}

bool is_out_of_reach(Address const& gateway, Address const& asked)
{
    return is_private(gateway) && !is_private(asked);
}

RecordsJudged judge_records(Records const& records, Address const& asked, Randomness& random)
{
    auto sorted = sort(records, asked);
    if (!sorted.usable.empty()) {
        std::ranges::shuffle(sorted.usable, random);
        std::ranges::stable_sort(sorted.usable, {}, &IpsecKey::precedence);
        UsableRecords usable{{}, std::move(sorted.usable)};
        usable.chain.add(records.security, records.ttl);
        return usable;
    }
    if (sorted.others > 0)
        return NoKey{records.ttl, sorted.why_other};
    auto why =
        fmt::format("{}: {}", sorted.malformed == 1 ? "the record is malformed" : "all records are malformed",
                    sorted.why_malformed);
    if (records.security == Security::Signed)
        return BadKey{records.ttl, std::move(why)};
    return NoKey{records.ttl, std::move(why)};
}

std::vector<PublicKey> own_keys(Records const& records, Host const& host)
{
    std::vector<IpsecKey> own;
    for (auto const& data : records.data) {
        auto parsed = parse_ipseckey(data);
        auto* record = std::get_if<IpsecKey>(&parsed);
        if (!record || !record->key)
            continue;
        auto const* name = std::get_if<GatewayName>(&record->gateway);
        auto const* address = std::get_if<Address>(&record->gateway);
        if (name && lower_case(name->text) != lower_case(host.name))
            continue;
        if (address && std::ranges::find(host.addresses, *address) == host.addresses.end())
            continue;
        own.push_back(std::move(*record));
    }
    std::ranges::stable_sort(own, {}, &IpsecKey::precedence);
    std::vector<PublicKey> keys;
    for (auto& record : own)
        if (keys.size() < max_keys && std::ranges::find(keys, *record.key) == keys.end())
            keys.push_back(std::move(*record.key));
    return keys;
}

} // namespace oekd::dns
