// SPDX-License-Identifier: GPL-2.0-or-later
#include "dns/answer.h"
#include "dns/ipseckey.h"
#include "dns/key_form.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>

/// The input is the RDATA of an IPSECKEY record.
using namespace oekd;

namespace {

void require(bool holds, std::string_view promise)
{
    if (holds)
        return;
    fmt::print(stderr, "{}\n", promise);
    std::abort();
}

bool is_one_safe_line(std::string_view text)
{
    auto const is_safe = [](char c) {
        return c >= ' ' && c <= '~' && c != ';' && c != '"' && c != '(' && c != ')';
    };
    return std::ranges::all_of(text, is_safe);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(uint8_t const* data, size_t size) noexcept
{
    auto const rdata = std::as_bytes(std::span(data, size));
    auto const parsed = dns::parse_ipseckey(rdata);
    auto const* record = std::get_if<dns::IpsecKey>(&parsed);
    if (!record)
        return 0;
    require(std::ranges::equal(dns::rdata_of(*record), rdata), "a record that is not written as it was read");
    require(is_one_safe_line(dns::zone_text_of(*record)), "a record that a zone file would misread");
    require(!record->key || dns::why_unusable(*record->key).empty(), "a key that is none");
    auto const* gateway = std::get_if<Address>(&record->gateway);
    require(!gateway || dns::can_be_a_peer(*gateway), "a gateway that no host can be");
    return 0;
}
