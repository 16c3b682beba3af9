// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/publish.h"

#include "base/base64.h"
#include "base/plain_text.h"
#include "base/text_file.h"
#include "cli/json_output.h"
#include "cli/key.h"
#include "keys/fingerprint.h"
#include "publish/texts.h"
#include "publish/update.h"

#include <fmt/format.h>

namespace oekd::cli {

namespace {

using publish::Publication;

constexpr size_t max_tsig_size = 64 * 1024;

std::string gateway_text(dns::IpsecKey::Gateway const& gateway)
{
    if (auto const* address = std::get_if<Address>(&gateway))
        return address->to_string();
    auto const* name = std::get_if<dns::GatewayName>(&gateway);
    return name ? name->text : std::string();
}

OrderedJson json_of(dns::IpsecKey const& record, std::string const& owner)
{
    auto const& key = record.key.value();
    return {{"name", owner},
            {"precedence", record.precedence},
            {"gateway", or_null(gateway_text(record.gateway))},
            {"algorithm", static_cast<int>(key.algorithm)},
            {"public_key", base64(key.bytes)},
            {"data", dns::zone_text_of(record)}};
}

std::string json_text(Publication const& publication)
{
    auto records = OrderedJson::array();
    auto remarks = OrderedJson::array();
    for (auto const& range : publication.ranges) {
        for (auto const& remark : range.remarks)
            remarks.push_back(remark);
        for (auto const& set : range.sets)
            for (auto const& record : set.records)
                records.push_back(json_of(record, set.owner));
    }
    return text_of({{"ttl", publication.ttl.count()}, {"records", records}, {"remarks", remarks}});
}

std::string heading(keys::OwnKeys const& own)
{
    auto const name = [](PublicKey const& key) {
        return fmt::format("{} {}", keys::kind_of(key), keys::short_fingerprint(key));
    };
    auto text = fmt::format("; oekctl publish: the current key is {}", name(own.current->public_key()));
    if (own.next)
        text += fmt::format(", the next one {}", name(own.next->public_key()));
    return text + "\n";
}

Outcome<publish::TsigKey> read_tsig_key(std::string const& file)
{
    auto const text = read_text_file(file, max_tsig_size);
    if (!text)
        return failed(text.error());
    auto key = publish::parse_tsig_key(*text);
    return key ? Outcome<publish::TsigKey>(std::move(*key)) : failed(key.error().with(plain_text(file)));
}

Outcome<std::string> send(Publication const& publication, PublishWords const& words, Format format)
{
    auto key = read_tsig_key(words.tsig);
    if (!key)
        return std::unexpected(key.error());
    auto const sent = publish::send_update(publication, {words.server, words.zone, std::move(*key)});
    if (!sent)
        return failed(sent.error());
    size_t names = 0;
    for (auto const& range : publication.ranges)
        names += range.sets.size();
    return format == Format::Json
               ? text_of({{"sent", names}})
               : fmt::format("{} {} sent to {}\n", names, names == 1 ? "name" : "names", words.server);
}

} // namespace

Outcome<std::string> publish_records(PublishWords const& words, Format format)
{
    auto const own = require_keys({words.file});
    if (!own)
        return std::unexpected(own.error());
    auto request = words.request;
    request.keys = own->public_keys();
    auto const publication = publish::records_for(request);
    if (!publication)
        return failed(publication.error());
    if (!words.zone.empty())
        if (auto const inside = publish::require_in_zone(*publication, words.zone); !inside)
            return failed(inside.error());
    if (words.send)
        return send(*publication, words, format);
    if (format == Format::Json || words.format == "json")
        return json_text(*publication);
    return heading(*own) + (words.format == "zone"
                                ? publish::zone_lines(*publication)
                                : publish::nsupdate_script(*publication, {words.server, words.zone}));
}

} // namespace oekd::cli
