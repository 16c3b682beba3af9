// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/probe_budget.h"

#include <algorithm>
#include <utility>

namespace oekd {

namespace {

constexpr unsigned most_halvings = 8;
constexpr uint8_t tcp = 6; // RFC 9293

// A site has at least this much, so that its hosts share a fate and a link.
Prefix neighbours_of(Address const& address) { return {address, address.family() == Family::V4 ? 24 : 48}; }

} // namespace

std::string_view to_string(Withheld reason)
{
    switch (reason) {
    case Withheld::Unproven: return "not asked: too little came from an address that may be forged";
    case Withheld::Prefix: return "not asked: too many questions to its neighbours";
    case Withheld::Total: return "not asked: too many questions at the moment";
    }
    std::unreachable();
}

std::string_view label_of(Withheld reason)
{
    switch (reason) {
    case Withheld::Unproven: return "unproven";
    case Withheld::Prefix: return "prefix";
    case Withheld::Total: return "total";
    }
    std::unreachable();
}

unsigned question_bytes(Family family) { return family == Family::V4 ? 364 : 384; }

unsigned bytes_answered(Family family, uint8_t protocol)
{
    constexpr unsigned short_header = 8; // UDP and ICMP; nothing that is answered has less
    if (protocol == tcp)
        return 0;
    return (family == Family::V4 ? 20 : 40) + short_header;
}

ProbeBudget::ProbeBudget(ProbeLimits const& limits)
    : m_limits(limits), m_ours{.total_rate = limits.total,
                               .prefix_rate = limits.prefix,
                               .prefixes = Recent<Prefix, Neighbours>(limits.prefixes)},
      m_theirs{.total_rate = limits.answers,
               .prefix_rate = limits.answers_prefix,
               .prefixes = Recent<Prefix, Neighbours>(limits.prefixes)},
      m_bytes(limits.addresses)
{}

bool ProbeBudget::Bucket::has_one(ProbeRate const& rate, Time now) const
{
    return std::max(full, now) + rate.every <= now + rate.every * rate.burst;
}

void ProbeBudget::Bucket::take(ProbeRate const& rate, Time now) { full = std::max(full, now) + rate.every; }

// Less at once, and less often; never nothing, else the prefix could not show that it has changed.
ProbeRate ProbeBudget::rate_of(Side const& side, Neighbours const& neighbours) const
{
    auto const halvings = std::min(neighbours.silences / m_limits.silences, most_halvings);
    return {std::max(side.prefix_rate.burst >> halvings, 1U), side.prefix_rate.every * (1U << halvings)};
}

std::expected<Probe, Withheld> ProbeBudget::ask(Occasion const& occasion, Time now)
{
    unsigned const cost = question_bytes(occasion.remote.family());
    unsigned* credit = nullptr;
    if (occasion.beginner != Beginner::Us) {
        credit = &m_bytes.use(occasion.remote);
        *credit = std::min(*credit + m_limits.amplification * occasion.bytes_in, cost);
        if (*credit < cost)
            return std::unexpected(Withheld::Unproven);
    } else if (occasion.peer == Connection::Peer::Capable) {
        return Probe::Repeated; // it has asked for it before
    }
    auto& of = side(occasion.beginner);
    auto& neighbours = of.prefixes.use(neighbours_of(occasion.remote));
    auto const prefix_rate = rate_of(of, neighbours);
    if (occasion.peer == Connection::Peer::Stranger && !neighbours.bucket.has_one(prefix_rate, now))
        return std::unexpected(Withheld::Prefix);
    if (!of.total.has_one(of.total_rate, now))
        return std::unexpected(Withheld::Total);
    neighbours.bucket.take(prefix_rate, now);
    of.total.take(of.total_rate, now);
    if (!credit)
        return Probe::Repeated;
    *credit = 0;
    return Probe::Once;
}

void ProbeBudget::heard_nothing(Address const& remote, Beginner beginner)
{
    auto& silences = side(beginner).prefixes.use(neighbours_of(remote)).silences;
    silences = std::min(silences + 1, m_limits.silences * most_halvings);
}

void ProbeBudget::succeeded(Address const& remote)
{
    for (auto* of : {&m_ours, &m_theirs}) {
        if (auto* neighbours = of->prefixes.find(neighbours_of(remote)))
            *neighbours = {};
    }
}

} // namespace oekd
