// SPDX-License-Identifier: GPL-2.0-or-later
#include "dns/host_record.h"

#include <algorithm>
#include <optional>
#include <set>

namespace oekd::dns {

namespace {

using Provenance = HostAddress::Provenance;

/// What one family's answer comes to.
struct Part {
    enum class Kind { Addresses, None, ProvenNone, Failure } kind = Kind::Failure;
    std::set<HostAddress> addresses; ///< new with Addresses, else those from before
    std::chrono::seconds ttl{};      ///< with Addresses
    std::string problem;             ///< with all others
};

bool is_signed(HostAddress const& host) { return host.provenance == Provenance::Signed; }

class Reading {
public:
    Reading(HostRecord const& before, Family family)
    {
        std::ranges::copy_if(before.addresses, std::inserter(m_before, m_before.end()),
                             [family](HostAddress const& host) { return host.address.family() == family; });
    }

    Part operator()(Records const& records) const
    {
        if (!is_valid(records.security) && std::ranges::any_of(m_before, is_signed))
            return {Part::Kind::Failure, m_before, {}, "its signature is wrong or missing"};
        auto const provenance =
            records.security == Security::Signed ? Provenance::Signed : Provenance::Unsigned;
        std::set<HostAddress> addresses;
        for (auto const& address : addresses_in(records))
            addresses.insert({provenance, address});
        while (addresses.size() > max_host_addresses)
            addresses.erase(std::prev(addresses.end()));
        if (addresses.empty())
            return {Part::Kind::None, m_before, {}, "it has no address that a peer could have"};
        return {Part::Kind::Addresses, std::move(addresses), records.ttl, {}};
    }
    Part operator()(NoRecord const& none) const
    {
        auto const kind = none.security == Security::Signed ? Part::Kind::ProvenNone : Part::Kind::None;
        bool const no_name = none.missing == NoRecord::Missing::Name;
        return {kind, m_before, {}, no_name ? "there is no such name" : "it has no address"};
    }
    Part operator()(NoAnswer const& nobody) const { return {Part::Kind::Failure, m_before, {}, nobody.why}; }

private:
    std::set<HostAddress> m_before; ///< of this family
};

std::chrono::seconds retry_after(unsigned failures)
{
    constexpr unsigned most_doublings = 8;
    return std::min(first_retry * (1U << std::min(failures - 1, most_doublings)), slowest_retry);
}

/// How long the addresses hold.
std::chrono::seconds ttl_of(Part const& v4, Part const& v6, std::chrono::seconds shortest)
{
    auto ttl = longest_host_ttl;
    for (auto const* part : {&v4, &v6})
        if (part->kind == Part::Kind::Addresses)
            ttl = std::min(ttl, part->ttl);
    return std::max(ttl, shortest);
}

} // namespace

HostRecord updated(HostRecord const& before, Answer const& v4, Answer const& v6,
                   std::chrono::seconds shortest_ttl)
{
    auto const one = std::visit(Reading(before, Family::V4), v4);
    auto const other = std::visit(Reading(before, Family::V6), v6);
    auto const either = [&](Part::Kind kind) { return one.kind == kind || other.kind == kind; };

    bool const answered = either(Part::Kind::Addresses);
    HostRecord after;
    for (auto const* part : {&one, &other}) {
        // A name that has addresses of the other family may well have none of this one.
        bool const has_none =
            part->kind == Part::Kind::ProvenNone || (part->kind == Part::Kind::None && answered);
        if (!has_none)
            after.addresses.insert(after.addresses.end(), part->addresses.begin(), part->addresses.end());
        if (!answered && (after.problem.empty() || part->kind == Part::Kind::Failure))
            after.problem = part->problem;
    }
    std::ranges::sort(after.addresses);
    if (answered && !either(Part::Kind::Failure)) {
        after.next = ttl_of(one, other, shortest_ttl);
        return after;
    }
    after.failures = before.failures + 1;
    after.next = retry_after(after.failures);
    if (answered)
        after.next = std::min(after.next, ttl_of(one, other, shortest_ttl));
    return after;
}

} // namespace oekd::dns
