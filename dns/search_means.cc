// SPDX-License-Identifier: GPL-2.0-or-later
#include "dns/search_means.h"

#include <fmt/format.h>

namespace oekd::dns {

namespace {

KeyAnswer invalid(std::string_view what, Security security, std::chrono::seconds ttl, std::string const& why,
                  SearchMeans const& means)
{
    if (security == Security::Indeterminate)
        return Unavailable{fmt::format("{}: {}", what, why)};
    if (!means.clock_is_synchronised())
        return Unavailable{fmt::format("{}: not valid, but the clock is not synchronised: {}", what, why)};
    return BadKey{ttl, fmt::format("{}: {}", what, why)};
}

} // namespace

std::optional<KeyAnswer> dead_end(Answer const& answer, std::string_view what, SearchMeans const& means)
{
    if (auto const* nobody = std::get_if<NoAnswer>(&answer))
        return Unavailable{fmt::format("{}: {}", what, nobody->why)};
    if (auto const* none = std::get_if<NoRecord>(&answer)) {
        if (!is_valid(none->security))
            return invalid(what, none->security, none->ttl, none->why_invalid, means);
        return NoKey{none->ttl, fmt::format("{}: there is none", what)};
    }
    auto const& records = std::get<Records>(answer);
    if (!is_valid(records.security))
        return invalid(what, records.security, records.ttl, records.why_invalid, means);
    return std::nullopt;
}

} // namespace oekd::dns
