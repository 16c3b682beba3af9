// SPDX-License-Identifier: GPL-2.0-or-later
#include "dns/unbound_answer.h"

#include "base/plain_text.h"

#include <algorithm>
#include <fmt/format.h>
#include <span>
#include <unbound.h>

namespace oekd::dns {

namespace {

constexpr int servfail = 2;                            // RFC 1035 §4.1.1
constexpr size_t max_records = 64;                     // of one answer
constexpr std::chrono::seconds longest_ttl{7 * 86400}; // RFC 8767 §4 advises this cap

Security security_of(ub_result const& result)
{
    if (result.bogus != 0)
        return Security::Bogus;
    return result.secure != 0 ? Security::Signed : Security::Unsigned;
}

std::string why_no_answer(ub_result const& result)
{
    if (result.why_bogus)
        return plain_text(result.why_bogus);
    if (result.rcode == servfail)
        return "no server answers";
    return fmt::format("the server refuses (code {})", result.rcode);
}

std::vector<std::vector<std::byte>> data_of(ub_result const& result)
{
    std::vector<std::vector<std::byte>> records;
    for (size_t i = 0; result.data[i] && records.size() < max_records; ++i) {
        auto const bytes = std::as_bytes(std::span(result.data[i], static_cast<size_t>(result.len[i])));
        records.emplace_back(bytes.begin(), bytes.end());
    }
    return records;
}

} // namespace

Answer answer_of(ub_result const& result)
{
    std::chrono::seconds const ttl = std::clamp(std::chrono::seconds(result.ttl), {}, longest_ttl);
    if (result.havedata != 0)
        return Records{data_of(result), ttl, security_of(result)};
    if (result.nxdomain != 0)
        return NoRecord{NoRecord::Missing::Name, ttl, security_of(result)};
    if (result.rcode == 0)
        return NoRecord{NoRecord::Missing::Type, ttl, security_of(result)};
    return NoAnswer{why_no_answer(result)};
}

} // namespace oekd::dns
