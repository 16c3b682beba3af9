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
    auto kernel = netlink::Exchange::open(NETLINK_XFRM);
    if (!kernel)
        return std::unexpected(kernel.error());
    return Requests(std::move(*kernel));
}

Result<void> Requests::create(Policy const& policy)
{
    return in_context(m_kernel.transact(encode_new_policy(policy)), "creating",
                      describe(policy.selector, policy.direction));
}

Result<void> Requests::update(Policy const& policy)
{
    return in_context(m_kernel.transact(encode_update_policy(policy)), "updating",
                      describe(policy.selector, policy.direction));
}

Result<void> Requests::remove(Selector const& selector, Direction direction)
{
    return in_context(m_kernel.transact(encode_delete_policy(selector, direction)), "removing",
                      describe(selector, direction));
}

Result<void> Requests::remove(Policy const& policy)
{
    if (policy.index == 0)
        return remove(policy.selector, policy.direction);
    return in_context(m_kernel.transact(encode_delete_policy(policy.index, policy.direction)), "removing",
                      describe(policy.selector, policy.direction));
}

Result<Policy> Requests::find(Selector const& selector, Direction direction)
{
    std::vector<Policy> found;
    auto answer = m_kernel.transact(encode_get_policy(selector, direction), collect(found, parse_policy));
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
    if (auto answer = m_kernel.transact(encode_dump_policies(), collect(found, parse_policy)); !answer)
        return std::unexpected(answer.error().with("listing the policies"));
    return found;
}

Result<std::vector<State>> Requests::states()
{
    std::vector<State> found;
    if (auto answer = m_kernel.transact(encode_dump_states(), collect(found, parse_state)); !answer)
        return std::unexpected(answer.error().with("listing the SAs"));
    return found;
}

Result<State> Requests::state(Address const& source, Address const& destination, Spi spi)
{
    std::vector<State> found;
    auto answer = m_kernel.transact(encode_get_state(destination, spi), collect(found, parse_state));
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
    return in_context(m_kernel.transact(encode_delete_state(destination, spi)), "removing",
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
        allocated =
            m_kernel.transact(encode_allocate_spi({flow, reqid, mode, spi}), collect(named, parse_state));
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

} // namespace oekd::xfrm
