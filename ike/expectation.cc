// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/expectation.h"

#include "ike/spki.h"

#include <algorithm>
#include <utility>

namespace oekd {

bool Expectation::ask(Question const& question)
{
    constexpr unsigned most = 2; // with IKE_SA_INIT about the address, with IKE_AUTH what it claims
    if (m_question == question || m_asked == most)
        return false;
    ++m_asked;
    m_question = question;
    m_known.reset();
    return true;
}

bool Expectation::tell(Authentication known)
{
    if (m_known || m_refused)
        return false;
    m_known = std::move(known);
    return std::exchange(m_waits, false);
}

bool Expectation::answer(Question const& question, Authentication known)
{
    return m_question == question && tell(std::move(known));
}

bool Expectation::refuse()
{
    m_refused = true;
    return std::exchange(m_waits, false);
}

std::vector<Expectation::Candidate> const& Expectation::candidates(Claim const& claim)
{
    m_candidates.clear();
    for (auto const& key : m_known->keys) {
        auto spki = make_spki(key);
        if (spki && m_candidates.size() < Authentication::max_keys)
            m_candidates.push_back({.key = key, .spki = std::move(*spki)});
    }
    if (m_known->demand != Authentication::Demand::Anything)
        return m_candidates;
    auto offered = parse_spki(claim.spki);
    if (offered && std::ranges::find(m_candidates, *offered, &Candidate::key) == m_candidates.end())
        m_candidates.push_back({.key = *offered, .spki = claim.spki, .from = Candidate::From::Peer});
    return m_candidates;
}

bool Expectation::is_expected(std::optional<size_t> candidate) const
{
    return candidate && *candidate < m_candidates.size() &&
           m_candidates[*candidate].from == Candidate::From::Expected;
}

bool Expectation::authorize(std::optional<size_t> candidate)
{
    if (!m_known || m_refused)
        return false;
    if (!candidate && m_known->demand == Authentication::Demand::Required)
        return false;
    if (candidate && *candidate >= m_candidates.size())
        return false;
    if (candidate) {
        auto const& [key, spki, from] = m_candidates[*candidate];
        (from == Candidate::From::Expected ? m_proven : m_offered) = key;
    }
    m_authorized = true;
    return true;
}

std::optional<std::string> host_name(std::string name)
{
    constexpr size_t longest = 253;
    auto const lower = [](char c) { return 'A' <= c && c <= 'Z' ? char(c - 'A' + 'a') : c; };
    auto const belongs = [](char c) {
        return ('a' <= c && c <= 'z') || ('0' <= c && c <= '9') || c == '-' || c == '_' || c == '.';
    };
    std::ranges::transform(name, name.begin(), lower);
    if (name.ends_with('.'))
        name.pop_back();
    bool const plain = std::ranges::all_of(name, belongs) && name.find("..") == std::string::npos;
    if (name.empty() || name.size() > longest || name.starts_with('.') || !plain)
        return std::nullopt;
    return name;
}

} // namespace oekd
