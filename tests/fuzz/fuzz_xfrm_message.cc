// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/xfrm_messages.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <linux/netlink.h>
#include <linux/xfrm.h>

/// The input is a datagram as a netlink socket gives it: any number of messages.
using namespace oekd;

namespace {

void require(bool holds, std::string_view promise)
{
    if (holds)
        return;
    fmt::print(stderr, "{}\n", promise);
    std::abort();
}

template <typename T> void check_error(xfrm::Decoded<T> const& decoded)
{
    require(decoded || decoded.error().code == ErrorCode::Malformed, "bad bytes are not called malformed");
    require(decoded || !decoded.error().message.empty(), "an error without words");
}

void check_policy(std::span<std::byte const> payload)
{
    auto const decoded = xfrm::parse_policy(payload);
    check_error(decoded);
    if (!decoded || !*decoded)
        return;
    auto const request = xfrm::encode_new_policy(**decoded);
    auto const again = xfrm::parse_policy(request.bytes().subspan(sizeof(nlmsghdr)));
    require(again && *again, "an encoded policy does not decode");
    require(**again == **decoded, "a policy changes when encoded and decoded");
}

void check(netlink::Message const& message)
{
    switch (message.type) {
    case XFRM_MSG_ACQUIRE: check_error(xfrm::parse_acquire(message.payload)); break;
    case XFRM_MSG_EXPIRE: check_error(xfrm::parse_expire(message.payload)); break;
    case XFRM_MSG_NEWSA: check_error(xfrm::parse_state(message.payload)); break;
    case XFRM_MSG_NEWPOLICY: check_policy(message.payload); break;
    default: break;
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(uint8_t const* data, size_t size) noexcept
{
    auto datagram = std::as_bytes(std::span(data, size));
    while (!datagram.empty()) {
        size_t const before = datagram.size();
        auto const message = netlink::take_message(datagram);
        if (!message)
            return 0;
        require(datagram.size() < before, "a message takes no bytes");
        check(*message);
    }
    return 0;
}
