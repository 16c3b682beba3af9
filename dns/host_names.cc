// SPDX-License-Identifier: GPL-2.0-or-later
#include "dns/host_names.h"

#include <algorithm>
#include <set>
#include <utility>

namespace oekd::dns {

namespace {

// Names that are asked about together are answered nearly together.
constexpr std::chrono::milliseconds moment{100};

} // namespace

HostNames::HostNames(EventLoop& loop, Resolver& resolver, Options options, EventLoop::Callback changed)
    : m_loop(loop), m_resolver(resolver), m_options(options), m_changed(std::move(changed))
{}

void HostNames::watch(std::vector<std::string> const& names)
{
    std::set<std::string> const wanted(names.begin(), names.end());
    std::erase_if(m_hosts, [&](auto const& entry) {
        bool const gone = !wanted.contains(entry.first);
        if (gone && entry.second.v4_lookup)
            --m_asked;
        return gone;
    });
    std::erase_if(m_waiting, [&](std::string const& name) { return !wanted.contains(name); });
    for (auto const& name : wanted)
        if (m_hosts.try_emplace(name).second)
            m_waiting.push_back(name);
    ask_next();
}

HostRecord const* HostNames::find(std::string const& name) const
{
    auto const found = m_hosts.find(name);
    return found == m_hosts.end() ? nullptr : &found->second.record;
}

void HostNames::retry()
{
    for (auto const& [name, host] : m_hosts)
        if (host.record.failures > 0 && host.timer)
            m_waiting.push_back(name);
    for (auto const& name : m_waiting)
        m_hosts.at(name).timer = {};
    ask_next();
}

void HostNames::ask_next()
{
    while (m_asked < m_options.max_asked && !m_waiting.empty()) {
        auto const name = std::move(m_waiting.front());
        m_waiting.pop_front();
        ask(name, m_hosts.at(name));
    }
}

void HostNames::ask(std::string const& name, Host& host)
{
    ++m_asked;
    auto const store = [this, name](std::optional<Answer> Host::* place) {
        return [this, name, place](Answer answer) {
            m_hosts.at(name).*place = std::move(answer);
            answered(name);
        };
    };
    host.v4_lookup = m_resolver.ask(name, RecordType::A, store(&Host::v4));
    host.v6_lookup = m_resolver.ask(name, RecordType::Aaaa, store(&Host::v6));
}

void HostNames::answered(std::string const& name)
{
    auto& host = m_hosts.at(name);
    if (!host.v4 || !host.v6)
        return;
    auto const before =
        std::exchange(host.record, updated(host.record, *host.v4, *host.v6, m_options.shortest_ttl));
    host.v4.reset();
    host.v6.reset();
    host.v4_lookup.reset();
    host.v6_lookup.reset();
    --m_asked;
    auto timer = m_loop.after(host.record.next, [this, name] { want(name); });
    if (timer)
        host.timer = std::move(*timer);
    if (host.record.addresses != before.addresses)
        tell();
    ask_next();
}

void HostNames::want(std::string const& name)
{
    m_hosts.at(name).timer = {};
    m_waiting.push_back(name);
    ask_next();
}

void HostNames::tell()
{
    if (m_telling)
        return;
    auto timer = m_loop.after(moment, [this] {
        m_telling = {};
        m_changed();
    });
    if (timer)
        m_telling = std::move(*timer);
}

} // namespace oekd::dns
