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

// What libunbound says in `why_bogus` where it has no valid key of the trust anchor itself.
constexpr std::string_view unprimed = "for trust anchor";

std::string_view why_bogus(ub_result const& result) { return result.why_bogus ? result.why_bogus : ""; }

Security security_of(ub_result const& result)
{
    // Whoever leaves all signatures out could as well leave out the answer; to deny everything for that would
    // help nobody.
    if (result.bogus != 0)
        return why_bogus(result).contains(unprimed) ? Security::Indeterminate : Security::Bogus;
    return result.secure != 0 ? Security::Signed : Security::Unsigned;
}

std::string why_no_answer(ub_result const& result)
{
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
        return Records{data_of(result), ttl, security_of(result), plain_text(why_bogus(result))};
    auto const missing = result.nxdomain != 0 ? NoRecord::Missing::Name : NoRecord::Missing::Type;
    if (result.nxdomain != 0 || result.rcode == 0 || result.bogus != 0)
        return NoRecord{missing, ttl, security_of(result), plain_text(why_bogus(result))};
    return NoAnswer{why_no_answer(result)};
}

} // namespace oekd::dns
