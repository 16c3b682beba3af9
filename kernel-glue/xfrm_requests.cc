// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel-glue/xfrm_requests.h"

#include "kernel-glue/spi.h"
#include "kernel-glue/xfrm_messages.h"

#include <algorithm>
#include <array>
#include <linux/netlink.h>
#include <string>

namespace oekd::xfrm {

namespace {

constexpr size_t answer_size = 32768; // the kernel fills datagrams of a dump up to this

std::string_view name_of(Direction direction)
{
    switch (direction) {
    case Direction::In: return "in";
    case Direction::Out: return "out";
    case Direction::Forward: return "fwd";
    }
    __builtin_unreachable();
}

std::string describe(Selector const& selector, Direction direction)
{
    return fmt::format("{} policy {} -> {}", name_of(direction), selector.source.to_string(),
                       selector.destination.to_string());
}

std::string describe(Address const& source, Address const& destination, Spi spi)
{
    return fmt::format("ESP SA {} -> {} SPI {:#010x}", source.to_string(), destination.to_string(),
                       static_cast<uint32_t>(spi));
}

template <typename T> Result<T> in_context(Result<T> result, std::string_view verb, std::string const& object)
{
    if (!result)
        return std::unexpected(result.error().with(fmt::format("{} {}", verb, object)));
    return result;
}

// The kernel's own words about an error (NLMSGERR_ATTR_MSG), if it has any.
std::string extended_text(netlink::Message const& message, size_t fixed_size)
{
    if ((message.flags & NLM_F_ACK_TLVS) == 0)
        return {};
    auto const attributes = netlink::Attributes::parse(netlink::after_struct(message.payload, fixed_size));
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
Result<void> verdict_of(netlink::Message const& message, size_t fixed_size)
{
    auto const number = netlink::read_struct<int32_t>(message.payload, "a netlink answer");
    if (!number)
        return std::unexpected(number.error());
    if (*number == 0)
        return {};
    auto const words = extended_text(message, fixed_size);
    return std::unexpected(system_error(-*number, words.empty() ? "the kernel refused" : words));
}

// Visitor for dumps: keeps what our types can express.
template <typename T> auto collect(std::vector<T>& into, Decoded<T> (*parse)(std::span<std::byte const>))
{
    return [&into, parse](netlink::Message const& message) -> Result<void> {
        auto const decoded = parse(message.payload);
        if (!decoded)
            return std::unexpected(decoded.error());
        if (*decoded)
            into.push_back(**decoded);
        return {};
    };
}

} // namespace

Result<Requests> Requests::open()
{
    auto socket = netlink::Socket::open(NETLINK_XFRM, 0);
    if (!socket)
        return std::unexpected(socket.error());
    return Requests(std::move(*socket));
}

Result<void> Requests::create(Policy const& policy)
{
    return in_context(transact(encode_new_policy(policy)), "creating",
                      describe(policy.selector, policy.direction));
}

Result<void> Requests::update(Policy const& policy)
{
    return in_context(transact(encode_update_policy(policy)), "updating",
                      describe(policy.selector, policy.direction));
}

Result<void> Requests::remove(Selector const& selector, Direction direction)
{
    return in_context(transact(encode_delete_policy(selector, direction)), "removing",
                      describe(selector, direction));
}

Result<void> Requests::remove(Policy const& policy)
{
    if (policy.index == 0)
        return remove(policy.selector, policy.direction);
    return in_context(transact(encode_delete_policy(policy.index, policy.direction)), "removing",
                      describe(policy.selector, policy.direction));
}

Result<Policy> Requests::find(Selector const& selector, Direction direction)
{
    std::vector<Policy> found;
    auto answer = transact(encode_get_policy(selector, direction), collect(found, parse_policy));
    if (answer && found.empty())
        answer = fail(ErrorCode::Exists, "belongs to another program");
    auto const checked = in_context(std::move(answer), "looking up", describe(selector, direction));
    if (!checked)
        return std::unexpected(checked.error());
    return found.front();
}

Result<std::vector<Policy>> Requests::policies()
{
    std::vector<Policy> found;
    if (auto answer = transact(encode_dump_policies(), collect(found, parse_policy)); !answer)
        return std::unexpected(answer.error().with("listing the policies"));
    return found;
}

Result<std::vector<State>> Requests::states()
{
    std::vector<State> found;
    if (auto answer = transact(encode_dump_states(), collect(found, parse_state)); !answer)
        return std::unexpected(answer.error().with("listing the SAs"));
    return found;
}

Result<State> Requests::state(Address const& source, Address const& destination, Spi spi)
{
    std::vector<State> found;
    auto answer = transact(encode_get_state(destination, spi), collect(found, parse_state));
    // The kernel goes by destination and SPI.
    if (answer && (found.empty() || found.front().source != source))
        answer = fail(ErrorCode::NotFound, "another source has this SPI");
    auto const checked = in_context(std::move(answer), "looking up", describe(source, destination, spi));
    if (!checked)
        return std::unexpected(checked.error());
    return found.front();
}

Result<void> Requests::remove_state(Address const& source, Address const& destination, Spi spi)
{
    return in_context(transact(encode_delete_state(destination, spi)), "removing",
                      describe(source, destination, spi));
}

// Where there is no larval SA the kernel makes one for us to remove: cheaper than looking through all SAs,
// and just as well.
Result<void> Requests::remove_larval(Flow const& flow, Reqid reqid, EspMode mode)
{
    constexpr int attempts = 4; // a random SPI can be taken
    Result<void> allocated;
    for (int i = 0; i < attempts; ++i) {
        auto const spi = random_spi();
        std::vector<State> named;
        allocated = transact(encode_allocate_spi({flow, reqid, mode, spi}), collect(named, parse_state));
        if (!allocated && allocated.error().code == ErrorCode::NotFound)
            continue;
        if (!allocated)
            break;
        if (named.empty() || named.front().spi != spi || named.front().source != flow.local)
            return fail(ErrorCode::System,
                        fmt::format("the larval SA of {} did not get the SPI we chose", flow.to_string()));
        return remove_state(flow.local, flow.remote, spi);
    }
    return in_context(std::move(allocated), "removing the larval SA of", flow.to_string());
}

Result<void> Requests::transact(netlink::Request request, Visitor const& visit)
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
        case netlink::Received::Kind::Stranger: continue;
        case netlink::Received::Kind::Nothing: return fail(ErrorCode::System, "the kernel gave no answer");
        case netlink::Received::Kind::Overrun: return fail(ErrorCode::System, "the kernel's answer was lost");
        case netlink::Received::Kind::Truncated:
            return fail(ErrorCode::System,
                        fmt::format("the kernel's answer is longer than {} bytes", answer_size));
        case netlink::Received::Kind::Datagram: break;
        }
        auto const last = take_answer(received->bytes, visit);
        if (!last)
            return std::unexpected(last.error());
        if (*last)
            return {};
    }
}

/// True when the answer is complete.
Result<bool> Requests::take_answer(std::span<std::byte const> datagram, Visitor const& visit)
{
    while (!datagram.empty()) {
        auto const message = netlink::take_message(datagram);
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

} // namespace oekd::xfrm
