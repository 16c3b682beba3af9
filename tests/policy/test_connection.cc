// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/connection.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <set>

/// The state machine as a table: every situation that a flow can be in, times every event, times every group.
using namespace oekd;
using namespace std::chrono_literals;

namespace {

constexpr Time now{1h};
constexpr Timing timing{};
constexpr Encrypt transport{EspMode::Transport, Reqid{7}};

enum class Situation {
    Idle,         ///< Expired
    IdleProbing,  ///< Expired; the peer's SA came and went while our negotiation went on
    Held,         ///< PendingOe, the first packet waits
    HeldAgain,    ///< PendingOe, the kernel missed the SA of a keyed flow
    Awaiting,     ///< Keyed by the peer, which may not have its side of the SA yet
    Open,         ///< Keyed, no ESP has come in yet
    Keyed,        ///< Keyed
    KeyedTwice,   ///< Keyed, crossing exchanges left two SAs
    KeyedProbing, ///< Keyed by the peer, our negotiation still runs
    ClearProbing, ///< ClearText, our negotiation still runs
    ClearWaiting, ///< ClearText for a lifetime
    Denied,       ///< Deny for a lifetime
};
using enum Situation;

using Groups = std::vector<PolicyGroup>;
Groups const passive{PolicyGroup::Clear, PolicyGroup::Block};
Groups const cop{PolicyGroup::ClearOrPrivate};
Groups const poc{PolicyGroup::PrivateOrClear};
Groups const priv{PolicyGroup::Private};
Groups const starting{PolicyGroup::PrivateOrClear, PolicyGroup::Private};
Groups const permissive{PolicyGroup::ClearOrPrivate, PolicyGroup::PrivateOrClear};
Groups const accepting{PolicyGroup::ClearOrPrivate, PolicyGroup::PrivateOrClear, PolicyGroup::Private};
Groups const all{all_groups.begin(), all_groups.end()};

/// The situations that a flow of each group can come into; the property tests hold that there are no others.
std::map<Situation, Groups> const possible{
    {Idle, all},           {IdleProbing, starting}, {Held, starting},
    {HeldAgain, starting}, {Awaiting, starting},    {Open, permissive},
    {Keyed, accepting},    {KeyedTwice, accepting}, {KeyedProbing, starting},
    {ClearProbing, poc},   {ClearWaiting, poc},     {Denied, priv},
};

ConnectionState state_of(Situation situation)
{
    switch (situation) {
    case Idle:
    case IdleProbing: return ConnectionState::Expired;
    case Held:
    case HeldAgain: return ConnectionState::PendingOe;
    case Awaiting:
    case Open:
    case Situation::Keyed:
    case KeyedTwice:
    case KeyedProbing: return ConnectionState::Keyed;
    case ClearProbing:
    case ClearWaiting: return ConnectionState::ClearText;
    case Denied: return ConnectionState::Deny;
    }
    std::unreachable();
}

Connection make(Situation situation, PolicyGroup group)
{
    using S = std::set<Situation>;
    Connection c;
    c.group = group;
    c.state = state_of(situation);
    c.negotiating = S{IdleProbing, Held, HeldAgain, KeyedProbing, ClearProbing}.contains(situation);
    c.inbound_required = S{HeldAgain, Situation::Keyed, KeyedTwice, KeyedProbing}.contains(situation);
    if (situation == Awaiting) {
        c.awaiting = true;
        c.inbound_required = group == PolicyGroup::Private;
        c.deadline = now + 100ms;
    }
    if (S{IdleProbing, HeldAgain, Awaiting, Open, Situation::Keyed, KeyedTwice, KeyedProbing}.contains(
            situation))
        c.peer = Connection::Peer::Capable; // it had an SA
    if (c.state == ConnectionState::Keyed)
        c.encrypt = transport;
    if (c.state == ConnectionState::Keyed || situation == HeldAgain)
        c.sas = {IkeSaId{1}};
    if (situation == KeyedTwice)
        c.sas.push_back(IkeSaId{2});
    if (c.state == ConnectionState::PendingOe) {
        c.hold_began = now - 100ms;
        if (group == PolicyGroup::PrivateOrClear)
            c.deadline = now + 100ms;
    }
    if (S{ClearWaiting, Denied}.contains(situation)) {
        c.deadline = now + 100ms;
        c.failures = 1;
    }
    return c;
}

struct Happening {
    Event event;
    Duration later{0}; ///< after `now`
    friend bool operator==(Happening const&, Happening const&) = default;
};
using Happenings = std::vector<Happening>;

Happening failed(Failure reason) { return {NegotiationFailed{reason}}; }

Happening const wide{Acquired{Acquired::Trap::Wide}};
Happening const own{Acquired{Acquired::Trap::Own}};
Happening const answered{PeerAnswered{}};
Happening const unreachable{PeerUnreachable{}};
Happening const by_us{Established{IkeSaId{9}, EspMode::Transport, Reqid{7}, Established::By::Us}};
Happening const by_peer{Established{IkeSaId{9}, EspMode::Transport, Reqid{7}, Established::By::Peer}};
Happening const by_us_tunnel{Established{IkeSaId{9}, EspMode::Tunnel, Reqid{7}, Established::By::Us}};
Happening const by_peer_tunnel{Established{IkeSaId{9}, EspMode::Tunnel, Reqid{7}, Established::By::Peer}};
Happening const ready{PeerReady{}};
Happening const again{Established{IkeSaId{1}, EspMode::Transport, Reqid{7}, Established::By::Peer}};
Happening const silent = failed(Failure::Silent);
Happening const unprotected = failed(Failure::Unprotected);
Happening const refused = failed(Failure::Refused);
Happening const local = failed(Failure::Local);
Happening const gone{SaGone{IkeSaId{1}}};
Happening const stranger_gone{SaGone{IkeSaId{99}}};
Happening const inbound{InboundSeen{}};
Happening const early{DeadlinePassed{}, 99ms};
Happening const due{DeadlinePassed{}, 100ms};
Happening const withdrawn{Withdrawn{}};

Happenings const any_failure{silent, unprotected, refused, local};
Happenings const every_happening{wide,          own,          answered,       unreachable, by_us,
                                 by_peer,       by_us_tunnel, by_peer_tunnel, again,       ready,
                                 silent,        unprotected,  refused,        local,       gone,
                                 stranger_gone, inbound,      early,          due,         withdrawn};

/// One step in words: "keyed +60000ms, probing, required, 1 failures, SAs 1 9 | hold; negotiate". What is not
/// said is not. The deadline is counted from the event.
std::string in_words(Step const& step, Time at)
{
    auto const& c = step.next;
    std::string text(to_string(c.state));
    if (c.deadline)
        text += fmt::format(" +{}ms", std::chrono::duration_cast<Duration>(*c.deadline - at).count());
    if (c.negotiating)
        text += ", probing";
    if (c.inbound_required)
        text += ", required";
    if (c.failures != 0)
        text += fmt::format(", {} failures", c.failures);
    if (!c.sas.empty())
        text += ", SAs";
    for (auto const sa : c.sas)
        text += fmt::format(" {}", std::to_underlying(sa));
    std::vector<std::string> actions;
    for (auto const& action : step.actions)
        actions.push_back(to_string(action));
    return actions.empty() ? text : fmt::format("{} | {}", text, fmt::join(actions, "; "));
}

Step take(Connection const& connection, Happening const& happening)
{
    return step(connection, happening.event, now + happening.later, timing);
}

/// Stands for "nothing changes and nothing is done".
constexpr auto nothing = "nothing";

struct Row {
    char const* why;
    Groups groups;
    std::vector<Situation> from;
    Happenings happenings;
    std::string expected;
};

constexpr auto encrypt = "encrypt in transport mode, reqid 7";
constexpr auto encrypt_tunnel = "encrypt in tunnel mode, reqid 7";
constexpr auto wait = "wait for the peer, transport mode, reqid 7";
constexpr auto wait_tunnel = "wait for the peer, tunnel mode, reqid 7";
constexpr auto refuse = "refuse cleartext from the peer";
constexpr auto kick = "look at the wide trap's queue";

std::string words(std::string_view state, std::initializer_list<std::string_view> actions)
{
    return fmt::format("{} | {}", state, fmt::join(actions, "; "));
}

// clang-format off
std::vector<Row> const rows{
    // ---- a packet met a trap
    {"the first packet is held as long as an answer is likely", poc, {Idle}, {wide, own},
        words("pending +200ms, probing", {"hold", "negotiate"})},
    {"private holds until the negotiation ends", priv, {Idle}, {wide, own},
        words("pending, probing", {"hold", "negotiate"})},
    {"one negotiation at a time", poc, {IdleProbing}, {wide, own}, words("pending +1000ms, probing", {"hold"})},
    {"one negotiation at a time", priv, {IdleProbing}, {wide, own}, words("pending, probing", {"hold"})},
    {"clear-or-private does not start", cop, {Idle}, {wide, own}, words("expired", {kick})},
    {"nothing is trapped in clear and block", passive, {Idle}, {wide, own}, nothing},
    {"the packet waits with the others", starting, {Held, HeldAgain}, {wide, own}, nothing},
    {"decided: the wide trap lets its packet go", accepting, {Situation::Keyed}, {wide}, words("keyed, required, SAs 1", {kick})},
    {"decided: the wide trap lets its packet go", permissive, {Open}, {wide}, words("keyed, SAs 1", {kick})},
    {"decided: the wide trap lets its packet go", accepting, {KeyedTwice}, {wide}, words("keyed, required, SAs 1 2", {kick})},
    {"decided: the wide trap lets its packet go", starting, {KeyedProbing}, {wide}, words("keyed, probing, required, SAs 1", {kick})},
    {"decided: the wide trap lets its packet go", poc, {ClearProbing}, {wide, own}, words("clear, probing", {kick})},
    {"decided: the wide trap lets its packet go", poc, {ClearWaiting}, {wide, own}, words("clear +100ms, 1 failures", {kick})},
    {"decided: the wide trap discards its packet", priv, {Denied}, {wide, own}, words("deny +100ms, 1 failures", {kick})},
    {"the kernel misses the SA: hold and negotiate anew", poc, {Situation::Keyed}, {own},
        words("pending +1000ms, probing, required, SAs 1", {"hold", "negotiate"})},
    {"the kernel misses the SA: hold and negotiate anew", poc, {KeyedTwice}, {own},
        words("pending +1000ms, probing, required, SAs 1 2", {"hold", "negotiate"})},
    {"cleartext goes on being accepted where it was", poc, {Open}, {own},
        words("pending +1000ms, probing, SAs 1", {"hold", "negotiate"})},
    {"the negotiation that runs will do", poc, {KeyedProbing}, {own},
        words("pending +1000ms, probing, required, SAs 1", {"hold"})},
    {"private never goes clear meanwhile", priv, {Situation::Keyed}, {own},
        words("pending, probing, required, SAs 1", {"hold", "negotiate"})},
    {"private never goes clear meanwhile", priv, {KeyedTwice}, {own},
        words("pending, probing, required, SAs 1 2", {"hold", "negotiate"})},
    {"private never goes clear meanwhile", priv, {KeyedProbing}, {own},
        words("pending, probing, required, SAs 1", {"hold"})},
    {"clear-or-private does not start: the peer may come again", cop, {Open, Situation::Keyed}, {own},
        words("expired", {"release", "close IKE_SA 1"})},
    {"clear-or-private does not start: the peer may come again", cop, {KeyedTwice}, {own},
        words("expired", {"release", "close IKE_SA 1", "close IKE_SA 2"})},

    // ---- signs from the peer
    {"every answer extends the hold", poc, {Held}, {answered}, "pending +1000ms, probing"},
    {"every answer extends the hold", poc, {HeldAgain}, {answered}, "pending +1000ms, probing, required, SAs 1"},
    {"private is not limited by time", priv, {Held, HeldAgain}, {answered}, nothing},
    {"there is no hold to extend", all, {Idle, IdleProbing, Open, Situation::Keyed, KeyedTwice, KeyedProbing, ClearProbing, ClearWaiting, Denied},
        {answered}, nothing},
    {"ICMP ends the hold, not the effort", poc, {Held}, {unreachable}, words("clear, probing", {"pass", kick})},
    {"who has encrypted before is likely to answer, and ICMP is likely forged", poc, {HeldAgain}, {unreachable}, nothing},
    {"forged ICMP does not open private", priv, {Held, HeldAgain}, {unreachable}, nothing},
    {"ICMP ends nothing but a hold", all, {Idle, IdleProbing, Open, Situation::Keyed, KeyedTwice, KeyedProbing, ClearProbing, ClearWaiting, Denied},
        {unreachable}, nothing},
    {"after ESP has come in, cleartext may not", permissive, {Open}, {inbound}, words("keyed, required, SAs 1", {refuse})},
    {"refused already", accepting, {Situation::Keyed, KeyedTwice, KeyedProbing}, {inbound}, nothing},
    {"ESP of an SA that has ended", all, {Idle, IdleProbing, Held, HeldAgain, ClearProbing, ClearWaiting, Denied}, {inbound}, nothing},

    // ---- an SA
    {"not wanted here", passive, {Idle}, {by_us, by_peer, by_us_tunnel, by_peer_tunnel}, words("expired", {"close IKE_SA 9"})},
    {"not wanted here", passive, {Idle}, {again}, words("expired", {"close IKE_SA 1"})},
    {"the peer starts; its first packets may still be clear", permissive, {Idle}, {by_us}, words("keyed, SAs 9", {encrypt, kick})},
    {"the peer starts; its first packets may still be clear", permissive, {Idle}, {by_peer}, words("keyed, SAs 9", {encrypt, kick})},
    {"the peer starts; its first packets may still be clear", permissive, {Idle}, {again}, words("keyed, SAs 1", {encrypt, kick})},
    {"the policies follow the mode", permissive, {Idle}, {by_us_tunnel}, words("keyed, SAs 9", {encrypt_tunnel, kick})},
    {"the policies follow the mode", permissive, {Idle}, {by_peer_tunnel}, words("keyed, SAs 9", {encrypt_tunnel, kick})},
    {"private refuses cleartext at once", priv, {Idle}, {by_us}, words("keyed, required, SAs 9", {encrypt, refuse, kick})},
    {"private refuses cleartext at once", priv, {Idle}, {by_peer}, words("keyed, required, SAs 9", {encrypt, refuse, kick})},
    {"private refuses cleartext at once", priv, {Idle}, {again}, words("keyed, required, SAs 1", {encrypt, refuse, kick})},
    {"private refuses cleartext at once", priv, {Idle}, {by_us_tunnel}, words("keyed, required, SAs 9", {encrypt_tunnel, refuse, kick})},
    {"private refuses cleartext at once", priv, {Idle}, {by_peer_tunnel}, words("keyed, required, SAs 9", {encrypt_tunnel, refuse, kick})},
    {"success of our negotiation", poc, {IdleProbing, Held}, {by_us}, words("keyed, SAs 9", {encrypt, kick})},
    {"success of our negotiation", poc, {IdleProbing, Held}, {by_us_tunnel}, words("keyed, SAs 9", {encrypt_tunnel, kick})},
    {"success of our negotiation", priv, {IdleProbing, Held}, {by_us}, words("keyed, required, SAs 9", {encrypt, refuse, kick})},
    {"success of our negotiation", priv, {IdleProbing, Held}, {by_us_tunnel}, words("keyed, required, SAs 9", {encrypt_tunnel, refuse, kick})},
    {"the peer was faster, ours still runs", poc, {Held}, {by_peer}, words("keyed +500ms, probing, SAs 9", {wait})},
    {"the peer was faster, ours still runs", poc, {IdleProbing}, {by_peer}, words("keyed, probing, SAs 9", {encrypt, kick})},
    {"the peer was faster, ours still runs", poc, {Held}, {again}, words("keyed +500ms, probing, SAs 1", {wait})},
    {"the peer was faster, ours still runs", poc, {IdleProbing}, {again}, words("keyed, probing, SAs 1", {encrypt, kick})},
    {"the peer was faster, ours still runs", poc, {Held}, {by_peer_tunnel}, words("keyed +500ms, probing, SAs 9", {wait_tunnel})},
    {"the peer was faster, ours still runs", poc, {IdleProbing}, {by_peer_tunnel}, words("keyed, probing, SAs 9", {encrypt_tunnel, kick})},
    {"the peer was faster, ours still runs", priv, {Held}, {by_peer}, words("keyed +500ms, probing, required, SAs 9", {wait})},
    {"the peer was faster, ours still runs", priv, {IdleProbing}, {by_peer}, words("keyed, probing, required, SAs 9", {encrypt, refuse, kick})},
    {"the peer was faster, ours still runs", priv, {Held}, {again}, words("keyed +500ms, probing, required, SAs 1", {wait})},
    {"the peer was faster, ours still runs", priv, {IdleProbing}, {again}, words("keyed, probing, required, SAs 1", {encrypt, refuse, kick})},
    {"the peer was faster, ours still runs", priv, {Held}, {by_peer_tunnel}, words("keyed +500ms, probing, required, SAs 9", {wait_tunnel})},
    {"the peer was faster, ours still runs", priv, {IdleProbing}, {by_peer_tunnel}, words("keyed, probing, required, SAs 9", {encrypt_tunnel, refuse, kick})},
    {"keyed anew: cleartext stays refused", starting, {HeldAgain}, {by_us}, words("keyed, required, SAs 1 9", {encrypt, refuse, kick})},
    {"keyed anew: cleartext stays refused", starting, {HeldAgain}, {by_us_tunnel}, words("keyed, required, SAs 1 9", {encrypt_tunnel, refuse, kick})},
    {"keyed anew by the peer", starting, {HeldAgain}, {by_peer}, words("keyed +500ms, probing, required, SAs 1 9", {wait})},
    {"keyed anew by the peer", starting, {HeldAgain}, {again}, words("keyed +500ms, probing, required, SAs 1", {wait})},
    {"keyed anew by the peer", starting, {HeldAgain}, {by_peer_tunnel}, words("keyed +500ms, probing, required, SAs 1 9", {wait_tunnel})},
    {"crossing exchanges: the policies serve both SAs", accepting, {Situation::Keyed}, {by_us, by_peer}, "keyed, required, SAs 1 9"},
    {"crossing exchanges: the policies serve both SAs", permissive, {Open}, {by_us, by_peer}, "keyed, SAs 1 9"},
    {"the newest mode counts", accepting, {Situation::Keyed}, {by_us_tunnel, by_peer_tunnel}, words("keyed, required, SAs 1 9", {encrypt_tunnel, refuse, kick})},
    {"the newest mode counts", permissive, {Open}, {by_us_tunnel, by_peer_tunnel}, words("keyed, SAs 1 9", {encrypt_tunnel, kick})},
    {"of three SAs the oldest goes", accepting, {KeyedTwice}, {by_us, by_peer}, words("keyed, required, SAs 2 9", {"close IKE_SA 1"})},
    {"of three SAs the oldest goes", accepting, {KeyedTwice}, {by_us_tunnel, by_peer_tunnel},
        words("keyed, required, SAs 2 9", {encrypt_tunnel, refuse, kick, "close IKE_SA 1"})},
    {"known already", accepting, {Situation::Keyed, KeyedTwice}, {again}, nothing},
    {"known already", permissive, {Open}, {again}, nothing},
    {"known already", starting, {KeyedProbing}, {again}, nothing},

    // ---- the peer has started, and may not have its side of the SA yet
    {"packets wait until it has", accepting, {Awaiting}, {wide, own, answered, unreachable}, nothing},
    {"it has", permissive, {Awaiting}, {ready, due}, words("keyed, SAs 1", {encrypt, kick})},
    {"it has", priv, {Awaiting}, {ready, due}, words("keyed, required, SAs 1", {encrypt, refuse, kick})},
    {"its ESP says so too", permissive, {Awaiting}, {inbound}, words("keyed, required, SAs 1", {encrypt, kick, refuse})},
    {"its ESP says so too", priv, {Awaiting}, {inbound}, words("keyed, required, SAs 1", {encrypt, refuse, kick})},
    {"who has answered our own exchange has an SA", permissive, {Awaiting}, {by_us}, words("keyed, SAs 1 9", {encrypt, kick})},
    {"who has answered our own exchange has an SA", priv, {Awaiting}, {by_us}, words("keyed, required, SAs 1 9", {encrypt, refuse, kick})},
    {"another mode", permissive, {Awaiting}, {by_us_tunnel, by_peer_tunnel}, words("keyed, SAs 1 9", {encrypt_tunnel, kick})},
    {"another mode", priv, {Awaiting}, {by_us_tunnel, by_peer_tunnel}, words("keyed, required, SAs 1 9", {encrypt_tunnel, refuse, kick})},
    {"the peer started twice", permissive, {Awaiting}, {by_peer}, "keyed +100ms, SAs 1 9"},
    {"the peer started twice", priv, {Awaiting}, {by_peer}, "keyed +100ms, required, SAs 1 9"},
    {"known already", accepting, {Awaiting}, {again}, nothing},
    {"nothing of ours runs", accepting, {Awaiting}, any_failure, nothing},
    {"it was not to be", accepting, {Awaiting}, {gone}, words("expired", {"release"})},
    {"one that we closed", accepting, {Awaiting}, {stranger_gone}, nothing},
    {"a timer that comes early changes nothing", accepting, {Awaiting}, {early}, nothing},
    {"policies and SAs are taken away", accepting, {Awaiting}, {withdrawn}, words("expired", {"release", "close IKE_SA 1"})},
    {"nobody is waited for", all, {Idle, IdleProbing, Held, HeldAgain, Open, Situation::Keyed, KeyedTwice, KeyedProbing, ClearProbing, ClearWaiting, Denied},
        {ready}, nothing},

    {"our exchange crossed the peer's", starting, {KeyedProbing}, {by_us}, "keyed, required, SAs 1 9"},
    {"our exchange crossed the peer's", starting, {KeyedProbing}, {by_us_tunnel}, words("keyed, required, SAs 1 9", {encrypt_tunnel, refuse, kick})},
    {"the peer started twice", starting, {KeyedProbing}, {by_peer}, "keyed, probing, required, SAs 1 9"},
    {"the peer started twice", starting, {KeyedProbing}, {by_peer_tunnel}, words("keyed, probing, required, SAs 1 9", {encrypt_tunnel, refuse, kick})},
    {"a late success upgrades the flow", poc, {ClearProbing, ClearWaiting}, {by_us}, words("keyed, SAs 9", {encrypt, kick})},
    {"a late success upgrades the flow", poc, {ClearProbing, ClearWaiting}, {by_us_tunnel}, words("keyed, SAs 9", {encrypt_tunnel, kick})},
    {"the peer's own IKE lifts a shunt", poc, {ClearProbing}, {by_peer}, words("keyed, probing, SAs 9", {encrypt, kick})},
    {"the peer's own IKE lifts a shunt", poc, {ClearProbing}, {again}, words("keyed, probing, SAs 1", {encrypt, kick})},
    {"the peer's own IKE lifts a shunt", poc, {ClearProbing}, {by_peer_tunnel}, words("keyed, probing, SAs 9", {encrypt_tunnel, kick})},
    {"the peer's own IKE lifts a shunt and forgets the failures", poc, {ClearWaiting}, {by_peer}, words("keyed, SAs 9", {encrypt, kick})},
    {"the peer's own IKE lifts a shunt and forgets the failures", poc, {ClearWaiting}, {again}, words("keyed, SAs 1", {encrypt, kick})},
    {"the peer's own IKE lifts a shunt and forgets the failures", poc, {ClearWaiting}, {by_peer_tunnel}, words("keyed, SAs 9", {encrypt_tunnel, kick})},
    {"the peer's own IKE lifts a denial", priv, {Denied}, {by_us}, words("keyed, required, SAs 9", {encrypt, refuse, kick})},
    {"the peer's own IKE lifts a denial", priv, {Denied}, {by_peer}, words("keyed, required, SAs 9", {encrypt, refuse, kick})},
    {"the peer's own IKE lifts a denial", priv, {Denied}, {again}, words("keyed, required, SAs 1", {encrypt, refuse, kick})},
    {"the peer's own IKE lifts a denial", priv, {Denied}, {by_us_tunnel}, words("keyed, required, SAs 9", {encrypt_tunnel, refuse, kick})},
    {"the peer's own IKE lifts a denial", priv, {Denied}, {by_peer_tunnel}, words("keyed, required, SAs 9", {encrypt_tunnel, refuse, kick})},

    // ---- no SA
    {"silence: clear for a short time", poc, {Held}, {silent}, words("clear +60000ms, 1 failures", {"pass", kick})},
    {"a trouble of ours is likely to pass soon", poc, {Held}, {local}, words("clear +2000ms, 1 failures", {"pass", kick})},
    {"what anybody could forge: tried again soon", poc, {Held}, {unprotected}, words("clear +2000ms, 1 failures", {"pass", kick})},
    {"a protected refusal counts for long and is no failure", poc, {Held}, {refused}, words("clear +900000ms", {"pass", kick})},
    {"as from the start; useless SAs are closed", poc, {HeldAgain}, {silent},
        words("clear +60000ms, 1 failures", {"pass", kick, "close IKE_SA 1"})},
    {"as from the start; useless SAs are closed", poc, {HeldAgain}, {local},
        words("clear +2000ms, 1 failures", {"pass", kick, "close IKE_SA 1"})},
    {"what anybody could forge ends no hold of who has encrypted before", poc, {HeldAgain}, {unprotected},
        "pending +100ms, required, SAs 1"},
    {"as from the start; useless SAs are closed", poc, {HeldAgain}, {refused}, words("clear +900000ms", {"pass", kick, "close IKE_SA 1"})},
    {"private denies", priv, {Held}, {silent}, words("deny +60000ms, 1 failures", {"drop", kick})},
    {"private denies, and tries again soon", priv, {Held}, {local}, words("deny +2000ms, 1 failures", {"drop", kick})},
    {"private denies, and tries again soon", priv, {Held}, {unprotected}, words("deny +2000ms, 1 failures", {"drop", kick})},
    {"private denies for long", priv, {Held}, {refused}, words("deny +900000ms", {"drop", kick})},
    {"private denies; useless SAs are closed", priv, {HeldAgain}, {silent},
        words("deny +60000ms, 1 failures", {"drop", kick, "close IKE_SA 1"})},
    {"private denies; useless SAs are closed", priv, {HeldAgain}, {local},
        words("deny +2000ms, 1 failures", {"drop", kick, "close IKE_SA 1"})},
    {"private denies; useless SAs are closed", priv, {HeldAgain}, {unprotected},
        words("deny +2000ms, 1 failures", {"drop", kick, "close IKE_SA 1"})},
    {"private denies; useless SAs are closed", priv, {HeldAgain}, {refused}, words("deny +900000ms", {"drop", kick, "close IKE_SA 1"})},
    {"the probe that outlived its hold has ended: now the lifetime runs", poc, {ClearProbing}, {silent}, "clear +60000ms, 1 failures"},
    {"the probe that outlived its hold has ended: now the lifetime runs", poc, {ClearProbing}, {local}, "clear +2000ms, 1 failures"},
    {"the probe that outlived its hold has ended: now the lifetime runs", poc, {ClearProbing}, {unprotected}, "clear +2000ms, 1 failures"},
    {"the probe that outlived its hold has ended: now the lifetime runs", poc, {ClearProbing}, {refused}, "clear +900000ms"},
    {"the peer's SA serves; our failure takes nothing away", starting, {KeyedProbing}, any_failure, "keyed, required, SAs 1"},
    {"the next packet tries again", starting, {IdleProbing}, any_failure, "expired"},
    {"nothing of ours runs: withdrawn meanwhile", all, {Idle, Open, Situation::Keyed, KeyedTwice, ClearWaiting, Denied}, any_failure, nothing},

    // ---- an SA is gone
    {"the last SA is gone: the trap decides again", accepting, {Situation::Keyed}, {gone}, words("expired", {"release"})},
    {"the last SA is gone: the trap decides again", permissive, {Open}, {gone}, words("expired", {"release"})},
    {"our negotiation goes on without the peer's SA", starting, {KeyedProbing}, {gone}, words("expired, probing", {"release"})},
    {"one of two", accepting, {KeyedTwice}, {gone}, "keyed, required, SAs 2"},
    {"the report was late, packets are held already", poc, {HeldAgain}, {gone}, "pending +100ms, probing, required"},
    {"the report was late, packets are held already", priv, {HeldAgain}, {gone}, "pending, probing, required"},
    {"one that we closed", all, {Idle, IdleProbing, Held, ClearProbing, ClearWaiting, Denied}, {gone}, nothing},
    {"one that we closed", all, {Idle, IdleProbing, Held, HeldAgain, Open, Situation::Keyed, KeyedTwice, KeyedProbing, ClearProbing, ClearWaiting, Denied},
        {stranger_gone}, nothing},

    // ---- time
    {"no answer in time: clear, while the probe goes on", poc, {Held}, {due}, words("clear, probing", {"pass", kick})},
    {"no answer in time: clear, while the probe goes on", poc, {HeldAgain}, {due}, words("clear, probing", {"pass", kick, "close IKE_SA 1"})},
    {"private waits for the end of the negotiation", priv, {Held, HeldAgain}, {due}, nothing},
    {"the lifetime is over: the next packet tries again", poc, {ClearWaiting}, {due}, words("expired, 1 failures", {"release"})},
    {"the lifetime is over: the next packet tries again", priv, {Denied}, {due}, words("expired, 1 failures", {"release"})},
    {"no deadline here", all, {Idle, IdleProbing, Open, Situation::Keyed, KeyedTwice, KeyedProbing, ClearProbing}, {due}, nothing},
    {"a timer that comes early changes nothing", all,
        {Idle, IdleProbing, Held, HeldAgain, Open, Situation::Keyed, KeyedTwice, KeyedProbing, ClearProbing, ClearWaiting, Denied}, {early}, nothing},

    // ---- the end
    {"there is nothing to take away", all, {Idle}, {withdrawn}, nothing},
    {"what runs is forgotten", starting, {IdleProbing}, {withdrawn}, "expired"},
    {"the hold is taken away", starting, {Held}, {withdrawn}, words("expired", {"release"})},
    {"policies and SAs are taken away", starting, {HeldAgain, KeyedProbing}, {withdrawn}, words("expired", {"release", "close IKE_SA 1"})},
    {"policies and SAs are taken away", accepting, {Situation::Keyed}, {withdrawn}, words("expired", {"release", "close IKE_SA 1"})},
    {"policies and SAs are taken away", permissive, {Open}, {withdrawn}, words("expired", {"release", "close IKE_SA 1"})},
    {"policies and SAs are taken away", accepting, {KeyedTwice}, {withdrawn}, words("expired", {"release", "close IKE_SA 1", "close IKE_SA 2"})},
    {"the shunt is taken away", poc, {ClearProbing}, {withdrawn}, words("expired", {"release"})},
    {"the shunt is taken away, the failures are remembered", poc, {ClearWaiting}, {withdrawn}, words("expired, 1 failures", {"release"})},
    {"the shunt is taken away, the failures are remembered", priv, {Denied}, {withdrawn}, words("expired, 1 failures", {"release"})},
};
// clang-format on

/// Calls back for each case that a row stands for. A row names groups and situations freely; only pairs that
/// are possible are cases.
template <typename Callback> void for_each_case(Row const& row, Callback callback)
{
    for (auto const situation : row.from)
        for (auto const group : row.groups)
            for (auto const& happening : row.happenings)
                if (std::ranges::count(possible.at(situation), group) != 0)
                    callback(situation, group, happening);
}

} // namespace

