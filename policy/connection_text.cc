// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/connection.h"

#include <fmt/format.h>
#include <utility>

namespace oekd {

namespace {

template <typename... Functions> struct Overload : Functions... {
    using Functions::operator()...;
};

std::string describe(Established const& event)
{
    auto const* const who = event.by == Established::By::Us ? "us" : "the peer";
    return fmt::format("IKE_SA {} established by {}, {}, {} mode, reqid {}", std::to_underlying(event.sa),
                       who, to_string(event.protection), to_string(event.mode),
                       std::to_underlying(event.reqid));
}

std::string describe(Encrypt const& action)
{
    return fmt::format("encrypt in {} mode, reqid {}", to_string(action.mode),
                       std::to_underlying(action.reqid));
}

} // namespace

std::string_view to_string(ConnectionState state)
{
    switch (state) {
    case ConnectionState::Expired: return "expired";
    case ConnectionState::PotentialOe: return "asking";
    case ConnectionState::PendingOe: return "pending";
    case ConnectionState::Keyed: return "keyed";
    case ConnectionState::ClearText: return "clear";
    case ConnectionState::Deny: return "deny";
    }
    std::unreachable();
}

std::string_view to_string(Failure failure)
{
    switch (failure) {
    case Failure::Silent: return "no answer on UDP 500";
    case Failure::Unprotected: return "refused before keys were agreed; anybody could have sent that";
    case Failure::Refused: return "refused by the peer";
    case Failure::NotProven: return "the peer has not proven the key that is published for it";
    case Failure::Local: return "not possible on this side";
    }
    std::unreachable();
}

std::string to_string(Event const& event)
{
    using Trap = Acquired::Trap;
    return std::visit(
        Overload{
            [](Acquired const& e) -> std::string {
                return e.trap == Trap::Own ? "acquired by the flow's own policy"
                                           : "acquired by the wide trap";
            },
            [](Learnt const& e) { return fmt::format("learnt from the DNS: {}", e.requirement.why); },
            [](PeerAnswered const&) -> std::string { return "the peer answered"; },
            [](PeerUnreachable const&) -> std::string { return "the peer's IKE port is unreachable"; },
            [](Established const& e) { return describe(e); },
            [](NegotiationFailed const& e) {
                return fmt::format("negotiation failed: {}", to_string(e.reason));
            },
            [](SaGone const& e) { return fmt::format("IKE_SA {} is gone", std::to_underlying(e.sa)); },
            [](PeerReady const&) -> std::string { return "the peer has its side of the SA"; },
            [](InboundSeen const&) -> std::string { return "ESP arrived from the peer"; },
            [](DeadlinePassed const&) -> std::string { return "the deadline passed"; },
            [](Withdrawn const&) -> std::string { return "withdrawn"; },
        },
        event);
}

std::string to_string(Action const& action)
{
    return std::visit(
        Overload{
            [](Hold const&) -> std::string { return "hold"; },
            [](Discard const&) -> std::string { return "discard"; },
            [](LookUp const&) -> std::string { return "ask the DNS"; },
            [](Negotiate const&) -> std::string { return "negotiate"; },
            [](Encrypt const& a) { return describe(a); },
            [](Await const& a) {
                return fmt::format("wait for the peer, {} mode, reqid {}", to_string(a.mode),
                                   std::to_underlying(a.reqid));
            },
            [](RequireInbound const&) -> std::string { return "refuse cleartext from the peer"; },
            [](Pass const&) -> std::string { return "pass"; },
            [](Drop const&) -> std::string { return "drop"; },
            [](Kick const&) -> std::string { return "look at the wide trap's queue"; },
            [](Release const&) -> std::string { return "release"; },
            [](CloseSa const& a) { return fmt::format("close IKE_SA {}", std::to_underlying(a.sa)); },
        },
        action);
}

} // namespace oekd
