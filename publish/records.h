// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "publish/request.h"

#include <string>
#include <vector>

namespace oekd::publish {

/// All IPSECKEY records that a name is to have.
struct RecordSet {
    std::string owner; ///< without the dot at the end
    std::vector<dns::IpsecKey> records;
};

struct RangeRecords {
    Prefix range;
    std::vector<std::string> remarks; ///< what a person has to know about it
    std::vector<RecordSet> sets;
};

/// What is to be published; each name once, and in the order of the request.
struct Publication {
    std::vector<RangeRecords> ranges;
    std::chrono::seconds ttl{};
};

/// Fails with Configuration for addresses that no peer can have, with Limit where there are too many names.
[[nodiscard]] Result<Publication> records_for(Request const& request);

/// What the DNS is to say about an address of this range, which is one of the request's.
[[nodiscard]] std::vector<dns::IpsecKey> expected_at(Request const& request, Prefix const& range,
                                                     Address const& address);

/// Fails with Usage where a name does not belong to the zone, which is written without the dot at the end.
[[nodiscard]] Result<void> require_in_zone(Publication const& publication, std::string_view zone);

/// Groups of names that fit into one message each; a name's records are never torn apart. Points into the
/// publication.
[[nodiscard]] std::vector<std::vector<RecordSet const*>> in_messages(Publication const& publication);
std::vector<std::vector<RecordSet const*>> in_messages(Publication&&) = delete;

} // namespace oekd::publish