TEST_CASE("every row of the table", "[policy][connection]")
{
    for (auto const& row : rows)
        for_each_case(row, [&row](Situation situation, PolicyGroup group, Happening const& happening) {
            auto const from = make(situation, group);
            auto const result = take(from, happening);
            INFO(row.why << ": " << to_string(group) << ", " << in_words({from, {}}, now) << ", "
                         << to_string(happening.event));
            if (row.expected == nothing) {
                CHECK(in_words(result, now) == in_words({from, {}}, now));
                auto unchanged = from;
                unchanged.peer = result.next.peer; // an SA says that the peer can, whatever else it changes
                CHECK(result.next == unchanged);
            } else {
                CHECK(in_words(result, now + happening.later) == row.expected);
            }
            CHECK(result.next.group == from.group);
            CHECK(result.next.encrypt.has_value() == (result.next.state == ConnectionState::Keyed));
        });
}

TEST_CASE("each possible case is in exactly one row of the table", "[policy][connection]")
{
    std::map<std::tuple<Situation, PolicyGroup, size_t>, int> rows_for;
    for (auto const& [situation, groups] : possible)
        for (auto const group : groups)
            for (size_t i = 0; i < every_happening.size(); ++i)
                rows_for[{situation, group, i}] = 0;
    for (auto const& row : rows)
        for_each_case(row, [&rows_for](Situation situation, PolicyGroup group, Happening const& happening) {
            auto const index = std::ranges::find(every_happening, happening) - every_happening.begin();
            ++rows_for.at({situation, group, static_cast<size_t>(index)});
        });
    for (auto const& [which, count] : rows_for) {
        auto const& [situation, group, index] = which;
        INFO(to_string(group) << ", situation " << std::to_underlying(situation) << ", "
                              << to_string(every_happening[index].event) << " #" << index);
        CHECK(count == 1);
    }
}

