// SPDX-License-Identifier: GPL-2.0-or-later
#include "publish/tsig_key.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>

/// The input is the text of a file with a TSIG key.
using namespace oekd;

namespace {

void require(bool holds, std::string_view promise)
{
    if (holds)
        return;
    fmt::print(stderr, "{}\n", promise);
    std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(uint8_t const* data, size_t size) noexcept
{
    auto const key = publish::parse_tsig_key({reinterpret_cast<char const*>(data), size});
    if (!key)
        return 0;
    require(!key->secret.empty() && key->secret.size() % 4 == 0, "the secret is not in base64");
    if (key->name.find_first_of("\"\n") == std::string::npos) {
        auto const again = fmt::format("key \"{}\" {{ algorithm {}; secret \"{}\"; }};", key->name,
                                       key->algorithm, key->secret);
        require(publish::parse_tsig_key(again) == *key, "the key does not read back");
    }
    return 0;
}
