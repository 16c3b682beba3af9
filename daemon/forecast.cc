// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/duration.h"
#include "daemon/why.h"

#include <fmt/format.h>
#include <utility>

namespace oekd {

namespace {

constexpr auto const* closed =
    "What comes from it in the clear is dropped, but for the ICMP errors that path "
    "MTU discovery needs.";
constexpr auto const* open_at_first =
    "What comes from it in the clear is accepted, until its first ESP packet arrives.";

std::string while_we_ask(Conduct::Negotiation negotiation)
{
    switch (negotiation) {
    case Conduct::Negotiation::Hold:
        return "The first packet is held while IKE asks the peer for an SA; with one, it and all that follow "
               "are "
               "encrypted.";
    case Conduct::Negotiation::Pass:
        return "Packets leave in the clear while IKE asks the peer for an SA; from then on they are "
               "encrypted.";
    case Conduct::Negotiation::Drop:
        return "Packets are dropped while IKE asks the peer for an SA; from then on they are encrypted.";
    }
    std::unreachable();
}

std::string without_answer(Conduct::Failure failure, Timing const& timing)
{
    auto const what =
        failure == Conduct::Failure::Pass ? "packets leave in the clear" : "packets are dropped";
    return fmt::format(
        "After {} without an answer ({} where it has encrypted before) {}, for {} or more; an SA "
        "that comes later is used at once.",
        duration_text(timing.hold_silence), duration_text(timing.hold_capable), what,
        duration_text(timing.shunt_short));
}

} // namespace

std::vector<std::string> forecast(GroupLine const& line, Timing const& timing)
{
    auto const conduct = permitted(line.conduct, line.group);
    switch (line.group) {
    case PolicyGroup::Clear:
        return {"Packets leave in the clear, and what comes is accepted; nothing is negotiated.",
                "Its own IKE is refused."};
    case PolicyGroup::ClearOrPrivate:
        return {"Packets leave in the clear, and we begin no IKE.",
                "Once it begins IKE itself, the flow is encrypted.", open_at_first};
    case PolicyGroup::PrivateOrClear:
        return {while_we_ask(conduct.negotiation), without_answer(conduct.failure, timing), open_at_first};
    case PolicyGroup::Private:
        return {while_we_ask(conduct.negotiation),
                "Without one they are dropped: nothing leaves in the clear.", closed};
    case PolicyGroup::Block: return {"Packets are dropped.", closed, "Its own IKE gets no answer."};
    }
    std::unreachable();
}

std::string forecast(FlowView const& flow)
{
    auto const text = [&](std::string_view what) {
        return fmt::format("{}: {}", flow.flow.to_string(), what);
    };
    switch (flow.state) {
    case ConnectionState::Expired: return text("nothing is left of it; the next packet begins anew.");
    case ConnectionState::PotentialOe: return text("The DNS is asked for the peer's key; packets wait.");
    case ConnectionState::PendingOe: return text("IKE runs; packets wait for its outcome.");
    case ConnectionState::Keyed: return text("the next packet is encrypted with the SA that there is.");
    case ConnectionState::ClearText: return text("the next packet leaves in the clear.");
    case ConnectionState::Deny: return text("the next packet is dropped.");
    }
    std::unreachable();
}

} // namespace oekd