// Should a mistake elsewhere ever bring a flow into a situation that its group does not have, it is still
// safe.
TEST_CASE("no group is betrayed even in situations that it cannot come into", "[policy][connection]")
{
    for (auto const& [situation, groups] : possible)
        for (auto const group : all_groups)
            for (auto const& happening : every_happening) {
                auto const result = take(make(situation, group), happening);
                CAPTURE(to_string(group), in_words(result, now), to_string(happening.event));
                for (auto const& action : result.actions) {
                    CHECK((may_go_clear(group) || !std::holds_alternative<Pass>(action)));
                    // One that waits for the peer has been accepted, and stays so until it is withdrawn.
                    CHECK((accepts_negotiation(group) || situation == Awaiting ||
                           !std::holds_alternative<Encrypt>(action)));
                    CHECK((starts_negotiation(group) || !std::holds_alternative<Negotiate>(action)));
                }
            }
}

TEST_CASE("answers extend a hold up to its limit only", "[policy][connection]")
{
    auto connection = step(make(Idle, PolicyGroup::PrivateOrClear), wide.event, now, timing).next;
    auto at = now;
    while (at < now + timing.hold_limit) {
        at += 150ms;
        connection = step(connection, PeerAnswered{}, at, timing).next;
        CHECK(connection.deadline == std::min(at + timing.hold_capable, now + timing.hold_limit));
    }
    CHECK(step(connection, DeadlinePassed{}, at, timing).next.state == ConnectionState::ClearText);
}

