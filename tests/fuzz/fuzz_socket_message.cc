// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/conversations.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>

/// The input is a datagram of sock_diag(7): any number of messages.
using namespace oekd;

namespace {

void require(bool holds, std::string_view promise)
{
    if (holds)
        return;
    fmt::print(stderr, "{}\n", promise);
    std::abort();
}

template <typename T> void check_error(Result<T> const& parsed)
{
    require(parsed || parsed.error().code == ErrorCode::Malformed, "bad bytes are not called malformed");
    require(parsed || !parsed.error().message.empty(), "an error without words");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(uint8_t const* data, size_t size) noexcept
{
    auto datagram = std::as_bytes(std::span(data, size));
    while (!datagram.empty()) {
        auto const message = netlink::take_message(datagram);
        if (!message)
            return 0;
        check_error(sock_diag::parse_beginner(message->payload));
        check_error(sock_diag::parse_remote(message->payload));
    }
    return 0;
}
