// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "kernel-glue/priorities.h"
#include "kernel-glue/xfrm_events.h"
#include "private_network.h"

#include <algorithm>
#include <optional>

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
    bool acquired(Flow const& flow, Reqid reqid)
    {
        auto const acquire = acquire_of(flow);
        return acquire && acquire->reqid == reqid;
    }
    /// By the flow's wide trap or its hold.
    bool trapped(Flow const& flow) { return acquired(flow, trap_reqid_of(flow.local, flow.service)); }
    /// The flow's last acquire, as soon as there is one; nullopt where none comes within the deadline.
    std::optional<xfrm::Acquire> acquire_of(Flow const& flow)
    {
        std::optional<xfrm::Acquire> last;
        eventually([&] {
            read();
            for (auto const& event : m_log)
                if (auto const* acquire = std::get_if<xfrm::Acquire>(&event);
                    acquire && acquire->flow == flow)
                    last = *acquire;
            return last.has_value();
        });
        return last;
    }
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
