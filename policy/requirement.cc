// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/requirement.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <utility>

namespace oekd {

namespace {

using Key = Requirement::Key;
using Verdict = Requirement::Verdict;

/// One row of the table for each kind of answer.
struct Table {
    Address const& remote;
    AcceptedProtections accepted;

    [[nodiscard]] Requirement anonymous(std::chrono::seconds lifetime, std::string why) const
    {
        bool const taken = accepted.has(Protection::Anonymous);
        return {.verdict = taken ? Verdict::Negotiate : Verdict::Hopeless,
                .gateways = {{remote, {}}},
                .lifetime = lifetime,
                .why = std::move(why)};
    }

    Requirement operator()(KeysFound const& found) const
    {
        return found.trust == KeysFound::Trust::Dnssec ? signed_keys(found) : unsigned_keys(found);
    }
    Requirement operator()(NoKey const& none) const
    {
        return anonymous(none.ttl, none.why.empty() ? "no key in the reverse DNS" : none.why);
    }
    Requirement operator()(BadKey const& bad) const
    {
        return {.verdict = Verdict::Deny, .lifetime = bad.ttl, .why = bad.why};
    }
    Requirement operator()(Unavailable const& unavailable) const
    {
        return anonymous({}, fmt::format("the DNS does not say: {}", unavailable.why));
    }

    // A promise is kept or broken, whatever else the group would take. Flows end at their hosts so far:
    // another gateway is of no use.
    [[nodiscard]] Requirement signed_keys(KeysFound const& found) const
    {
        std::vector<Gateway> usable;
        std::ranges::copy_if(found.gateways, std::back_inserter(usable),
                             [this](Gateway const& gateway) { return gateway.address == remote; });
        if (usable.empty())
            return {.verdict = Verdict::Hopeless,
                    .key = Key::Required,
                    .proven = Protection::Dnssec,
                    .lifetime = found.ttl,
                    .why = "another host is its gateway, which oekd cannot use yet"};
        bool const taken = accepted.has(Protection::Dnssec);
        return {.verdict = taken ? Verdict::Negotiate : Verdict::Hopeless,
                .key = Key::Required,
                .gateways = std::move(usable),
                .proven = Protection::Dnssec,
                .lifetime = found.ttl,
                .why = "a key with DNSSEC"};
    }

    // Nobody may be sent elsewhere by what anybody can forge (RFC 4025 §4).
    [[nodiscard]] Requirement unsigned_keys(KeysFound const& found) const
    {
        auto const itself = std::ranges::find(found.gateways, remote, &Gateway::address);
        if (itself == found.gateways.end() || !accepted.has(Protection::Dns))
            return anonymous(found.ttl, "a key without DNSSEC, which does not count");
        return {.key = accepted.has(Protection::Anonymous) ? Key::Wanted : Key::Required,
                .gateways = {*itself},
                .proven = Protection::Dns,
                .lifetime = found.ttl,
                .why = "a key without DNSSEC"};
    }
};

} // namespace

std::string_view to_string(PromiseBroken what)
{
    switch (what) {
    case PromiseBroken::Clear: return "clear";
    case PromiseBroken::Deny: return "deny";
    }
    std::unreachable();
}

Requirement required_of(KeyAnswer const& answer, Address const& remote, AcceptedProtections accepted)
{
    return std::visit(Table{remote, accepted}, answer);
}

Requirement without_key(Address const& remote, AcceptedProtections accepted)
{
    return Table{remote, accepted}.anonymous({}, "the key without DNSSEC was not proven");
}

} // namespace oekd
