// SPDX-License-Identifier: GPL-2.0-or-later
#include "publish/texts.h"

#include <fmt/format.h>
#include <iterator>

namespace oekd::publish {

namespace {

std::string comments(RangeRecords const& range)
{
    std::string text;
    for (auto const& remark : range.remarks)
        text += fmt::format("; {}\n", remark);
    return text;
}

/// One line for each record, with something before it.
void append_lines(std::string& text, RecordSet const& set, std::chrono::seconds ttl, std::string_view before)
{
    for (auto const& record : set.records)
        fmt::format_to(std::back_inserter(text), "{}{}. {} IN IPSECKEY {}\n", before, set.owner, ttl.count(),
                       dns::zone_text_of(record));
}

} // namespace

std::string zone_lines(Publication const& publication)
{
    std::string text;
    for (auto const& range : publication.ranges) {
        text += comments(range);
        for (auto const& set : range.sets)
            append_lines(text, set, publication.ttl, "");
    }
    return text;
}

std::string nsupdate_script(Publication const& publication, Destination const& destination)
{
    std::string text;
    for (auto const& range : publication.ranges)
        text += comments(range);
    if (!destination.server.empty())
        text += fmt::format("server {}\n", destination.server);
    if (!destination.zone.empty())
        text += fmt::format("zone {}.\n", destination.zone);
    for (auto const& message : in_messages(publication)) {
        for (auto const* set : message) {
            fmt::format_to(std::back_inserter(text), "update delete {}. IPSECKEY\n", set->owner);
            append_lines(text, *set, publication.ttl, "update add ");
        }
        text += "send\n";
    }
    return text;
}

} // namespace oekd::publish