TEST_CASE("the shunt's lifetime follows the failures in a row", "[policy][connection]")
{
    struct Row {
        char const* why;
        Failure reason;
        unsigned before;
        Duration lifetime;
        unsigned after;
    };
    auto const row = GENERATE(values<Row>({
        {"first silence", Failure::Silent, 0, 60s, 1},
        {"doubles", Failure::Silent, 1, 120s, 2},
        {"doubles again", Failure::Silent, 2, 240s, 3},
        {"up to the limit", Failure::Silent, 6, 3600s, 7},
        {"for ever", Failure::Silent, 4'000'000'000, 3600s, 4'000'000'001},
        {"does not wrap", Failure::Silent, 4'294'967'295, 3600s, 4'294'967'295},
        {"a trouble of ours doubles from less", Failure::Local, 1, 4s, 2},
        {"a trouble of ours, up to a lower limit", Failure::Local, 9, 60s, 10},
        {"forgeable, first time", Failure::Unprotected, 0, 2s, 1},
        {"forgeable, but repeated: like silence", Failure::Unprotected, 1, 120s, 2},
        {"a protected refusal ends the row", Failure::Refused, 5, 900s, 0},
    }));
    INFO(row.why);
    auto connection = make(Held, GENERATE(PolicyGroup::PrivateOrClear, PolicyGroup::Private));
    connection.failures = row.before;
    auto const next = step(connection, NegotiationFailed{row.reason}, now, timing).next;
    CHECK(next.deadline == now + row.lifetime);
    CHECK(next.failures == row.after);
}

