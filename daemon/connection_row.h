// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/event_loop.h"
#include "daemon/view.h"
#include "dns/resolver.h"
#include "ike/ike_event.h"
#include "kernel-glue/xfrm.h"
#include "policy/connection.h"
#include "policy/probe_budget.h"

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace oekd {

/// One flow in the ConnectionTable: the machine's state, and what people want to know about it.
struct ConnectionRow {
    static constexpr size_t max_history = 32;

    Connection connection;
    Reqid reqid{};
    NegotiationId negotiation{};      ///< of ours, while connection.negotiating
    xfrm::Packet packet{};            ///< the last that asked for an SA
    Beginner beginner = Beginner::Us; ///< of the negotiation
    std::vector<SaDescription> sas;   ///< those in connection.sas
    std::string file;                 ///< the group line that decided
    int line = 0;
    std::string why; ///< the last change, for people
    WallTime since{};
    std::optional<WallTime> clear_until; ///< when an upgraded flow stopped going in the clear
    std::deque<HistoryEntry> history;
    std::unique_ptr<dns::Lookup> lookup; ///< while connection.asking
    EventSource deadline_timer;
    EventSource inbound_timer;
    EventSource second_look;

    void remember(WallTime when, std::string text)
    {
        if (history.size() == max_history)
            history.pop_front();
        history.push_back({when, std::move(text)});
    }
};

} // namespace oekd
