// SPDX-License-Identifier: GPL-2.0-or-later
#include "dns/key_lookup.h"

#include "dns/domain_name.h"
#include "policy/printable.h"

#include <algorithm>
#include <fmt/format.h>
#include <random>

namespace oekd::dns {

namespace {

using namespace std::chrono_literals;

void set_ttl(KeyAnswer& answer, std::chrono::seconds ttl)
{
    std::visit(
        [ttl](auto& kind) {
            if constexpr (requires { kind.ttl; })
                kind.ttl = ttl;
        },
        answer);
}

} // namespace

/// Owns its search: nobody shares it.
class KeyLookup::WaitingForName final : public Waiting<NamedAnswer> {
public:
    using Waiting::Waiting;

    void search(SearchMeans& means, std::string const& name)
    {
        m_search.emplace(means, name, [this](NamedAnswer found) {
            if (is_waiting())
                answer(std::move(found));
        });
    }
    void abandon() override
    {
        m_search.reset();
        Waiting::abandon();
    }

private:
    std::optional<NamedSearch> m_search;
};

KeyLookup::KeyLookup(EventLoop& loop, Resolver& resolver, Options options,
                     std::function<bool()> clock_is_synchronised)
    : m_loop(loop), m_options(options),
      m_means{resolver, std::move(clock_is_synchronised), Randomness(std::random_device{}())},
      m_cache(options.max_remembered)
{}

KeyLookup::~KeyLookup()
{
    auto const abandon = [](auto const& list) {
        for (auto* waiting : list)
            waiting->abandon();
    };
    for (auto const& [address, search] : m_searches)
        abandon(search.waiting);
    abandon(m_answered);
    abandon(m_named);
}

std::optional<KeyAnswer> KeyLookup::known(Address const& address)
{
    auto answer = remembered(address);
    if (answer)
        ++m_statistics.asked;
    return answer;
}

std::optional<KeyAnswer> KeyLookup::remembered(Address const& address)
{
    auto const now = m_loop.now();
    auto const* entry = m_cache.find(address, now);
    if (!entry)
        return std::nullopt;
    ++m_statistics.remembered;
    auto answer = entry->answer;
    set_ttl(answer, std::chrono::ceil<std::chrono::seconds>(entry->end - now));
    return answer;
}

std::unique_ptr<Lookup> KeyLookup::ask(Address const& address, Answered answered)
{
    ++m_statistics.asked;
    if (auto answer = remembered(address))
        return at_once(std::move(answered), std::move(*answer));
    auto search = m_searches.find(address);
    if (search != m_searches.end())
        ++m_statistics.shared;
    else if (make_room())
        search = begin(address);
    else
        return at_once(std::move(answered), Unavailable{refusal()});
    auto waiting = std::make_unique<Waiting<KeyAnswer>>(search->second.waiting, std::move(answered));
    waiting->answer_after(m_loop, m_options.deadline, [this] { return too_late(); });
    return waiting;
}

std::unique_ptr<Lookup> KeyLookup::ask_name(std::string const& name, NameAnswered answered)
{
    ++m_statistics.asked;
    auto waiting = std::make_unique<WaitingForName>(m_named, std::move(answered));
    bool const is_name = is_host_name(name);
    if (is_name && make_room()) {
        waiting->search(m_means, name);
        waiting->answer_after(m_loop, m_options.deadline, [this] { return too_late(); });
        return waiting;
    }
    if (!is_name)
        ++m_statistics.refused;
    auto const no_name = NoKey{m_options.shortest_ttl, fmt::format("{} is no host's name", quoted(name))};
    auto const answer = is_name ? NamedAnswer(Unavailable{refusal()}) : NamedAnswer(no_name);
    waiting->answer_after(m_loop, 0ms, [answer] { return answer; });
    return waiting;
}

std::unique_ptr<Lookup> KeyLookup::at_once(Answered answered, KeyAnswer answer)
{
    auto waiting = std::make_unique<Waiting<KeyAnswer>>(m_answered, std::move(answered));
    waiting->answer_after(m_loop, 0ms, [answer] { return answer; });
    return waiting;
}

Unavailable KeyLookup::too_late()
{
    ++m_statistics.late;
    return {"no answer in time"};
}

std::string KeyLookup::refusal() const
{
    return fmt::format("{} searches for keys are under way", m_options.max_searches);
}

/// A search that nobody waits for any more gives way.
bool KeyLookup::make_room()
{
    if (under_way() < m_options.max_searches)
        return true;
    auto const unwanted =
        std::ranges::find_if(m_searches, [](auto const& entry) { return entry.second.waiting.empty(); });
    if (unwanted != m_searches.end())
        m_searches.erase(unwanted);
    else
        ++m_statistics.refused;
    return under_way() < m_options.max_searches;
}

KeyLookup::Searches::iterator KeyLookup::begin(Address const& address)
{
    auto const place = m_searches.try_emplace(address).first;
    place->second.began = m_loop.now();
    place->second.search.emplace(m_means, address,
                                 [this, address](KeyAnswer answer) { ended(address, std::move(answer)); });
    return place;
}

void KeyLookup::ended(Address const& address, KeyAnswer answer)
{
    auto const now = m_loop.now();
    auto search = m_searches.extract(address);
    count(answer, std::chrono::duration_cast<std::chrono::microseconds>(now - search.mapped().began));
    if (auto const ttl = clamped_ttl(answer)) {
        set_ttl(answer, *ttl);
        m_cache.put(address, answer, now + *ttl);
    }
    auto& waiting = search.mapped().waiting;
    while (!waiting.empty())
        waiting.front()->answer(answer);
}

void KeyLookup::count(KeyAnswer const& answer, std::chrono::microseconds latency)
{
    m_statistics.latencies.add(latency);
    if (auto const* found = std::get_if<KeysFound>(&answer))
        ++(found->trust == KeysFound::Trust::Dnssec ? m_statistics.with_dnssec : m_statistics.unsigned_keys);
    else if (std::holds_alternative<NoKey>(answer))
        ++m_statistics.without_key;
    else if (std::holds_alternative<BadKey>(answer))
        ++m_statistics.bad;
    else
        ++m_statistics.unavailable;
}

/// nullopt: not to be remembered.
std::optional<std::chrono::seconds> KeyLookup::clamped_ttl(KeyAnswer const& answer) const
{
    auto const clamp = [this](std::chrono::seconds ttl) {
        return std::clamp(ttl, m_options.shortest_ttl, m_options.longest_ttl);
    };
    if (auto const* found = std::get_if<KeysFound>(&answer))
        return clamp(found->ttl);
    if (auto const* none = std::get_if<NoKey>(&answer))
        return clamp(none->ttl);
    if (auto const* bad = std::get_if<BadKey>(&answer))
        return std::min(clamp(bad->ttl), m_options.longest_bad_ttl);
    return std::nullopt;
}

} // namespace oekd::dns
