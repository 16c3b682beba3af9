// SPDX-License-Identifier: GPL-2.0-or-later
#include "publish/records.h"

#include "dns/answer.h"
#include "dns/reverse_name.h"
#include "policy/printable.h"
#include "publish/owner_names.h"

#include <fmt/format.h>
#include <set>

namespace oekd::publish {

namespace {

constexpr size_t message_room = 32'768; // half of what TCP takes, as sizes below are estimates

dns::IpsecKey::Gateway gateway_of(Request const& request, std::optional<Address> const& address)
{
    struct Choose {
        std::optional<Address> const& address;
        dns::IpsecKey::Gateway operator()(AddressItself) const
        {
            return address ? dns::IpsecKey::Gateway(*address) : dns::NoGateway{};
        }
        dns::IpsecKey::Gateway operator()(dns::NoGateway none) const { return none; }
        dns::IpsecKey::Gateway operator()(Address const& gateway) const { return gateway; }
        dns::IpsecKey::Gateway operator()(dns::GatewayName const& name) const { return name; }
    };
    return std::visit(Choose{address}, request.gateway);
}

std::vector<dns::IpsecKey> records_of(Request const& request, std::optional<Address> const& address)
{
    std::vector<dns::IpsecKey> records;
    for (auto const& key : request.keys)
        records.push_back({request.precedence, gateway_of(request, address), key});
    return records;
}

Result<void> require_peer(Address const& address)
{
    if (dns::can_be_a_peer(address))
        return {};
    return fail(ErrorCode::Configuration,
                fmt::format("{}: no host on the network has this address", address.to_string()));
}

Result<void> require_sense(Request const& request)
{
    if (auto const* gateway = std::get_if<Address>(&request.gateway))
        if (auto sensible = require_peer(*gateway); !sensible)
            return sensible;
    for (auto const& range : request.ranges)
        if (auto sensible = require_peer(range.address()); !sensible)
            return sensible;
    return {};
}

std::vector<std::string> remarks_on(Request const& request, Prefix const& range)
{
    std::vector<std::string> remarks;
    if (is_by_wildcard(range, request.wildcards)) {
        remarks.push_back(fmt::format(
            "{} by wildcard. Where the zone has other names in there (PTR records, say), the wildcard does "
            "not "
            "count for them and those next to them (RFC 4592): give such addresses records of their own.",
            range.to_string()));
        if (std::holds_alternative<AddressItself>(request.gateway))
            remarks.emplace_back("A wildcard cannot name each address: no gateway means the address itself.");
    }
    if (is_by_rfc2317(range, request.small_networks)) {
        auto const name = dns::reverse_name(range.address());
        auto const first = std::to_integer<int>(range.address().bytes().back());
        auto const last = first + (1 << (range.address().bits() - range.length())) - 1;
        auto const zone = name.substr(name.find('.') + 1);
        remarks.push_back(fmt::format("{} in a zone of its own; the zone {} has to have: "
                                      "$GENERATE {}-{} $ CNAME $.{}/{}.{}.",
                                      range.to_string(), zone, first, last, first, range.length(), zone));
    }
    return remarks;
}

size_t wire_size(RecordSet const& set)
{
    constexpr size_t around_name = 2; // its first length and the root
    constexpr size_t head = 10;       // type, class, TTL, length (RFC 1035 §3.2.1)
    size_t const name = set.owner.size() + around_name + head;
    size_t size = name; // of the record that takes away what was there
    for (auto const& record : set.records)
        size += name + dns::rdata_of(record).size();
    return size;
}

} // namespace

Result<Publication> records_for(Request const& request)
{
    if (auto sensible = require_sense(request); !sensible)
        return std::unexpected(sensible.error());
    Publication publication{.ttl = request.ttl};
    std::set<std::string> names;
    for (auto const& range : request.ranges) {
        auto const owners = owners_in(range, request.small_networks, request.wildcards);
        if (!owners)
            return std::unexpected(owners.error());
        auto& records = publication.ranges.emplace_back(range, remarks_on(request, range));
        for (auto const& owner : *owners)
            if (names.insert(owner.name).second)
                records.sets.push_back({owner.name, records_of(request, owner.address)});
        if (names.size() > max_names)
            return fail(ErrorCode::Limit, fmt::format("more than {} names at once", max_names));
    }
    return publication;
}

std::vector<dns::IpsecKey> expected_at(Request const& request, Prefix const& range, Address const& address)
{
    bool const by_wildcard = is_by_wildcard(range, request.wildcards);
    return records_of(request, by_wildcard ? std::nullopt : std::optional(address));
}

Result<void> require_in_zone(Publication const& publication, std::string_view zone)
{
    auto const end = "." + lower_case(zone);
    for (auto const& range : publication.ranges)
        for (auto const& set : range.sets)
            if (!("." + set.owner).ends_with(end))
                return fail(ErrorCode::Usage, fmt::format("{}: {} is not in the zone {}",
                                                          range.range.to_string(), set.owner, zone));
    return {};
}

std::vector<std::vector<RecordSet const*>> in_messages(Publication const& publication)
{
    std::vector<std::vector<RecordSet const*>> messages;
    size_t room = 0;
    for (auto const& range : publication.ranges)
        for (auto const& set : range.sets) {
            auto const size = wire_size(set);
            if (messages.empty() || size > room) {
                messages.emplace_back();
                room = message_room;
            }
            room -= std::min(room, size);
            messages.back().push_back(&set);
        }
    return messages;
}

} // namespace oekd::publish
