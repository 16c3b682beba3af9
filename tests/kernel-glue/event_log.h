// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "kernel-glue/xfrm_events.h"
#include "private_network.h"

#include <algorithm>

namespace oekd::test {

/// Everything that the kernel has told since this listener was opened.
class EventLog {
public:
    EventLog() : m_events(xfrm::Events::open().value()) {}
    explicit EventLog(int receive_buffer) : m_events(xfrm::Events::open(receive_buffer).value()) {}

    [[nodiscard]] int fd() const { return m_events.fd(); }
    void forget() { m_log.clear(); }
    bool overrun() { return read(), m_overrun; }
    unsigned malformed() { return read(), m_malformed; }
    size_t count() { return read(), m_log.size(); }

    /// Has the acquire come, within the deadline?
    bool acquired(Flow const& flow, Reqid reqid) { return comes(xfrm::Acquire{flow, reqid}); }
    /// Has the flow's larval SA reached its hard limit, within the deadline?
    bool expired(Flow const& flow)
    {
        return eventually([&] {
            read();
            return std::ranges::any_of(m_log, [&](auto const& event) {
                auto const* expire = std::get_if<xfrm::Expire>(&event);
                return expire && expire->limit == xfrm::Expire::Limit::Hard && expire->spi == Spi{} &&
                       Flow{expire->source, expire->destination} == flow;
            });
        });
    }

private:
    bool comes(xfrm::Events::Event const& event)
    {
        return eventually([&] {
            read();
            return std::ranges::find(m_log, event) != m_log.end();
        });
    }

    void read()
    {
        auto const batch = m_events.drain().value();
        m_log.insert(m_log.end(), batch.events.begin(), batch.events.end());
        m_overrun = m_overrun || batch.overrun == xfrm::Events::Batch::Overrun::Yes;
        m_malformed += batch.malformed;
    }

    xfrm::Events m_events;
    std::vector<xfrm::Events::Event> m_log;
    bool m_overrun = false;
    unsigned m_malformed = 0;
};

} // namespace oekd::test
