// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/flow.h"

#include <fmt/format.h>
#include <utility>

namespace oekd {

std::string Flow::to_string() const
{
    auto text = fmt::format("{} - {}", local.to_string(), remote.to_string());
    return service.is_everything() ? text : fmt::format("{} {}", text, service.to_string());
}

std::string_view to_string(EspMode mode)
{
    switch (mode) {
    case EspMode::Transport: return "transport";
    case EspMode::Tunnel: return "tunnel";
    }
    std::unreachable();
}

std::string_view to_string(Protection protection)
{
    switch (protection) {
    case Protection::Clear: return "clear";
    case Protection::Anonymous: return "anonymous";
    case Protection::Dns: return "dns";
    case Protection::Dnssec: return "dnssec";
    case Protection::Blocked: return "blocked";
    }
    std::unreachable();
}

} // namespace oekd

size_t std::hash<oekd::Flow>::operator()(oekd::Flow const& flow) const noexcept
{
    std::hash<oekd::Address> const hash_end;
    // Not symmetric: the ends are not the same.
    return (hash_end(flow.local) * 31 + hash_end(flow.remote)) * 31 +
           std::hash<oekd::Service>{}(flow.service);
}
