// SPDX-License-Identifier: GPL-2.0-or-later
#include "publish/judge.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace oekd::publish {

namespace {

/// The two ways to say that an address speaks for itself become one.
dns::IpsecKey plain(dns::IpsecKey record, Address const& address)
{
    if (record.gateway == dns::IpsecKey::Gateway(address))
        record.gateway = dns::NoGateway{};
    return record;
}

/// Long keys are cut: a line for people.
std::string brief(dns::IpsecKey const& record)
{
    constexpr size_t enough = 72;
    auto const text = dns::zone_text_of(record);
    return text.size() <= enough ? text : text.substr(0, enough) + "...";
}

bool has(std::vector<dns::IpsecKey> const& records, dns::IpsecKey const& record)
{
    return std::ranges::find(records, record) != records.end();
}

/// What is to be there, and what is.
class Comparison {
public:
    Comparison(Address const& address, std::vector<dns::IpsecKey> const& expected) : m_address(address)
    {
        for (auto const& record : expected)
            m_expected.push_back(plain(record, address));
    }

    void see(std::vector<std::byte> const& rdata);
    [[nodiscard]] bool differs() const { return !m_strange.empty() || !lacking().empty(); }
    [[nodiscard]] std::string why() const;

private:
    void see_record(dns::IpsecKey const& record);
    [[nodiscard]] std::vector<std::string> lacking() const;

    Address m_address;
    std::vector<dns::IpsecKey> m_expected;
    std::vector<dns::IpsecKey> m_found;
    std::vector<std::string> m_strange;
    std::vector<std::string> m_others;
};

void Comparison::see(std::vector<std::byte> const& rdata)
{
    auto const parsed = dns::parse_ipseckey(rdata);
    if (auto const* malformed = std::get_if<dns::MalformedIpsecKey>(&parsed))
        m_strange.push_back(fmt::format("a malformed record: {}", malformed->why));
    else if (auto const* unknown = std::get_if<dns::UnknownIpsecKey>(&parsed))
        m_others.push_back(fmt::format("a record with {}", unknown->why));
    else
        see_record(std::get<dns::IpsecKey>(parsed));
}

void Comparison::see_record(dns::IpsecKey const& record)
{
    auto const seen = plain(record, m_address);
    if (has(m_expected, seen))
        m_found.push_back(seen);
    else if (m_expected.empty() || seen.gateway == m_expected.front().gateway)
        m_strange.push_back(fmt::format("is not ours: {}", brief(record)));
    else
        m_others.push_back(fmt::format("another gateway: {}", brief(record)));
}

std::vector<std::string> Comparison::lacking() const
{
    constexpr std::array names{"the current key is not there", "the next key is not there"};
    std::vector<std::string> lacking;
    for (size_t i = 0; i < m_expected.size(); ++i)
        if (!has(m_found, m_expected[i]))
            lacking.emplace_back(names.at(std::min(i, names.size() - 1)));
    return lacking;
}

std::string Comparison::why() const
{
    auto texts = lacking();
    texts.insert(texts.end(), m_strange.begin(), m_strange.end());
    for (auto const& other : m_others)
        texts.push_back("also " + other);
    return fmt::format("{}", fmt::join(texts, "; "));
}

/// An answer that must not be believed.
Finding invalid(Address const& address, dns::Security security, std::string const& why)
{
    auto const verdict = security == dns::Security::Bogus ? Verdict::Bogus : Verdict::NoAnswer;
    return {address, verdict, why.empty() ? "its signatures are wrong" : why, {}};
}

Finding judge_records(Address const& address, std::vector<dns::IpsecKey> const& expected,
                      dns::Records const& records)
{
    if (!is_valid(records.security))
        return invalid(address, records.security, records.why_invalid);
    Comparison comparison(address, expected);
    for (auto const& rdata : records.data)
        comparison.see(rdata);
    if (comparison.differs())
        return {address, Verdict::Differs, comparison.why(), records.ttl};
    if (records.security == dns::Security::Signed)
        return {address, Verdict::Matches, comparison.why(), records.ttl};
    auto const also = comparison.why();
    return {address, Verdict::Unsigned, also.empty() ? "no DNSSEC" : "no DNSSEC; " + also, records.ttl};
}

} // namespace

std::string_view to_string(Verdict verdict)
{
    switch (verdict) {
    case Verdict::Matches: return "matches";
    case Verdict::Unsigned: return "unsigned";
    case Verdict::Missing: return "missing";
    case Verdict::Differs: return "differs";
    case Verdict::Bogus: return "bogus";
    case Verdict::NoAnswer: return "no-answer";
    }
    return {};
}

Finding judge(Address const& address, std::vector<dns::IpsecKey> const& expected, dns::Answer const& answer)
{
    if (auto const* records = std::get_if<dns::Records>(&answer))
        return judge_records(address, expected, *records);
    if (auto const* nothing = std::get_if<dns::NoRecord>(&answer)) {
        if (!is_valid(nothing->security))
            return invalid(address, nothing->security, nothing->why_invalid);
        bool const no_name = nothing->missing == dns::NoRecord::Missing::Name;
        auto const* const why = no_name ? "there is no such name" : "the name has no IPSECKEY record";
        return {address, Verdict::Missing, why, nothing->ttl};
    }
    return {address, Verdict::NoAnswer, std::get<dns::NoAnswer>(answer).why, {}};
}

} // namespace oekd::publish
