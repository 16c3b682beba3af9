// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/spki.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

/// The input is what a stranger's CERT payload holds.
using namespace oekd;

extern "C" int LLVMFuzzerTestOneInput(uint8_t const* data, size_t size) noexcept
{
    auto const der = std::as_bytes(std::span(data, size));
    auto const key = parse_spki(der);
    if (!key)
        return 0;
    auto const again = make_spki(*key);
    if (again && std::ranges::equal(*again, der))
        return 0;
    std::fputs("a key has two encodings, or none\n", stderr);
    std::abort();
}
