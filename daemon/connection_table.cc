// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/connection_table.h"

#include "daemon/key_exchange.h"

#include <algorithm>
#include <fmt/format.h>

namespace oekd {

namespace {

constexpr Duration first_inbound_check{50};
constexpr Duration slowest_inbound_check{10'000};
constexpr Duration second_look{20};

WallTime wall_clock() { return std::chrono::system_clock::now(); }

/// For metrics: one word that does not change.
std::string_view label_of(Failure failure)
{
    switch (failure) {
    case Failure::Silent: return "silent";
    case Failure::Unprotected: return "unprotected";
    case Failure::Refused: return "refused";
    case Failure::NotProven: return "not-proven";
    case Failure::Local: return "local";
    }
    std::unreachable();
}

/// The peer is who it was.
void rekeyed(ConnectionRow& row, SaDescription const& now)
{
    for (auto& sa : row.sas) {
        if (sa.sa != now.sa)
            continue;
        auto const protection = sa.protection;
        sa = now;
        sa.protection = protection;
    }
}

std::string reason(NegotiationEnded const& event)
{
    auto reason = std::string(to_string(event.reason));
    return event.detail.empty() ? reason : fmt::format("{} ({})", reason, event.detail);
}

std::string_view who_signed(SaDescription const& sa)
{
    bool const they = sa.protection > Protection::Anonymous;
    bool const we = sa.ours == OwnProof::Signature;
    return they && we ? "both signed" : they ? "the peer signed" : we ? "only we signed" : "AUTH-NULL";
}

std::string reason(SaDescription const& sa)
{
    return fmt::format("{}, {}, started by {}", who_signed(sa), key_exchange_of(sa.ike_proposal),
                       sa.by == Established::By::Us ? "us" : "the peer");
}

} // namespace

ConnectionTable::ConnectionTable(EventLoop& loop, Enforcer& enforcer, ReqidTable& reqids,
                                 LimitedJournal& journal, Counters& counters, KeySource& keys,
                                 Observer observer, std::shared_ptr<GroupTable const> groups, Options options)
    : m_loop(loop), m_enforcer(enforcer), m_reqids(reqids), m_journal(journal), m_counters(counters),
      m_keys(keys), m_observer(std::move(observer)), m_groups(std::move(groups)), m_options(options),
      m_budget(options.probe)
{}

ConnectionTable::~ConnectionTable() = default;

// ---- events

void ConnectionTable::acquired(xfrm::Acquire const& acquire)
{
    auto const flow = flow_of_acquire(acquire);
    if (auto* row = find_or_add(flow)) {
        row->packet = acquire.packet;
        auto const& encrypt = row->connection.encrypt;
        bool const own = acquire.reqid == row->reqid || (encrypt && acquire.reqid == encrypt->reqid);
        auto trap = own ? Acquired::Trap::Own : Acquired::Trap::Wide;
        apply(*row, Acquired{trap}, "a packet wants to leave");
    }
    settle(flow);
}

/// The policy that fired says which service is meant. Where it is no line's and no flow's, it is an old one.
Flow ConnectionTable::flow_of_acquire(xfrm::Acquire const& acquire) const
{
    auto flow = acquire.flow;
    auto const* line = m_groups->find(flow.remote, flow.service);
    if (line && !m_rows.contains(flow))
        flow.service = line->service;
    return flow;
}

// The larval SA has the packet's ports, and the line that decides about the packet is the trap that it met.
void ConnectionTable::found_larval(xfrm::State const& state)
{
    Flow flow{state.source, state.destination, state.service};
    auto const* line = m_groups->find(flow.remote, flow.service);
    if (!line)
        return;
    flow.service = line->service;
    if (auto const* row = find(flow); row && row->connection.state == ConnectionState::PendingOe)
        return; // this one was heard
    m_counters.acquires_found_again.add();
    acquired({.flow = flow, .reqid = state.reqid, .packet = state.packet});
}

void ConnectionTable::ike_event(IkeEvent const& event)
{
    struct Visitor {
        ConnectionTable& table;
        void operator()(SaUp const& e) const { table.sa_up(e); }
        void operator()(SaConfirmed const& e) const { table.sa_confirmed(e); }
        void operator()(SaDown const& e) const { table.sa_down(e); }
        void operator()(NegotiationEnded const& e) const { table.negotiation_ended(e); }
        void operator()(SaRekeyed const& e) const
        {
            if (auto* row = table.find(e.sa.flow))
                rekeyed(*row, e.sa);
        }
        void operator()(PeerHeard const& e) const
        {
            if (auto* row = table.find(e.flow); row && row->negotiation == e.negotiation)
                table.apply(*row, PeerAnswered{}, "the peer answers");
        }
        void operator()(PeerRefusedPort const& e) const
        {
            if (auto* row = table.find(e.flow))
                table.apply(*row, PeerUnreachable{}, "the peer's IKE port is unreachable");
        }
        void operator()(KeysWanted const&) const {} // for IncomingPeers
    };
    std::visit(Visitor{*this}, event);
    settle(std::visit([](auto const& e) { return flow_of(e); }, event));
}

/// What the proof of its key is worth now, by what the DNS said when we asked, or has said to whoever let the
/// peer in.
Protection ConnectionTable::proven_by(SaDescription const& sa, Connection const& connection)
{
    if (!sa.peer_key)
        return Protection::Anonymous;
    auto const worth = [&](Requirement const& wanted) {
        bool const has_it = std::ranges::any_of(wanted.gateways, [&](Gateway const& gateway) {
            return std::ranges::find(gateway.keys, *sa.peer_key) != gateway.keys.end();
        });
        return has_it ? wanted.proven : Protection::Anonymous;
    };
    if (sa.by == Established::By::Us && connection.requirement)
        return worth(*connection.requirement);
    auto const known = m_keys.known(sa.flow.remote);
    return known ? worth(required_of(*known, sa.flow.remote, connection.judgement.accepted))
                 : Protection::Anonymous;
}

void ConnectionTable::sa_up(SaUp const& event)
{
    auto* row = find_or_add(event.sa.flow);
    if (!row) { // the table is full, or a reload took the line away while IKE ran
        Connection const unwanted{.flow = event.sa.flow};
        (void)m_enforcer.apply(unwanted, event.sa.reqid, {}, CloseSa{event.sa.sa});
        (void)m_enforcer.apply(unwanted, event.sa.reqid, {}, Release{}); // what the worker has put there
        return;
    }
    if (row->connection.state == ConnectionState::ClearText)
        row->clear_until = wall_clock();
    auto sa = event.sa;
    sa.protection = proven_by(sa, row->connection);
    row->sas.push_back(sa);
    m_capable.add(event.sa.flow.remote);
    m_budget.succeeded(event.sa.flow.remote);
    apply(*row, Established{sa.sa, sa.mode, sa.reqid, sa.by, sa.protection}, reason(sa));
    watch_inbound(*row, first_inbound_check);
}

void ConnectionTable::sa_confirmed(SaConfirmed const& event)
{
    auto* row = find(event.flow);
    auto const is_this = [&](SaDescription const& sa) { return sa.sa == event.sa; };
    if (row && std::ranges::any_of(row->sas, is_this))
        apply(*row, PeerReady{}, "the peer has its side of the SA");
}

void ConnectionTable::sa_down(SaDown const& event)
{
    auto* row = find(event.flow);
    if (!row)
        return;
    std::erase_if(row->sas, [&](auto const& sa) { return sa.sa == event.sa; });
    apply(*row, SaGone{event.sa}, "the SA is gone");
}

void ConnectionTable::negotiation_ended(NegotiationEnded const& event)
{
    m_counters.negotiations_failed.add({label_of(event.reason)});
    auto* row = find(event.flow);
    if (!row || row->negotiation != event.negotiation)
        return;
    if (event.reason == Failure::Silent)
        m_budget.heard_nothing(event.flow.remote, row->beginner);
    apply(*row, NegotiationFailed{event.reason}, reason(event));
}

void ConnectionTable::regroup(std::shared_ptr<GroupTable const> groups)
{
    m_groups = std::move(groups);
    withdraw_where("another policy group", [this](ConnectionRow const& row) {
        auto const& flow = row.connection.flow;
        return !is_unaffected(row.connection, m_groups->find(flow.remote, flow.service));
    });
    for (auto& [flow, row] : m_rows) {
        auto const& line = *m_groups->find(flow.remote, flow.service);
        row.file = line.file;
        row.line = line.line;
        if (line.network != std::exchange(row.connection.network, line.network))
            if (auto moved = m_enforcer.move(row.connection); !moved)
                log_refusal(flow, moved.error());
    }
}

void ConnectionTable::keep_local(std::span<Address const> own_addresses)
{
    withdraw_where("the local address is gone", [&](ConnectionRow const& row) {
        return std::ranges::find(own_addresses, row.connection.flow.local) == own_addresses.end();
    });
}

void ConnectionTable::withdraw_where(std::string_view why,
                                     std::function<bool(ConnectionRow const&)> const& condition)
{
    std::vector<Flow> flows;
    for (auto const& [flow, row] : m_rows) {
        if (condition(row))
            flows.push_back(flow);
    }
    for (auto const& flow : flows) {
        apply(m_rows.at(flow), Withdrawn{}, why);
        erase(flow);
    }
}

// ---- rows

ConnectionRow* ConnectionTable::find(Flow const& flow)
{
    auto it = m_rows.find(flow);
    return it == m_rows.end() ? nullptr : &it->second;
}

ConnectionRow* ConnectionTable::find_or_add(Flow const& flow)
{
    if (auto* row = find(flow))
        return row;
    auto const* line = m_groups->find(flow.remote, flow.service);
    if (!line || !accepts_negotiation(line->group) || !make_room())
        return nullptr;
    auto reqid = m_reqids.acquire(flow);
    if (!reqid) {
        m_counters.limits_reached.add({"reqids"});
        return nullptr;
    }
    ConnectionRow row;
    auto const peer =
        m_capable.contains(flow.remote) ? Connection::Peer::Capable : Connection::Peer::Stranger;
    row.connection = {.flow = flow,
                      .group = line->group,
                      .network = line->network,
                      .conduct = line->conduct,
                      .judgement = line->judgement,
                      .peer = peer};
    row.reqid = *reqid;
    row.file = line->file;
    row.line = line->line;
    row.since = wall_clock();
    return &m_rows.emplace(flow, std::move(row)).first->second;
}

// An expired row only remembers failures, so it goes first. One look over the table is enough, as it frees
// many at once.
bool ConnectionTable::make_room()
{
    if (m_rows.size() < m_options.max_flows)
        return true;
    std::vector<Flow> expired;
    for (auto const& [flow, row] : m_rows) {
        if (row.connection.state == ConnectionState::Expired)
            expired.push_back(flow);
    }
    std::ranges::for_each(expired, [this](Flow const& flow) { erase(flow); });
    if (expired.empty())
        m_counters.limits_reached.add({"flows"});
    if (expired.empty() && !std::exchange(m_full_logged, true)) {
        m_journal.log(
            LimitedJournal::Kind::Trouble, LogLevel::Warning,
            fmt::format("{} flows, the limit: new destinations wait until others end (limits.flows in "
                        "oekd.conf)",
                        m_options.max_flows));
    }
    if (!expired.empty())
        m_full_logged = false;
    return !expired.empty();
}

void ConnectionTable::erase(Flow const& flow)
{
    if (m_rows.erase(flow) > 0)
        m_reqids.release(flow);
}

/// Rows with nothing to remember leave the table.
void ConnectionTable::settle(Flow const& flow)
{
    auto* row = find(flow);
    if (row && row->connection.state == ConnectionState::Expired && row->connection.failures == 0 &&
        row->connection.sas.empty())
        erase(flow);
}

// ---- the one place where a connection changes

void ConnectionTable::apply(ConnectionRow& row, Event const& event, std::string_view why)
{
    auto before = row.connection.state;
    auto stepped = step(row.connection, event, m_loop.now(), m_options.timing);
    row.connection = std::move(stepped.next);
    auto const negotiates = std::erase_if(
        stepped.actions, [](Action const& action) { return std::holds_alternative<Negotiate>(action); });
    auto const asks = std::erase_if(
        stepped.actions, [](Action const& action) { return std::holds_alternative<LookUp>(action); });
    if (row.connection.state != before)
        changed(row, before, why);
    if (!carry_out(row, stepped.actions) && !std::holds_alternative<Withdrawn>(event)) {
        apply(row, Withdrawn{}, "the kernel refused");
        return;
    }
    if (asks > 0)
        ask_for_keys(row);
    if (negotiates > 0) {
        if (auto const withheld = negotiate(row, Look::First))
            return apply(row, NegotiationFailed{Failure::Local}, to_string(*withheld));
    }
    arm_deadline(row);
}

void ConnectionTable::ask_for_keys(ConnectionRow& row)
{
    auto const& flow = row.connection.flow;
    row.lookup = m_keys.ask(flow.remote, [this, flow](KeyAnswer const& answer) { learnt(flow, answer); });
}

void ConnectionTable::learnt(Flow const& flow, KeyAnswer const& answer)
{
    auto* row = find(flow);
    if (!row)
        return;
    auto const learnt = required_of(answer, flow.remote, row->connection.judgement.accepted);
    apply(*row, Learnt{learnt}, learnt.why);
    settle(flow);
}

// After the hold, as a socket that is connecting has its place in the kernel's tables by then. Where nobody
// may be asked the negotiation has failed before it began. To a group that takes nothing in the clear no
// stranger comes whom we could answer.
std::optional<Withheld> ConnectionTable::negotiate(ConnectionRow& row, Look look)
{
    auto const& connection = row.connection;
    auto const& remote = connection.flow.remote;
    row.beginner =
        may_go_clear(connection.group) ? m_enforcer.beginner(connection.flow, row.packet) : Beginner::Us;
    if (row.beginner == Beginner::Unclear && look == Look::First && look_again(row))
        return std::nullopt;
    auto const probe = m_budget.ask({.remote = remote,
                                     .peer = connection.peer,
                                     .beginner = row.beginner,
                                     .bytes_in = bytes_answered(remote.family(), row.packet.protocol)},
                                    m_loop.now());
    if (!probe) {
        m_counters.negotiations_withheld.add({label_of(probe.error())});
        return probe.error();
    }
    row.negotiation = NegotiationId{++m_last_negotiation};
    m_counters.negotiations_started.add();
    (void)carry_out(row, {Negotiate{*probe}}); // it ends in an event, whatever becomes of it
    return std::nullopt;
}

bool ConnectionTable::look_again(ConnectionRow& row)
{
    auto timer = m_loop.after(second_look, [this, flow = row.connection.flow] {
        auto* waiting = find(flow);
        if (!waiting || !waiting->connection.negotiating)
            return;
        if (auto const withheld = negotiate(*waiting, Look::Second))
            apply(*waiting, NegotiationFailed{Failure::Local}, to_string(*withheld));
        settle(flow);
    });
    if (timer)
        row.second_look = std::move(*timer);
    return timer.has_value();
}

// What takes things away goes on after a failure: an SA must not outlive its flow because a policy did not
// go.
bool ConnectionTable::carry_out(ConnectionRow& row, std::vector<Action> const& actions)
{
    bool all_done = true;
    for (auto const& action : actions) {
        bool const takes_away =
            std::holds_alternative<Release>(action) || std::holds_alternative<CloseSa>(action);
        if (!all_done && !takes_away)
            continue;
        auto done = m_enforcer.apply(row.connection, row.reqid, row.negotiation, action);
        if (done)
            continue;
        log_refusal(row.connection.flow, done.error());
        // A wide trap that could not be looked at delays a packet; the flow itself is as it should be.
        if (!std::holds_alternative<Kick>(action))
            all_done = false;
    }
    return all_done;
}

void ConnectionTable::log_refusal(Flow const& flow, Error const& error)
{
    bool const taken = error.code == ErrorCode::Exists;
    if (taken)
        m_counters.explicit_policies_met.add();
    m_journal.log(taken ? LimitedJournal::Kind::ExplicitPolicy : LimitedJournal::Kind::Trouble,
                  taken ? LogLevel::Notice : LogLevel::Error,
                  fmt::format("{}: {}", flow.to_string(), error.message),
                  {{"OEKD_REMOTE", flow.remote.to_string()}});
}

void ConnectionTable::arm_deadline(ConnectionRow& row)
{
    row.deadline_timer = {};
    if (!row.connection.deadline)
        return;
    auto delay = std::chrono::ceil<Duration>(*row.connection.deadline - m_loop.now());
    auto timer = m_loop.after(std::max(delay, Duration{0}), [this, flow = row.connection.flow] {
        deadline_passed(flow);
        settle(flow);
    });
    if (timer)
        row.deadline_timer = std::move(*timer);
    else
        m_journal.log(LimitedJournal::Kind::Trouble, LogLevel::Error, timer.error().message);
}

void ConnectionTable::deadline_passed(Flow const& flow)
{
    auto* row = find(flow);
    if (!row)
        return;
    bool const held = row->connection.state == ConnectionState::PendingOe;
    apply(*row, DeadlinePassed{}, held ? "no answer within the hold time" : "its time is over");
    if (held && row->connection.state != ConnectionState::PendingOe)
        m_counters.holds_expired.add();
}

/// Cleartext from the peer is accepted until its first ESP packet: only then is it sure that it can send any.
void ConnectionTable::watch_inbound(ConnectionRow& row, Duration delay)
{
    if (row.connection.state != ConnectionState::Keyed || row.connection.inbound_required)
        return;
    auto timer = m_loop.after(delay, [this, delay, flow = row.connection.flow] {
        auto* keyed = find(flow);
        if (!keyed || keyed->connection.state != ConnectionState::Keyed)
            return;
        if (std::ranges::any_of(keyed->sas, [this](auto const& sa) { return m_enforcer.inbound_used(sa); }))
            apply(*keyed, InboundSeen{}, "the peer's first ESP packet");
        else
            watch_inbound(*keyed, std::min(delay * 2, slowest_inbound_check));
        settle(flow);
    });
    if (timer)
        row.inbound_timer = std::move(*timer);
}

void ConnectionTable::changed(ConnectionRow& row, ConnectionState before, std::string_view why)
{
    auto const& connection = row.connection;
    row.why = why;
    row.since = wall_clock();
    Decision const decision{.when = row.since,
                            .flow = connection.flow,
                            .group = connection.group,
                            .file = row.file,
                            .line = row.line,
                            .before = before,
                            .after = connection.state,
                            .protection = protection(connection),
                            .why = row.why};
    row.remember(row.since, fmt::format("{}: {}", decision.change(), why));
    m_observer(decision);
}

} // namespace oekd
