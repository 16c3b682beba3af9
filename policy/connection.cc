// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/connection.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace oekd {

namespace {

// Silence is likely to last: each repetition doubles the time until we try again.
Duration doubled(Duration first, unsigned times, Duration limit)
{
    constexpr unsigned enough = 20; // a million times; keeps the product far from overflow
    return std::min(first * (int64_t{1} << std::min(times, enough)), limit);
}

Duration shunt_lifetime(Failure reason, unsigned failures, Timing const& timing)
{
    switch (reason) {
    case Failure::Refused:
    case Failure::NotProven: return timing.shunt_normal;
    case Failure::Unprotected:
        // Whoever forged it must do so again soon. (RFC 7296 §2.21.1)
        if (failures == 0)
            return timing.shunt_again;
        [[fallthrough]];
    case Failure::Silent: return doubled(timing.shunt_short, failures, timing.shunt_short_max);
    case Failure::Local: return doubled(timing.shunt_again, failures, timing.shunt_short);
    }
    std::unreachable();
}

// A key that DNSSEC promises: its holder is there.
bool promised(Connection const& connection)
{
    return connection.requirement && connection.requirement->is_promise();
}

bool fails_open(Connection const& connection)
{
    bool const kept_shut = promised(connection) && connection.judgement.promise_broken == PromiseBroken::Deny;
    return permitted(connection.conduct, connection.group).failure == Conduct::Failure::Pass && !kept_shut;
}

/// One step in the making: the next value and the actions so far. One function per event, then what they
/// share.
class Transition {
public:
    Transition(Connection from, Time now, Timing const& timing)
        : m_next(std::move(from)), m_now(now), m_timing(timing)
    {}

    void on(Acquired const& event);
    void on(Learnt const& event);
    void on(PeerAnswered const&);
    void on(PeerUnreachable const&);
    void on(Established const& event);
    void on(PeerReady const&);
    void on(NegotiationFailed const& event);
    void on(SaGone const& event);
    void on(InboundSeen const&);
    void on(DeadlinePassed const&);
    void on(Withdrawn const&);

    [[nodiscard]] Step finish() { return {std::move(m_next), std::move(m_actions)}; }

private:
    void begin();
    void ask();
    void hold();
    void expect_answers();
    void negotiate();
    [[nodiscard]] bool try_otherwise(Failure reason);
    [[nodiscard]] bool outranked(Established const& event) const;
    void deny();
    void start_lifetime_of_dns();
    [[nodiscard]] Action undecided() const;
    void sign_of_life();
    void give_up_hold();
    void lose_key();
    void key(Encrypt const& wanted);
    void await(Encrypt const& wanted);
    void encrypt();
    void keep(IkeSaId sa);
    void close_all();
    void release();
    void start_lifetime(Failure reason);

    void act(Action action) { m_actions.push_back(action); }
    [[nodiscard]] bool is(ConnectionState state) const { return m_next.state == state; }
    [[nodiscard]] bool permissive() const { return may_go_clear(m_next.group); }
    [[nodiscard]] Conduct conduct() const { return permitted(m_next.conduct, m_next.group); }
    [[nodiscard]] bool promised() const { return oekd::promised(m_next); }
    [[nodiscard]] bool fails_open() const { return oekd::fails_open(m_next); }
    [[nodiscard]] bool heeds_forgeries() const { return forgeries(m_next) == Forgeries::Heed; }
    [[nodiscard]] bool has_more_gateways() const
    {
        return m_next.requirement && m_next.gateway + 1 < m_next.requirement->gateways.size();
    }
    // Who answers for another gateway does so after the first one's silence.
    [[nodiscard]] Time hold_deadline() const
    {
        if (has_more_gateways())
            return m_next.hold_began + m_timing.hold_limit;
        bool const stranger = m_next.peer == Connection::Peer::Stranger && !promised();
        return hold_deadline(stranger ? m_timing.hold_silence : m_timing.hold_capable);
    }
    [[nodiscard]] Time hold_deadline(Duration silence) const
    {
        return std::min(m_next.hold_began + m_timing.hold_limit, m_now + silence);
    }

