// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/group.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace oekd {

namespace {

enum class Start { Never, ByPeer, ByEither };
enum class WithoutSa { Clear, Nothing };

struct Meaning {
    std::string_view name;
    Start start;
    WithoutSa without_sa;
};

Meaning meaning_of(PolicyGroup group)
{
    switch (group) {
    case PolicyGroup::Clear: return {"clear", Start::Never, WithoutSa::Clear};
    case PolicyGroup::ClearOrPrivate: return {"clear-or-private", Start::ByPeer, WithoutSa::Clear};
    case PolicyGroup::PrivateOrClear: return {"private-or-clear", Start::ByEither, WithoutSa::Clear};
    case PolicyGroup::Private: return {"private", Start::ByEither, WithoutSa::Nothing};
    case PolicyGroup::Block: return {"block", Start::Never, WithoutSa::Nothing};
    }
    std::unreachable();
}

} // namespace

std::string_view to_string(PolicyGroup group) { return meaning_of(group).name; }

std::optional<PolicyGroup> parse_policy_group(std::string_view name)
{
    auto const* const found =
        std::ranges::find_if(all_groups, [name](PolicyGroup group) { return to_string(group) == name; });
    return found == all_groups.end() ? std::nullopt : std::optional(*found);
}

bool starts_negotiation(PolicyGroup group) { return meaning_of(group).start == Start::ByEither; }

bool accepts_negotiation(PolicyGroup group) { return meaning_of(group).start != Start::Never; }

bool may_go_clear(PolicyGroup group) { return meaning_of(group).without_sa == WithoutSa::Clear; }

std::string_view to_string(Conduct::Negotiation negotiation)
{
    switch (negotiation) {
    case Conduct::Negotiation::Hold: return "hold";
    case Conduct::Negotiation::Pass: return "pass";
    case Conduct::Negotiation::Drop: return "drop";
    }
    std::unreachable();
}

std::string_view to_string(Conduct::Failure failure)
{
    switch (failure) {
    case Conduct::Failure::Pass: return "pass";
    case Conduct::Failure::Drop: return "drop";
    }
    std::unreachable();
}

Conduct permitted(Conduct conduct, PolicyGroup group)
{
    if (may_go_clear(group))
        return conduct;
    if (conduct.negotiation == Conduct::Negotiation::Pass)
        conduct.negotiation = Conduct::Negotiation::Hold;
    conduct.failure = Conduct::Failure::Drop;
    return conduct;
}

std::string GroupLine::subject() const
{
    return service.is_everything() ? network.to_string()
                                   : fmt::format("{} {}", network.to_string(), service.to_string());
}

std::string LineError::to_string() const
{
    if (file.empty())
        return message;
    if (line == 0)
        return fmt::format("{}: {}", file, message);
    return fmt::format("{}:{}: {}", file, line, message);
}

} // namespace oekd
