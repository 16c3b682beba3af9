// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/policy/reload_model.h"

#include <utility>

namespace oekd {

namespace {

GroupTable table_of(std::vector<GroupLine> lines)
{
    std::vector<LineError> errors;
    return GroupTable::build(std::move(lines), errors);
}

/// What a line makes of a flow, without a look at how the line says it: all that happens in lives that come
/// to each decision that a group can take.
std::vector<Action> behaviour(GroupLine const& line, Timing const& timing)
{
    using By = Established::By;
    Established const up{IkeSaId{1}, EspMode::Transport, Reqid{7}, By::Us};
    Established const peers{IkeSaId{2}, EspMode::Transport, Reqid{7}, By::Peer};
    std::vector<std::vector<Event>> const lives{
        {Acquired{}, DeadlinePassed{}, NegotiationFailed{Failure::Silent}},
        {Acquired{}, PeerUnreachable{}},
        {Acquired{}, up, InboundSeen{}, Acquired{Acquired::Trap::Own}},
        {peers, PeerReady{}},
    };
    std::vector<Action> all;
    for (auto const& life : lives) {
        Connection connection{.group = line.group, .conduct = line.conduct, .judgement = line.judgement};
        Time at{std::chrono::hours(1)};
        for (auto const& event : life) {
            at += timing.hold_limit;
            auto step = oekd::step(connection, event, at, timing);
            connection = std::move(step.next);
            all.insert(all.end(), step.actions.begin(), step.actions.end());
            if (connection.inbound_required)
                all.emplace_back(RequireInbound{});
        }
    }
    return all;
}

} // namespace

ReloadModel::ReloadModel(std::vector<GroupLine> lines, Timing const& timing)
    : m_timing(timing), m_table(table_of(std::move(lines)))
{}

FlowModel const* ReloadModel::find(Flow const& flow) const
{
    auto const found = m_flows.find(flow);
    return found == m_flows.end() ? nullptr : &found->second.model;
}

ReloadModel::Known* ReloadModel::find_or_add(Flow const& flow)
{
    if (auto const found = m_flows.find(flow); found != m_flows.end())
        return &found->second;
    auto const* line = m_table.find(flow.remote, flow.service);
    if (line == nullptr)
        return nullptr;
    Known known{*line, FlowModel(line->group, m_timing, line->conduct, line->judgement)};
    return &m_flows.emplace(flow, std::move(known)).first->second;
}

std::string ReloadModel::happen(Flow const& flow, Event const& event, Time at)
{
    auto* known = find_or_add(flow);
    return known != nullptr ? known->model.happen(event, at) : "";
}

/// A line that says the same leaves the flow alone; one under which it would live another life does not.
std::string ReloadModel::check_verdict(Known const& known, GroupLine const* line) const
{
    bool const kept = is_unaffected(known.model.connection(), line);
    bool const same_words = line != nullptr && line->group == known.line.group &&
                            line->conduct == known.line.conduct && line->judgement == known.line.judgement;
    if (!kept && same_words)
        return "a reload touches a flow whose decision is the same";
    if (kept && (line == nullptr || behaviour(*line, m_timing) != behaviour(known.line, m_timing)))
        return "a reload leaves a flow under a decision that is no more";
    return {};
}

std::string ReloadModel::reload(std::vector<GroupLine> lines, Time at)
{
    m_table = table_of(std::move(lines));
    for (auto next = m_flows.begin(); next != m_flows.end();) {
        auto const each = next++;
        auto& [flow, known] = *each;
        auto const* line = m_table.find(flow.remote, flow.service);
        if (auto broken = check_verdict(known, line); !broken.empty())
            return broken;
        if (is_unaffected(known.model.connection(), line)) {
            known.line = *line;
            ++m_kept;
            continue;
        }
        if (auto broken = known.model.happen(Withdrawn{}, at); !broken.empty())
            return broken;
        if (!known.model.is_bare())
            return "a flow that was withdrawn leaves something behind";
        m_flows.erase(each);
        ++m_withdrawn;
    }
    return {};
}

} // namespace oekd
