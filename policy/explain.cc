// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/explain.h"

#include <algorithm>
#include <tuple>

namespace oekd {

namespace {

/// Of two lines that share a packet the one with the smaller place decides (GroupTable).
auto place_of(GroupLine const* line)
{
    return std::tuple(-line->network.length(), rank_of(line->service), line->service);
}

} // namespace

Explanation explain(GroupTable const& table, Address const& remote, Service const& service)
{
    Explanation result{.decides = table.find(remote, service)};
    for (auto const& line : table.lines()) {
        if (&line == result.decides || !line.network.contains(remote))
            continue;
        if (line.service.contains(service))
            result.overruled.push_back(&line);
        else if (service.contains(line.service) &&
                 (!result.decides || place_of(&line) < place_of(result.decides)))
            result.exceptions.push_back(&line);
    }
    std::ranges::sort(result.exceptions, {}, place_of);
    std::ranges::sort(result.overruled, {}, place_of);
    return result;
}

} // namespace oekd
