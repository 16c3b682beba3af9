// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/key_exchange.h"

#include <algorithm>
#include <array>
#include <utility>

namespace oekd {

namespace {

using Name = std::pair<std::string_view, std::string_view>;
constexpr std::array names{Name{"CURVE_25519", "x25519"}, Name{"ML_KEM_768", "ML-KEM-768"},
                           Name{"ECP_256", "P-256"}, Name{"ECP_384", "P-384"}};

std::string_view common_name(std::string_view group)
{
    auto const known = std::ranges::find(names, group, &Name::first);
    return known == names.end() ? group : known->second;
}

/// RFC 9370's additional exchanges carry their number: KE1_ML_KEM_768.
std::string_view without_number(std::string_view group)
{
    bool const additional = group.starts_with("KE") && group.size() > 4 && group[3] == '_';
    return additional ? group.substr(4) : group;
}

bool is_group(std::string_view transform)
{
    auto const bare = without_number(transform);
    return bare != transform ||
           std::ranges::any_of(std::array{"CURVE_", "ECP_", "MODP_", "ML_KEM_"},
                               [&](auto const* start) { return bare.starts_with(start); });
}

} // namespace

std::string key_exchange_of(std::string_view ike_proposal)
{
    std::string text;
    while (!ike_proposal.empty()) {
        auto const transform = ike_proposal.substr(0, ike_proposal.find('/'));
        ike_proposal.remove_prefix(std::min(transform.size() + 1, ike_proposal.size()));
        if (!is_group(transform))
            continue;
        text += text.empty() ? "" : "+";
        text += common_name(without_number(transform));
    }
    return text;
}

} // namespace oekd
