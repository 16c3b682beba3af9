// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/policy/flow_model.h"

#include <algorithm>
#include <utility>

namespace oekd {

std::string FlowModel::happen(Event const& event, Time at)
{
    m_broken.clear();
    before(event);
    auto const [next, actions] = step(m_connection, event, at, m_timing);
    for (auto const& action : actions) {
        carry_out(action, next);
        check_cleartext(); // after each action: not even for a moment
    }
    check_cleartext();
    check_inbound(m_connection, next);
    check_sas(next);
    check_time(next, at);
    check_state(next);
    check_proof(event, m_connection, next);
    m_connection = next;
    return std::exchange(m_broken, {});
}

bool FlowModel::promised(Connection const& connection)
{
    return connection.requirement && connection.requirement->is_promise();
}

void FlowModel::broken(std::string promise)
{
    if (m_broken.empty())
        m_broken = std::move(promise);
}

/// What the event itself says about the world.
void FlowModel::before(Event const& event)
{
    if (auto const* established = std::get_if<Established>(&event)) {
        m_sas.insert(established->sa);
        if (established->by == Established::By::Us)
            m_negotiating = false;
    } else if (auto const* gone = std::get_if<SaGone>(&event)) {
        m_sas.erase(gone->sa);
    } else if (std::holds_alternative<NegotiationFailed>(event) || std::holds_alternative<Withdrawn>(event)) {
        m_negotiating = false;
    }
    if (std::holds_alternative<Learnt>(event) || std::holds_alternative<Withdrawn>(event))
        m_asking = false;
}

void FlowModel::carry_out(Action const& action, Connection const& next)
{
    if (std::holds_alternative<Hold>(action)) {
        m_out = Out::Hold;
        m_in = m_in == In::EspOnly ? In::EspOnly : In::ClearOrEsp;
    } else if (std::holds_alternative<Discard>(action)) {
        m_out = Out::Nothing;
        m_in = m_in == In::EspOnly ? In::EspOnly : In::ClearOrEsp;
    } else if (std::holds_alternative<Negotiate>(action)) {
        if (std::exchange(m_negotiating, true))
            broken("two negotiations at a time");
    } else if (std::holds_alternative<LookUp>(action)) {
        if (std::exchange(m_asking, true))
            broken("two questions at a time");
    } else if (std::holds_alternative<Encrypt>(action)) {
        m_out = Out::Esp;
        m_in = next.inbound_required ? In::EspOnly : In::ClearOrEsp;
    } else if (std::holds_alternative<Await>(action)) {
        m_out = Out::Hold;
        m_in = next.inbound_required ? In::EspOnly : In::ClearOrEsp;
    } else if (std::holds_alternative<RequireInbound>(action)) {
        m_in = In::EspOnly;
    } else if (std::holds_alternative<Pass>(action)) {
        std::tie(m_out, m_in) = std::pair(Out::Clear, In::ClearOrEsp);
    } else if (std::holds_alternative<Drop>(action)) {
        std::tie(m_out, m_in) = std::pair(Out::Nothing, In::Nothing);
    } else if (std::holds_alternative<Release>(action)) {
        if (m_out == Out::None)
            broken("released what was not there");
        std::tie(m_out, m_in) = std::pair(Out::None, In::None);
    } else if (auto const* close = std::get_if<CloseSa>(&action)) {
        if (m_sas.erase(close->sa) == 0)
            broken("closed an SA that is not up");
    }
}

bool FlowModel::sends_clear() const
{
    switch (m_out) {
    case Out::Hold:
    case Out::Esp:
    case Out::Nothing: return false;
    case Out::Clear: return true;
    case Out::None: break;
    }
    // The wide policy of the group: a trap, a block, or none.
    return permitted(m_connection.conduct, m_connection.group).negotiation == Conduct::Negotiation::Pass ||
           m_connection.group == PolicyGroup::Clear || m_connection.group == PolicyGroup::ClearOrPrivate;
}

FlowModel::Out FlowModel::undecided_out(Connection const& next)
{
    switch (permitted(next.conduct, next.group).negotiation) {
    case Conduct::Negotiation::Hold: return Out::Hold;
    case Conduct::Negotiation::Pass: return next.inbound_required ? Out::Hold : Out::Clear;
    case Conduct::Negotiation::Drop: return Out::Nothing;
    }
    std::unreachable();
}

void FlowModel::check_cleartext()
{
    if (sends_clear() && !may_go_clear(m_connection.group))
        broken("cleartext left a flow that must not send it");
    if (sends_clear() && m_in == In::EspOnly)
        broken("a flow that was encrypted a moment ago sends in the clear");
    if (m_out != Out::None && !accepts_negotiation(m_connection.group))
        broken("a group without IPsec has policies of its own");
}

void FlowModel::check_inbound(Connection const& from, Connection const& next)
{
    bool const stays_keyed = from.state == ConnectionState::Keyed && next.state == ConnectionState::Keyed;
    if (stays_keyed && from.inbound_required && m_in != In::EspOnly)
        broken("cleartext is accepted again");
    if (next.inbound_required != (m_in == In::EspOnly))
        broken("inbound_required is not what the policies do");
    if (next.state == ConnectionState::Keyed && !may_go_clear(next.group) && m_in != In::EspOnly)
        broken("private accepts cleartext");
}

void FlowModel::check_sas(Connection const& next)
{
    if (next.sas.size() > max_sas_per_flow)
        broken("more SAs than a flow may have");
    if (m_sas != std::set(next.sas.begin(), next.sas.end()) || m_sas.size() != next.sas.size())
        broken("an SA is neither kept, closed nor gone");
    bool const may_have = next.state == ConnectionState::Keyed || next.state == ConnectionState::PendingOe ||
                          next.state == ConnectionState::PotentialOe;
    if (!may_have && !next.sas.empty())
        broken("a flow that was given up has SAs");
    if (next.state == ConnectionState::Keyed && next.sas.empty())
        broken("keyed without an SA");
}

void FlowModel::check_time(Connection const& next, Time at)
{
    bool const lasts = next.state == ConnectionState::Expired || next.state == ConnectionState::Keyed;
    if (next.negotiating != m_negotiating)
        broken("lost sight of the negotiation");
    if (next.asking != m_asking)
        broken("lost sight of the question");
    bool const ends =
        next.state == ConnectionState::PotentialOe ? next.asking : next.deadline || next.negotiating;
    if (!lasts && !ends)
        broken("nothing ends this state");
    if (lasts && next.deadline.has_value() != next.awaiting)
        broken("a deadline without a purpose, or none where packets wait for the peer");
    auto const longest = std::max({m_timing.hold_silence, m_timing.hold_capable, m_timing.shunt_normal,
                                   m_timing.shunt_short_max, m_timing.shunt_again});
    if (next.deadline && *next.deadline > at + longest)
        broken("a deadline beyond every limit");
}

void FlowModel::check_state(Connection const& next)
{
    auto const out = [&next] {
        switch (next.state) {
        case ConnectionState::Expired: return Out::None;
        case ConnectionState::PotentialOe:
        case ConnectionState::PendingOe: return undecided_out(next);
        case ConnectionState::Keyed: return next.awaiting ? Out::Hold : Out::Esp;
        case ConnectionState::ClearText: return Out::Clear;
        case ConnectionState::Deny: return Out::Nothing;
        }
        std::unreachable();
    }();
    if (m_out != out)
        broken("the policies are not those of the state");
    if (next.awaiting && next.state != ConnectionState::Keyed)
        broken("waits for the other side of an SA that is not there");
    if (next.encrypt.has_value() != (next.state == ConnectionState::Keyed))
        broken("encrypt is set in the wrong state");
    bool const pending =
        next.state == ConnectionState::PotentialOe || next.state == ConnectionState::PendingOe;
    if (pending && !starts_negotiation(next.group))
        broken("a group that does not start holds packets");
    bool const fails_open = permitted(next.conduct, next.group).failure == Conduct::Failure::Pass;
    if (next.state == ConnectionState::Deny && fails_open && !next.denied && !promised(next))
        broken("a flow that fails open denies");
    if (next.state == ConnectionState::ClearText && next.denied && !next.negotiating)
        broken("an impostor opens the flow");
    if (next.state == ConnectionState::ClearText && !fails_open)
        broken("a flow that fails closed goes clear");
}

void FlowModel::check_proof(Event const& event, Connection const& from, Connection const& next)
{
    if (next.state != ConnectionState::Keyed)
        return;
    auto const* const established = std::get_if<Established>(&event);
    bool const goes_on = from.state == ConnectionState::Keyed;
    if (!goes_on && !established)
        broken("keyed by nobody");
    if (goes_on && next.proven < from.proven)
        broken("a peer that proves less has taken a flow over");
    if (next.proven > from.proven && (!established || established->protection != next.proven))
        broken("more protection than anybody has proven");
    if (!next.judgement.accepted.has(next.proven))
        broken("a protection that the group does not take");
}

} // namespace oekd
