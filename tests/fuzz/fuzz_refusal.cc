// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/refusal.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>

/// The input is a datagram on an IKE port.
using namespace oekd;

extern "C" int LLVMFuzzerTestOneInput(uint8_t const* data, size_t size) noexcept
{
    auto const refusal = parse_refusal(std::as_bytes(std::span(data, size)));
    constexpr uint16_t first_status = 16'384;
    constexpr uint16_t invalid_ke_payload = 17;
    if (!refusal || (refusal->type < first_status && refusal->type != invalid_ke_payload))
        return 0;
    std::fputs("what is no error was taken for a refusal\n", stderr);
    std::abort();
}
