// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/why.h"

#include <algorithm>
#include <fmt/format.h>

namespace oekd {

namespace {

std::vector<GroupLine> copies_of(std::vector<GroupLine const*> const& lines)
{
    std::vector<GroupLine> copies;
    for (auto const* line : lines)
        copies.push_back(*line);
    return copies;
}

bool is_among(GroupLine const& line, std::span<GroupLine const> lines)
{
    return std::ranges::any_of(lines, [&](GroupLine const& other) {
        return other.network == line.network && other.service == line.service;
    });
}

bool comes_before(NamedExemption const& exemption, GroupLine const* line)
{
    return exemption.before_lines || !line || line->network.length() < exemption.network.length();
}

/// The one that takes all the traffic away from the line.
NamedExemption const* decisive(std::vector<NamedExemption> const& exemptions, GroupLine const* line)
{
    auto const found = std::ranges::find_if(exemptions, [&](NamedExemption const& exemption) {
        return exemption.covers == NamedExemption::Covers::All && comes_before(exemption, line);
    });
    return found == exemptions.end() ? nullptr : &*found;
}

} // namespace

bool concerns(WhyQuestion const& question, Flow const& flow)
{
    return flow.remote == question.remote && (!question.local || flow.local == *question.local) &&
           (flow.service.contains(question.service) || question.service.contains(flow.service));
}

void add_present(WhyView& view)
{
    std::vector<std::string> present;
    for (auto const& flow : view.flows) {
        bool const has_sa = flow.state == ConnectionState::Keyed;
        if (has_sa || (flow.state != ConnectionState::Expired && !view.exempt))
            present.push_back(forecast(flow));
    }
    if (!present.empty())
        view.forecast = std::move(present);
}

WhyView why(WhyQuestion const& question, WhyParts const& parts)
{
    auto const explanation = explain(parts.groups, question.remote, question.service);
    auto const* const line = explanation.decides;
    auto const exemptions = exemptions_of(question.remote, question.service, parts.exemptions);

    WhyView view;
    view.exceptions = copies_of(explanation.exceptions);
    view.overruled = copies_of(explanation.overruled);
    for (auto const& exemption : exemptions) {
        if (comes_before(exemption, line))
            view.exemptions.push_back(exemption.name);
    }
    if (line)
        view.line = *line;
    auto const* const exemption = decisive(exemptions, line);
    view.exempt = exemption != nullptr;
    if (exemption)
        view.forecast = {
            fmt::format("It is exempt ({}): packets pass as if oekd were not there, whatever the "
                        "group files say.",
                        exemption->name)};
    else if (line && is_among(*line, parts.explicit_lines))
        view.forecast = {
            fmt::format("Another program has an IPsec policy for {}, and that decides.", line->subject())};
    else if (line)
        view.forecast = forecast(*line, parts.timing);
    else
        view.forecast = {
            "No group has a line for it, so oekd leaves it alone: packets pass as if oekd were not "
            "there.",
            "Its own IKE gets no answer."};
    return view;
}

} // namespace oekd