TEST_CASE("a sign of life shortens the time that silence has cost", "[policy][connection]")
{
    auto const state = GENERATE(ClearWaiting, Denied);
    auto const sign = GENERATE(answered, unreachable);
    auto connection = make(state, state == Denied ? PolicyGroup::Private : PolicyGroup::PrivateOrClear);
    connection.deadline = now + 1h;
    auto const shortened = step(connection, sign.event, now, timing);
    CHECK(shortened.next.deadline == now + timing.shunt_again);
    CHECK(shortened.actions.empty());
    connection.failures = 0; // refused with proof: nobody else shortens that
    CHECK(step(connection, sign.event, now, timing).next.deadline == now + 1h);
}

TEST_CASE("a hold that forged refusals do not end ends in its time, and is tried again soon",
          "[policy][connection]")
{
    auto const held = step(make(HeldAgain, PolicyGroup::PrivateOrClear), unprotected.event, now, timing).next;
    REQUIRE(held.state == ConnectionState::PendingOe);
    REQUIRE(held.deadline);
    auto const ended = step(held, DeadlinePassed{}, *held.deadline, timing).next;
    CHECK(ended.state == ConnectionState::ClearText);
    CHECK(ended.deadline == *held.deadline + timing.shunt_again);
}

TEST_CASE("who heeds what anybody can forge", "[policy][connection]")
{
    Connection connection;
    CHECK(forgeries(connection) == Forgeries::Heed);
    connection.peer = Connection::Peer::Capable;
    CHECK(forgeries(connection) == Forgeries::Ignore);
    connection = {.conduct = {.failure = Conduct::Failure::Drop}};
    CHECK(forgeries(connection) == Forgeries::Ignore);
    connection = {.group = PolicyGroup::Private};
    CHECK(forgeries(connection) == Forgeries::Ignore);
}