    Connection m_next;
    std::vector<Action> m_actions;
    Time m_now;
    Timing const& m_timing;
};

void Transition::on(Acquired const& event)
{
    switch (m_next.state) {
    case ConnectionState::Expired: return begin();
    case ConnectionState::PotentialOe:
    case ConnectionState::PendingOe: return; // it waits with the others
    case ConnectionState::Keyed:
        if (m_next.awaiting)
            return; // likewise
        if (event.trap == Acquired::Trap::Own)
            return lose_key();
        return act(Kick{});
    case ConnectionState::ClearText:
    case ConnectionState::Deny:
        return act(Kick{}); // decided already; the packet waits in the wide trap's queue
    }
}

// Where the peer's own IKE was faster, what it has proven was judged already.
void Transition::on(Learnt const& event)
{
    if (!std::exchange(m_next.asking, false) || !is(ConnectionState::PotentialOe))
        return;
    m_next.requirement = event.requirement;
    m_next.gateway = 0;
    switch (event.requirement.verdict) {
    case Requirement::Verdict::Negotiate: return expect_answers();
    case Requirement::Verdict::Hopeless: give_up_hold(); return start_lifetime_of_dns();
    case Requirement::Verdict::Deny: return deny();
    }
}

// An answer makes more answers likely: the hold goes on, up to its limit, and as long as one for a peer that
// has encrypted before, as the peer may have to ask the DNS in its turn. One that is not limited has no
// deadline.
void Transition::on(PeerAnswered const&)
{
    if (is(ConnectionState::PendingOe) && m_next.deadline)
        m_next.deadline = std::max(*m_next.deadline, hold_deadline(m_timing.hold_capable));
    sign_of_life();
}

void Transition::on(PeerUnreachable const&)
{
    if (is(ConnectionState::PendingOe) && heeds_forgeries())
        give_up_hold();
    sign_of_life();
}

// A shunt's lifetime was chosen in the belief that nobody is there.
void Transition::sign_of_life()
{
    bool const shunted = is(ConnectionState::ClearText) || is(ConnectionState::Deny);
    if (shunted && m_next.deadline && m_next.failures > 0)
        m_next.deadline = std::min(*m_next.deadline, m_now + m_timing.shunt_again);
}

// The peer's own IKE counts in every state: it lifts a shunt, ends a hold, crosses with ours. Where ours
// still runs when the peer's has succeeded, it may end as it likes: in a second SA, or in a failure that
// changes nothing.
void Transition::on(Established const& event)
{
    bool const by_peer = event.by == Established::By::Peer;
    bool const known = std::ranges::find(m_next.sas, event.sa) != m_next.sas.end();
    if (!accepts_negotiation(m_next.group) || (!known && outranked(event))) {
        act(CloseSa{event.sa});
        return by_peer ? void() : on(NegotiationFailed{Failure::NotProven});
    }
    if (!by_peer)
        m_next.negotiating = false;

    Encrypt const wanted{event.mode, event.reqid};
    bool const undecided = is(ConnectionState::PotentialOe) || is(ConnectionState::PendingOe);
    if (!known && std::exchange(m_next.proven, event.protection) != event.protection)
        close_all(); // what protects less has served its time
    m_next.denied = false;
    if (by_peer && undecided)
        await(wanted);
    else if (!is(ConnectionState::Keyed) || m_next.encrypt != wanted || (m_next.awaiting && !by_peer))
        key(wanted);
    m_next.failures = 0;
    m_next.peer = Connection::Peer::Capable;
    keep(event.sa);
}

// Nobody lowers what a flow has, or what the DNS promises, by starting IKE (RFC 7435 §3).
bool Transition::outranked(Established const& event) const
{
    if (is(ConnectionState::Keyed) && event.protection < m_next.proven)
        return true;
    bool const anonymous = event.protection == Protection::Anonymous;
    return (anonymous && (m_next.denied || promised())) || !m_next.judgement.accepted.has(event.protection);
}

void Transition::on(PeerReady const&)
{
    if (m_next.awaiting)
        encrypt();
}

void Transition::on(NegotiationFailed const& event)
{
    if (!m_next.negotiating) // it belonged to a flow that was withdrawn meanwhile
        return;
    m_next.negotiating = false;
    switch (m_next.state) {
    case ConnectionState::PendingOe:
        if (try_otherwise(event.reason))
            return;
        if (event.reason == Failure::Unprotected && !heeds_forgeries() && m_next.deadline)
            return; // the hold lasts as long as it would without a word
        give_up_hold();
        return start_lifetime(event.reason);
    case ConnectionState::ClearText:
    case ConnectionState::Deny: // the probe that outlived its hold has ended
        return try_otherwise(event.reason) ? void() : start_lifetime(event.reason);
    case ConnectionState::PotentialOe: // it belonged to a hold before this one
    case ConnectionState::Keyed:       // the peer's SA serves; a failure takes nothing away (RFC 4322 §3.2.6)
    case ConnectionState::Expired:     // the peer's SA came and went; the next packet tries again
        return;
    }
}

// Where the policies name another mode than the SA that is left, the next packet finds no SA and raises an
// acquire.
void Transition::on(SaGone const& event)
{
    std::erase(m_next.sas, event.sa);
    if (is(ConnectionState::Keyed) && m_next.sas.empty())
        release();
}

void Transition::on(InboundSeen const&)
{
    if (m_next.awaiting)
        encrypt();
    if (!is(ConnectionState::Keyed) || m_next.inbound_required)
        return;
    m_next.inbound_required = true;
    act(RequireInbound{});
}

void Transition::on(DeadlinePassed const&)
{
    if (!m_next.deadline || m_now < *m_next.deadline)
        return;
    switch (m_next.state) {
    case ConnectionState::PendingOe:
        give_up_hold();
        return m_next.negotiating ? void() : start_lifetime(Failure::Unprotected);
    case ConnectionState::ClearText: // left by timeout only, as far as we are concerned (RFC 4322 §3.2.2,
                                     // §3.2.3)
    case ConnectionState::Deny: return release();
    case ConnectionState::Keyed: return m_next.awaiting ? encrypt() : void();
    case ConnectionState::PotentialOe:
    case ConnectionState::Expired: return;
    }
}

void Transition::on(Withdrawn const&)
{
    if (!is(ConnectionState::Expired))
        release();
    close_all();
    m_next.negotiating = false;
    m_next.asking = false;
}

// The first packet. clear-or-private waits for the peer to start, and clear and block have no trap: an
// acquire for them has crossed with a change of the groups.
void Transition::begin()
{
    if (starts_negotiation(m_next.group))
        ask();
    else if (accepts_negotiation(m_next.group))
        act(Kick{});
}

// A group that takes no keys need not ask for any. A question of ours may be under way already, as a
// negotiation may, left over from before the peer's own IKE.
void Transition::ask()
{
    if (!m_next.judgement.accepted.any_with_keys())
        return hold();
    m_next.state = ConnectionState::PotentialOe;
    m_next.encrypt.reset();
    m_next.hold_began = m_now;
    m_next.deadline.reset();
    act(undecided());
    if (!std::exchange(m_next.asking, true))
        act(LookUp{});
}

// A negotiation of ours may be running already, left over from an SA of the peer's that came and went. A hold
// that is decided by the negotiation alone has no deadline.
void Transition::hold()
{
    m_next.encrypt.reset();
    act(undecided());
    expect_answers();
}

void Transition::expect_answers()
{
    bool const packets_wait = conduct().negotiation != Conduct::Negotiation::Pass;
    m_next.state = ConnectionState::PendingOe;
    m_next.hold_began = m_now;
    m_next.deadline = fails_open() && packets_wait ? std::optional(hold_deadline()) : std::nullopt;
    if (!m_next.negotiating)
        negotiate();
}

// A flow that was encrypted a moment ago is not opened while it gets another key.
Action Transition::undecided() const
{
    switch (conduct().negotiation) {
    case Conduct::Negotiation::Hold: return Hold{};
    case Conduct::Negotiation::Pass: return m_next.inbound_required ? Action(Hold{}) : Action(Pass{});
    case Conduct::Negotiation::Drop: return Discard{};
    }
    std::unreachable();
}

void Transition::negotiate()
{
    m_next.negotiating = true;
    act(Negotiate{});
}

// The next gateway, where there is one. Who has not proven an unsigned key is nobody in particular: a forger
// could cut us off otherwise. Who has not proven a signed one is an impostor.
bool Transition::try_otherwise(Failure reason)
{
    if (!m_next.requirement)
        return false;
    m_next.denied = m_next.denied || (reason == Failure::NotProven && promised());
    if (reason != Failure::Local && has_more_gateways()) {
        ++m_next.gateway;
        negotiate();
        return true;
    }
    if (m_next.denied) {
        deny();
        return true;
    }
    if (reason != Failure::NotProven || m_next.requirement->key != Requirement::Key::Wanted)
        return false;
    *m_next.requirement = without_key(m_next.flow.remote, m_next.judgement.accepted);
    negotiate();
    return true;
}

// Stronger than a group that may go clear: somebody in between wants just that.
void Transition::deny()
{
    m_next.state = ConnectionState::Deny;
    m_next.inbound_required = false;
    m_next.denied = true;
    act(Drop{});
    act(Kick{});
    close_all();
    start_lifetime_of_dns();
}

// As long as the DNS would say the same again.
void Transition::start_lifetime_of_dns()
{
    auto const lifetime = std::chrono::duration_cast<Duration>(m_next.requirement->lifetime);
    m_next.deadline = m_now + std::min(std::max(lifetime, m_timing.shunt_again), m_timing.shunt_short_max);
}

// The only way into the clear after a failure, and the group is asked here. The negotiation goes on if it
// still runs: a late success upgrades the flow. SAs that a flow still has after its key went missing are of
// no use to it any more.
void Transition::give_up_hold()
{
    m_next.state = fails_open() ? ConnectionState::ClearText : ConnectionState::Deny;
    m_next.inbound_required = false;
    m_next.deadline.reset();
    act(fails_open() ? Action(Pass{}) : Action(Drop{}));
    act(Kick{});
    close_all();
}

// The kernel has no SA for the policies, though none was reported gone: the report is on its way, or the SA
// that is left has the wrong mode. Packets are held as at the beginning, and cleartext from the peer is
// refused where it was before.
void Transition::lose_key()
{
    if (starts_negotiation(m_next.group))
        return ask();
    release();
    close_all();
}

// A fresh flow of a permissive group accepts cleartext until ESP arrives, as the peer may be a little later
// than we are.
void Transition::key(Encrypt const& wanted)
{
    m_next.state = ConnectionState::Keyed;
    m_next.encrypt = wanted;
    m_next.inbound_required = m_next.inbound_required || !permissive();
    encrypt();
}

// Who answers has an SA a little before who started: ESP would overtake the end of the exchange, and be lost.
// So our packets wait until the peer is heard again; also those that went in the clear so far.
void Transition::await(Encrypt const& wanted)
{
    m_next.state = ConnectionState::Keyed;
    m_next.encrypt = wanted;
    m_next.inbound_required = m_next.inbound_required || !permissive();
    m_next.awaiting = true;
    m_next.deadline = m_now + m_timing.peer_ready;
    act(Await{wanted.mode, wanted.reqid});
}

void Transition::encrypt()
{
    m_next.awaiting = false;
    m_next.deadline.reset();
    act(*m_next.encrypt);
    if (m_next.inbound_required)
        act(RequireInbound{});
    act(Kick{});
}

void Transition::keep(IkeSaId sa)
{
    auto& sas = m_next.sas;
    if (std::ranges::find(sas, sa) == sas.end())
        sas.push_back(sa);
    if (sas.size() <= max_sas_per_flow)
        return;
    act(CloseSa{sas.front()});
    sas.erase(sas.begin());
}

void Transition::close_all()
{
    for (auto const sa : std::exchange(m_next.sas, {}))
        act(CloseSa{sa});
}

void Transition::release()
{
    m_next.state = ConnectionState::Expired;
    m_next.awaiting = false;
    m_next.inbound_required = false;
    m_next.encrypt.reset();
    m_next.requirement.reset();
    m_next.gateway = 0;
    m_next.proven = Protection::Anonymous;
    m_next.denied = false;
    m_next.deadline.reset();
    act(Release{});
}

// Only a refusal that is cryptographically protected counts for long, and it is no failure to reach the peer.
void Transition::start_lifetime(Failure reason)
{
    m_next.deadline = m_now + shunt_lifetime(reason, m_next.failures, m_timing);
    if (reason == Failure::Refused || reason == Failure::NotProven)
        m_next.failures = 0;
    else if (m_next.failures < std::numeric_limits<unsigned>::max())
        ++m_next.failures;
}

} // namespace

