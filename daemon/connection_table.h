// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/event_loop.h"
#include "daemon/connection_row.h"
#include "daemon/decision.h"
#include "daemon/enforcer.h"
#include "daemon/key_source.h"
#include "daemon/known_peers.h"
#include "daemon/limited_journal.h"
#include "daemon/view.h"
#include "ike/reqid_table.h"
#include "kernel-glue/xfrm.h"
#include "policy/connection.h"
#include "policy/group_table.h"
#include "policy/key_answer.h"
#include "policy/probe_budget.h"

#include <memory>
#include <unordered_map>

namespace oekd {

/// Every flow that oekd knows, and the only code that changes a connection's state: an event comes in, step()
/// decides, the actions go to the Enforcer, the row is updated and the observer hears of the change. Bounded.
/// Main thread.
class ConnectionTable {
public:
    struct Options {
        Timing timing;
        size_t max_flows = 65'536;
        ProbeLimits probe = {};
    };

    /// Hears of each change of a state as soon as it is made. Must not call the table.
    using Observer = std::function<void(Decision const&)>;

    ConnectionTable(EventLoop& loop, Enforcer& enforcer, ReqidTable& reqids, LimitedJournal& journal,
                    Counters& counters, KeySource& keys, Observer observer,
                    std::shared_ptr<GroupTable const> groups, Options options);
    ~ConnectionTable();
    ConnectionTable(ConnectionTable const&) = delete;
    ConnectionTable& operator=(ConnectionTable const&) = delete;

    void acquired(xfrm::Acquire const& acquire);
    /// A larval SA that was found in the kernel: it stands for an acquire that may have been lost.
    void found_larval(xfrm::State const& state);
    void ike_event(IkeEvent const& event);

    /// Ends every flow whose deciding line has another group in the new table; the others are not touched.
    void regroup(std::shared_ptr<GroupTable const> groups);
    /// Ends every flow from an address that is no longer ours.
    void keep_local(std::span<Address const> own_addresses);

    [[nodiscard]] GroupTable const& groups() const { return *m_groups; }
    [[nodiscard]] std::unordered_map<Flow, ConnectionRow> const& rows() const { return m_rows; }
    [[nodiscard]] size_t max_flows() const { return m_options.max_flows; }

private:
    void sa_up(SaUp const& event);
    [[nodiscard]] Protection proven_by(SaDescription const& sa, Connection const& connection);
    void sa_confirmed(SaConfirmed const& event);
    void sa_down(SaDown const& event);
    void negotiation_ended(NegotiationEnded const& event);

    ConnectionRow* find(Flow const& flow);
    ConnectionRow* find_or_add(Flow const& flow);
    bool make_room();
    void erase(Flow const& flow);
    void withdraw_where(std::string_view why, std::function<bool(ConnectionRow const&)> const& condition);

    void apply(ConnectionRow& row, Event const& event, std::string_view why);
    void ask_for_keys(ConnectionRow& row);
    void learnt(Flow const& flow, KeyAnswer const& answer);
    enum class Look { First, Second };
    [[nodiscard]] std::optional<Withheld> negotiate(ConnectionRow& row, Look look);
    [[nodiscard]] bool look_again(ConnectionRow& row);
    [[nodiscard]] bool carry_out(ConnectionRow& row, std::vector<Action> const& actions);
    void log_refusal(Flow const& flow, Error const& error);
    void arm_deadline(ConnectionRow& row);
    void deadline_passed(Flow const& flow);
    void watch_inbound(ConnectionRow& row, Duration delay);
    void settle(Flow const& flow);
    [[nodiscard]] Flow flow_of_acquire(xfrm::Acquire const& acquire) const;
    void changed(ConnectionRow& row, ConnectionState before, std::string_view why);

    EventLoop& m_loop;
    Enforcer& m_enforcer;
    ReqidTable& m_reqids;
    LimitedJournal& m_journal;
    Counters& m_counters;
    KeySource& m_keys;
    Observer m_observer;
    std::shared_ptr<GroupTable const> m_groups; // shared with the Gatekeeper's threads
    Options m_options;
    std::unordered_map<Flow, ConnectionRow> m_rows;
    KnownPeers m_capable;
    ProbeBudget m_budget;
    uint64_t m_last_negotiation = 0;
    bool m_full_logged = false;
};

} // namespace oekd
