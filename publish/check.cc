// SPDX-License-Identifier: GPL-2.0-or-later
#include "publish/check.h"

#include "dns/reverse_name.h"
#include "publish/owner_names.h"
#include "publish/records.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace oekd::publish {

namespace {

constexpr size_t at_a_time = 64;
constexpr size_t sample_size = 16; // of what a wildcard stands for

/// `high` and `low` number the addresses of a range that may have more than 2^64.
Address address_at(Prefix const& range, uint64_t high, uint64_t low)
{
    int const bits = range.address().bits();
    int const middle = std::max(range.length(), bits - 64);
    return part_of(part_of(range, middle, high), bits, low).address();
}

std::set<Address> sample_of(Prefix const& range, std::function<uint64_t()> const& random)
{
    std::set<Address> sample{address_at(range, 0, 0), address_at(range, UINT64_MAX, UINT64_MAX)};
    for (size_t i = sample.size(); i < sample_size; ++i) {
        auto const high = random();
        sample.insert(address_at(range, high, random()));
    }
    return sample;
}

} // namespace

Result<std::vector<Asked>> addresses_to_ask(Request const& request, std::function<uint64_t()> const& random)
{
    std::vector<Asked> asked;
    for (auto const& range : request.ranges) {
        int const bits = range.address().bits();
        if (is_by_wildcard(range, request.wildcards)) {
            for (auto const& address : sample_of(range, random))
                asked.push_back({range, address});
            continue;
        }
        auto const count = parts_of(range, bits);
        if (count > max_names || asked.size() + count > max_names)
            return fail(ErrorCode::Limit,
                        fmt::format("{}: more than {} addresses", range.to_string(), max_names));
        for (uint64_t i = 0; i < count; ++i)
            asked.push_back({range, part_of(range, bits, i).address()});
    }
    return asked;
}

Check::Check(dns::Resolver& resolver, Request const& request, std::vector<Asked> asked,
             std::function<void()> done)
    : m_resolver(resolver), m_request(request), m_asked(std::move(asked)), m_done(std::move(done)),
      m_findings(m_asked.size())
{}

void Check::start() { ask_more(); }

void Check::ask_more()
{
    for (; m_next < m_asked.size() && m_lookups.size() < at_a_time; ++m_next)
        m_lookups[m_next] =
            m_resolver.ask(dns::reverse_name(m_asked[m_next].address), dns::RecordType::Ipseckey,
                           [this, index = m_next](dns::Answer const& answer) { answered(index, answer); });
}

void Check::answered(size_t index, dns::Answer const& answer)
{
    auto const& [range, address] = m_asked[index];
    m_findings[index] = judge(address, expected_at(m_request, range, address), answer);
    m_lookups.erase(index);
    ask_more();
    if (m_lookups.empty())
        m_done();
}

} // namespace oekd::publish
