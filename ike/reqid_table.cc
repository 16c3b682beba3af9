// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/reqid_table.h"

#include <cassert>

namespace oekd {

ReqidTable::ReqidTable(Reqid first, Reqid last) : m_next(uint32_t(first)), m_last(uint32_t(last))
{
    // One more than the last must still be a number.
    assert(m_next > 0 && m_next <= m_last && m_last < UINT32_MAX);
}

std::optional<Reqid> ReqidTable::take_free()
{
    if (m_next <= m_last)
        return Reqid(m_next++);
    if (m_returned.empty())
        return std::nullopt;
    auto reqid = m_returned.front();
    m_returned.pop_front();
    return reqid;
}

std::optional<Reqid> ReqidTable::acquire(Flow const& flow, PeerProof proof)
{
    std::scoped_lock lock(m_mutex);
    auto& known = entries(proof);
    if (auto found = known.find(flow); found != known.end()) {
        ++found->second.users;
        return found->second.reqid;
    }
    auto reqid = take_free();
    if (reqid)
        known.emplace(flow, Entry{.reqid = *reqid, .users = 1});
    return reqid;
}

void ReqidTable::release(Flow const& flow, PeerProof proof)
{
    std::scoped_lock lock(m_mutex);
    auto& known = entries(proof);
    auto found = known.find(flow);
    assert(found != known.end());
    if (--found->second.users > 0)
        return;
    m_returned.push_back(found->second.reqid);
    known.erase(found);
}

size_t ReqidTable::size() const
{
    std::scoped_lock lock(m_mutex);
    return m_entries[0].size() + m_entries[1].size();
}

} // namespace oekd