Step step(Connection const& connection, Event const& event, Time now, Timing const& timing)
{
    Transition transition(connection, now, timing);
    std::visit([&transition](auto const& e) { transition.on(e); }, event);
    return transition.finish();
}

Forgeries forgeries(Connection const& connection)
{
    bool const stranger = connection.peer == Connection::Peer::Stranger && !promised(connection);
    return fails_open(connection) && stranger ? Forgeries::Heed : Forgeries::Ignore;
}

Address const& destination(Connection const& connection)
{
    auto const& requirement = connection.requirement;
    bool const has = requirement && connection.gateway < requirement->gateways.size();
    return has ? requirement->gateways[connection.gateway].address : connection.flow.remote;
}

bool is_unaffected(Connection const& connection, GroupLine const* line)
{
    return line != nullptr && line->group == connection.group && line->judgement == connection.judgement &&
           permitted(line->conduct, line->group) == permitted(connection.conduct, connection.group);
}

Protection protection(Connection const& connection)
{
    switch (connection.state) {
    case ConnectionState::Keyed: return connection.proven;
    case ConnectionState::ClearText: return Protection::Clear;
    case ConnectionState::Deny: return Protection::Blocked;
    case ConnectionState::PotentialOe:
    case ConnectionState::PendingOe:
    case ConnectionState::Expired:
        return may_go_clear(connection.group) ? Protection::Clear : Protection::Blocked;
    }
    std::unreachable();
}

} // namespace oekd
