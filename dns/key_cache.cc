// SPDX-License-Identifier: GPL-2.0-or-later
#include "dns/key_cache.h"

namespace oekd::dns {

KeyCache::Entry const* KeyCache::find(Address const& address, Time now) const
{
    auto const found = m_entries.find(address);
    return found != m_entries.end() && now < found->second.end ? &found->second : nullptr;
}

void KeyCache::put(Address const& address, KeyAnswer answer, Time end)
{
    erase(address);
    if (m_entries.size() >= m_max_size)
        erase(m_ends.begin()->second);
    m_entries.emplace(address, Entry{std::move(answer), end});
    m_ends.emplace(end, address);
}

void KeyCache::erase(Address const& address)
{
    auto const found = m_entries.find(address);
    if (found == m_entries.end())
        return;
    m_ends.erase({found->second.end, address});
    m_entries.erase(found);
}

void KeyCache::clear()
{
    m_entries.clear();
    m_ends.clear();
}

} // namespace oekd::dns
