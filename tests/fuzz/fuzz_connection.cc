// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/policy/reload_model.h"

#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <span>

/// The first byte chooses the group line, each further triple is an event or a reload: what, with what, how
/// much later.
using namespace oekd;

namespace {

constexpr uint8_t kinds = 14;
constexpr uint8_t reload = 12;
constexpr std::array proofs{Protection::Anonymous, Protection::Dns, Protection::Dnssec};

Requirement requirement_from(uint8_t byte)
{
    return {.verdict = Requirement::Verdict(byte % 3),
            .key = Requirement::Key(byte / 3 % 3),
            .gateways = std::vector<Gateway>(byte / 9 % 3 + 1),
            .proven = proofs.at(byte / 27 % proofs.size()),
            .lifetime = std::chrono::hours(byte / 81)};
}

Event event_from(uint8_t what, uint8_t with)
{
    IkeSaId const sa{with % 5U};
    auto const mode = (with & 0x20) != 0 ? EspMode::Tunnel : EspMode::Transport;
    auto const by = (with & 0x40) != 0 ? Established::By::Us : Established::By::Peer;
    constexpr std::array reasons{Failure::Silent, Failure::Unprotected, Failure::Refused, Failure::Local,
                                 Failure::NotProven};
    switch (what % kinds) {
    case 0: return Acquired{Acquired::Trap::Wide};
    case 1: return Acquired{Acquired::Trap::Own};
    case 2: return PeerAnswered{};
    case 3: return PeerUnreachable{};
    case 4:
    case 5: return Established{sa, mode, Reqid{with & 0x80U}, by, proofs.at(with / 8U % proofs.size())};
    case 6: return NegotiationFailed{reasons.at(with % reasons.size())};
    case 7: return SaGone{sa};
    case 8: return InboundSeen{};
    case 9: return Withdrawn{};
    case 10: return DeadlinePassed{};
    case 11: return PeerReady{};
    default: return Learnt{requirement_from(with)};
    }
}

/// From milliseconds to about an hour.
Duration pause_from(uint8_t byte) { return Duration((byte & 0x0fU) << ((byte >> 4U) + 3U)); }

/// One line for every group and conduct, and none.
std::vector<GroupLine> lines_from(uint8_t byte)
{
    auto const which = byte / all_groups.size();
    if (which >= 6 && byte % 2 == 0)
        return {};
    Conduct const conduct{Conduct::Negotiation(which % 3), Conduct::Failure(which / 3 % 2)};
    AcceptedProtections const all{Protection::Dnssec, Protection::Dns, Protection::Anonymous};
    Judgement const judgement{(which & 1U) != 0 ? all : AcceptedProtections{Protection::Anonymous},
                              PromiseBroken(which >> 1U & 1U)};
    return {{.network = Prefix(*Address::parse("0.0.0.0"), 0),
             .group = all_groups.at(byte % all_groups.size()),
             .file = "f",
             .line = 1,
             .conduct = conduct,
             .judgement = judgement}};
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(uint8_t const* data, size_t size) noexcept
{
    std::span const bytes(data, size);
    if (bytes.empty())
        return 0;
    Flow const flow{*Address::parse("10.1.0.1"), *Address::parse("10.2.0.1")};
    ReloadModel model(lines_from(bytes[0]), Timing{});
    Time at{std::chrono::hours(1)};
    for (size_t i = 1; i + 3 <= bytes.size(); i += 3) {
        at += pause_from(bytes[i + 2]);
        bool const reloads = bytes[i] % kinds == reload;
        auto const event = event_from(bytes[i], bytes[i + 1]);
        auto const broken =
            reloads ? model.reload(lines_from(bytes[i + 1]), at) : model.happen(flow, event, at);
        if (!broken.empty()) {
            fmt::print(stderr, "event {} ({}): {}\n", i / 3, reloads ? "reload" : to_string(event), broken);
            std::abort();
        }
    }
    return 0;
}
