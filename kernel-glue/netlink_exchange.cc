// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/netlink_exchange.h"

#include <algorithm>
#include <array>
#include <linux/netlink.h>
#include <string>

namespace oekd::netlink {

namespace {

constexpr size_t answer_size = 32768; // the kernel fills datagrams of a dump up to this

// The kernel's own words about an error (NLMSGERR_ATTR_MSG), if it has any.
std::string extended_text(Message const& message, size_t fixed_size)
{
    if ((message.flags & NLM_F_ACK_TLVS) == 0)
        return {};
    auto const attributes = Attributes::parse(after_struct(message.payload, fixed_size));
    auto const text = attributes ? attributes->find(NLMSGERR_ATTR_MSG) : std::nullopt;
    if (!text)
        return {};
    auto const end = std::ranges::find(*text, std::byte{0});
    std::string words;
    std::ranges::transform(text->begin(), end, std::back_inserter(words),
                           [](std::byte b) { return static_cast<char>(b); });
    return words;
}

// NLMSG_ERROR and NLMSG_DONE both begin with zero or a negative errno.
Result<void> verdict_of(Message const& message, size_t fixed_size)
{
    auto const number = read_struct<int32_t>(message.payload, "a netlink answer");
    if (!number)
        return std::unexpected(number.error());
    if (*number == 0)
        return {};
    auto const words = extended_text(message, fixed_size);
    return std::unexpected(system_error(-*number, words.empty() ? "the kernel refused" : words));
}

} // namespace

Result<Exchange> Exchange::open(int bus)
{
    auto socket = Socket::open(bus, 0);
    if (!socket)
        return std::unexpected(socket.error());
    return Exchange(std::move(*socket));
}

Result<void> Exchange::transact(Request request, Visitor const& visit)
{
    request.set_sequence(++m_sequence);
    if (auto sent = m_socket.send(request); !sent)
        return sent;
    alignas(8) std::array<std::byte, answer_size> buffer;
    for (;;) {
        auto const received = m_socket.receive(buffer);
        if (!received)
            return std::unexpected(received.error());
        switch (received->kind) {
        case Received::Kind::Stranger: continue;
        case Received::Kind::Nothing: return fail(ErrorCode::System, "the kernel gave no answer");
        case Received::Kind::Overrun: return fail(ErrorCode::System, "the kernel's answer was lost");
        case Received::Kind::Truncated:
            return fail(ErrorCode::System,
                        fmt::format("the kernel's answer is longer than {} bytes", answer_size));
        case Received::Kind::Datagram: break;
        }
        auto const last = take_answer(received->bytes, visit);
        if (!last)
            return std::unexpected(last.error());
        if (*last)
            return {};
    }
}

/// True when the answer is complete.
Result<bool> Exchange::take_answer(std::span<std::byte const> datagram, Visitor const& visit)
{
    while (!datagram.empty()) {
        auto const message = take_message(datagram);
        if (!message)
            return std::unexpected(message.error());
        if (message->sequence != m_sequence)
            continue; // left over from a request that failed half-way
        if (message->type == NLMSG_ERROR || message->type == NLMSG_DONE) {
            size_t const fixed = message->type == NLMSG_ERROR ? sizeof(nlmsgerr) : sizeof(int32_t);
            auto const verdict = verdict_of(*message, fixed);
            return verdict ? Result<bool>(true) : std::unexpected(verdict.error());
        }
        if (auto visited = visit ? visit(*message) : Result<void>{}; !visited)
            return std::unexpected(visited.error());
    }
    return false;
}

} // namespace oekd::netlink