TEST_CASE("a group's conduct says what packets do while we decide and after a failure",
          "[policy][connection]")
{
    using Negotiation = Conduct::Negotiation;
    using AfterFailure = Conduct::Failure;
    struct Row {
        Negotiation negotiation;
        AfterFailure failure;
        std::string begun;
        std::string failed;
    };
    auto const row = GENERATE(values<Row>({
        {Negotiation::Hold, AfterFailure::Pass, "pending +200ms, probing | hold; negotiate",
         "clear, probing"},
        {Negotiation::Hold, AfterFailure::Drop, "pending, probing | hold; negotiate", "deny +900000ms"},
        {Negotiation::Pass, AfterFailure::Pass, "pending, probing | pass; negotiate", "clear +900000ms"},
        {Negotiation::Pass, AfterFailure::Drop, "pending, probing | pass; negotiate", "deny +900000ms"},
        {Negotiation::Drop, AfterFailure::Pass, "pending +200ms, probing | discard; negotiate",
         "clear, probing"},
        {Negotiation::Drop, AfterFailure::Drop, "pending, probing | discard; negotiate", "deny +900000ms"},
    }));
    CAPTURE(to_string(row.negotiation), to_string(row.failure));
    auto connection = make(Idle, PolicyGroup::PrivateOrClear);
    connection.conduct = {row.negotiation, row.failure};
    auto const begun = step(connection, wide.event, now, timing);
    CHECK(in_words(begun, now) == row.begun);
    auto const event = begun.next.deadline ? Event(DeadlinePassed{}) : refused.event;
    auto const at = begun.next.deadline.value_or(now);
    CHECK(in_words({step(begun.next, event, at, timing).next, {}}, at) == row.failed);
    // A group that must not go clear does neither.
    connection.group = PolicyGroup::Private;
    auto const closed = in_words(step(connection, wide.event, now, timing), now);
    CHECK(closed == (row.negotiation == Negotiation::Drop ? "pending, probing | discard; negotiate"
                                                          : "pending, probing | hold; negotiate"));
}

