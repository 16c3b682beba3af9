// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/priorities.h"
#include "kernel-glue/spi.h"
#include "kernel-glue/xfrm_messages.h"
#include "kernel-glue/xfrm_requests.h"

#include <array>
#include <sys/random.h>
#include <unistd.h>

namespace oekd::xfrm {

namespace {

// What everybody must have, and everything else on offer.
constexpr auto required = EspAlgorithms::Aes256Gcm;
constexpr std::array optional{EspAlgorithms::Aes128Gcm, EspAlgorithms::Aes256CbcSha256,
                              EspAlgorithms::ChaCha20Poly1305};

// Documentation addresses (RFC 5737, RFC 3849): no packet will ever look for these SAs.
Flow example_v4() { return {Address::parse("192.0.2.1").value(), Address::parse("192.0.2.2").value()}; }

Flow example_v6() { return {Address::parse("2001:db8::1").value(), Address::parse("2001:db8::2").value()}; }

bool kernel_has_ipv6() { return ::access("/proc/net/if_inet6", F_OK) == 0; }

Error without_esp(Error const& error, Flow const& addresses)
{
    if (error.code == ErrorCode::Permission)
        return error;
    auto const family = addresses.local.family() == Family::V4 ? "IPv4" : "IPv6";
    return {ErrorCode::KernelWithoutEsp,
            fmt::format("this kernel cannot do ESP with AES-GCM over {}: {}", family, error.message)};
}

} // namespace

Spi random_spi()
{
    constexpr uint32_t first = 0x1000;
    uint32_t number = 0;
    // Cannot fail for so few bytes; and a number that is not random would do as well.
    [[maybe_unused]] auto got = ::getrandom(&number, sizeof number, 0);
    return Spi{first + number % (UINT32_MAX - first)};
}

Result<void> Requests::try_algorithms(Flow const& addresses, EspAlgorithms algorithms)
{
    constexpr int attempts = 4; // a random SPI can be taken
    Result<void> created;
    for (int i = 0; i < attempts; ++i) {
        auto const spi = random_spi();
        created = m_kernel.transact(
            encode_new_state({addresses, throw_away_reqid, EspMode::Transport, spi}, algorithms));
        if (created)
            return remove_state(addresses.local, addresses.remote, spi);
        if (created.error().code != ErrorCode::Exists)
            break;
    }
    return created;
}

Result<void> Requests::warm_up(Flow const& addresses)
{
    if (auto tried = try_algorithms(addresses, required); !tried)
        return std::unexpected(without_esp(tried.error(), addresses));
    for (auto const algorithms : optional) {
        // The kernel may lack these; then libcharon's proposal fails where a peer insists on them.
        [[maybe_unused]] auto tried = try_algorithms(addresses, algorithms);
    }
    return {};
}

Result<void> Requests::warm_up()
{
    if (auto tried = warm_up(example_v4()); !tried)
        return tried;
    return kernel_has_ipv6() ? warm_up(example_v6()) : Result<void>{};
}

} // namespace oekd::xfrm
