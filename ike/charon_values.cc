// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/charon_values.h"

#include <algorithm>

namespace oekd {

namespace {

std::optional<Address> to_address(charon_address const& address)
{
    auto bytes = std::as_bytes(std::span(address.bytes));
    if (address.length > bytes.size())
        return std::nullopt;
    return Address::from_bytes(bytes.first(address.length));
}

charon_address to_charon(Address const& address)
{
    charon_address result{};
    auto bytes = address.bytes();
    result.length = static_cast<uint8_t>(bytes.size());
    std::ranges::copy(bytes, std::as_writable_bytes(std::span(result.bytes)).begin());
    return result;
}

} // namespace

std::optional<Flow> to_flow(charon_flow const& flow)
{
    auto local = to_address(flow.local);
    auto remote = to_address(flow.remote);
    if (!local || !remote || local->family() != remote->family())
        return std::nullopt;
    return Flow{.local = *local, .remote = *remote};
}

charon_flow to_charon(Flow const& flow)
{
    return {.local = to_charon(flow.local), .remote = to_charon(flow.remote)};
}

Failure to_failure(charon_failure failure)
{
    switch (failure) {
    case CHARON_SILENT: return Failure::Silent;
    case CHARON_UNPROTECTED: return Failure::Unprotected;
    case CHARON_REFUSED: return Failure::Refused;
    case CHARON_LOCAL: return Failure::Local;
    }
    return Failure::Local;
}

} // namespace oekd