TEST_CASE("a limit below the first lifetime holds from the first failure", "[policy][connection]")
{
    Timing tight;
    tight.hold_limit = 50ms;
    tight.shunt_short_max = 10s;
    auto const held = step(make(Idle, PolicyGroup::PrivateOrClear), wide.event, now, tight).next;
    CHECK(held.deadline == now + 50ms);
    CHECK(step(held, NegotiationFailed{Failure::Silent}, now, tight).next.deadline == now + 10s);
}

TEST_CASE("protection is never overstated", "[policy][connection]")
{
    for (auto const& [situation, groups] : possible)
        for (auto const group : groups) {
            auto const connection = make(situation, group);
            CAPTURE(to_string(group), in_words({connection, {}}, now));
            if (connection.state == ConnectionState::Keyed)
                CHECK(protection(connection) == Protection::Anonymous);
            else
                CHECK(protection(connection) ==
                      (may_go_clear(group) ? Protection::Clear : Protection::Blocked));
        }
}

TEST_CASE("events and failures have words for the journal", "[policy][connection]")
{
    CHECK(to_string(wide.event) == "acquired by the wide trap");
    CHECK(to_string(own.event) == "acquired by the flow's own policy");
    CHECK(to_string(by_us_tunnel.event) == "IKE_SA 9 established by us, anonymous, tunnel mode, reqid 7");
    CHECK(to_string(by_peer.event) == "IKE_SA 9 established by the peer, anonymous, transport mode, reqid 7");
    CHECK(to_string(silent.event) == "negotiation failed: no answer on UDP 500");
    std::set<std::string> different;
    for (auto const& happening : every_happening)
        different.insert(to_string(happening.event));
    CHECK(different.size() == every_happening.size() - 1); // two of them are the deadline's
}
