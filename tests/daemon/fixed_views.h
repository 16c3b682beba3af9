// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "daemon/control_target.h"
#include "daemon/decision.h"

namespace oekd {

/// A daemon of values that the test set. Must not be changed while a server uses it.
class FixedViews final : public ViewSource, public Commands {
public:
    StatusView status_view;
    std::vector<FlowView> flow_views;
    std::optional<GroupLine> line; ///< decides about everybody
    Result<ReloadView> reload_result;
    std::vector<Metric> metric_views;
    WhyView why_view; ///< but for the flows, which are those above

    StatusView status() override { return status_view; }
    std::vector<FlowView> flows() override { return flow_views; }
    std::vector<FlowView> flows_with(Address const& remote) override
    {
        auto found = flow_views;
        std::erase_if(found, [&](FlowView const& view) { return view.flow.remote != remote; });
        return found;
    }
    WhyView why(WhyQuestion const& question) override
    {
        auto view = why_view;
        view.flows = flows_with(question.remote);
        if (!question.service.is_everything())
            view.forecast = {"about " + question.service.to_string()};
        return view;
    }
    std::vector<Metric> metrics() override { return metric_views; }
    Result<ReloadView> reload() override { return reload_result; }
    GroupLine const* line_for(Address const&) override { return line ? &*line : nullptr; }

    [[nodiscard]] ControlTarget target() { return {*this, *this}; }
};

/// A daemon with an encrypted flow, one that went clear and one that is blocked; times around 2026-11-21
/// 18:30 UTC.
[[nodiscard]] FixedViews example_views();

/// A flow that is encrypted, and a service that is blocked; the latter's reason holds what fools a terminal.
[[nodiscard]] std::vector<Decision> example_decisions();

} // namespace oekd
