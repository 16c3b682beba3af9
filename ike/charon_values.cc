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

/// nullopt for a port of a protocol that has none, such as the type of an ICMP message.
std::optional<Service> to_service(charon_service const& service)
{
    Service const result{service.protocol, service.local_port, service.remote_port};
    bool const names_port = result.local_port != 0 || result.remote_port != 0;
    return names_port && !has_ports(result.protocol) ? std::nullopt : std::optional(result);
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
    auto service = to_service(flow.service);
    if (!local || !remote || local->family() != remote->family() || !service)
        return std::nullopt;
    return Flow{.local = *local, .remote = *remote, .service = *service};
}

charon_flow to_charon(Flow const& flow)
{
    auto const& [protocol, local_port, remote_port] = flow.service;
    return {.local = to_charon(flow.local),
            .remote = to_charon(flow.remote),
            .service = {.protocol = protocol, .local_port = local_port, .remote_port = remote_port}};
}

Failure to_failure(charon_failure failure)
{
    switch (failure) {
    case CHARON_SILENT: return Failure::Silent;
    case CHARON_UNPROTECTED: return Failure::Unprotected;
    case CHARON_REFUSED: return Failure::Refused;
    case CHARON_NOT_PROVEN: return Failure::NotProven;
    case CHARON_LOCAL: return Failure::Local;
    }
    return Failure::Local;
}

charon_identity to_charon(OwnIdentity identity)
{
    switch (identity) {
    case OwnIdentity::Anonymous: return CHARON_ANONYMOUS;
    case OwnIdentity::Address: return CHARON_ADDRESS;
    case OwnIdentity::Name: return CHARON_NAME;
    }
    return CHARON_ANONYMOUS;
}

charon_key to_charon(std::span<std::byte const> spki)
{
    return {.data = reinterpret_cast<uint8_t const*>(spki.data()), .size = spki.size()};
}

Claim to_claim(charon_claim const& claim)
{
    auto const method = [&] {
        switch (claim.method) {
        case CHARON_NULL: return Claim::Method::Null;
        case CHARON_SIGNATURE: return Claim::Method::Signature;
        case CHARON_OTHER_METHOD: return Claim::Method::Other;
        }
        return Claim::Method::Other;
    };
    auto const spki = std::as_bytes(std::span(claim.key.data, claim.key.size));
    return {.flow = to_flow(claim.flow),
            .method = method(),
            .name = claim.name,
            .spki = {spki.begin(), spki.end()}};
}

} // namespace oekd
