// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "kernel-glue/netlink.h"
#include "kernel-glue/xfrm.h"

#include <cstddef>
#include <optional>
#include <span>

/// XFRM's messages as bytes (include/uapi/linux/xfrm.h): pure functions, no socket.
namespace oekd::xfrm {

/// What a message says. Malformed where the bytes contradict themselves; nullopt where they are sound but
/// speak of something that our types do not have (other protocols than ESP, marks, interfaces, several
/// templates): then it is not ours.
template <typename T> using Decoded = Result<std::optional<T>>;

// Each takes what follows the netlink header.
Decoded<Acquire> parse_acquire(std::span<std::byte const> payload); ///< XFRM_MSG_ACQUIRE
Decoded<Expire> parse_expire(std::span<std::byte const> payload);   ///< XFRM_MSG_EXPIRE
Decoded<State> parse_state(std::span<std::byte const> payload);     ///< XFRM_MSG_NEWSA
Decoded<Policy> parse_policy(std::span<std::byte const> payload);   ///< XFRM_MSG_NEWPOLICY

netlink::Request encode_new_policy(Policy const& policy);
netlink::Request encode_update_policy(Policy const& policy);
netlink::Request encode_get_policy(Selector const& selector, Direction direction);
netlink::Request encode_delete_policy(Selector const& selector, Direction direction);
/// By the kernel's index.
netlink::Request encode_delete_policy(uint32_t index, Direction direction);
netlink::Request encode_dump_policies();

netlink::Request encode_get_state(Address const& destination, Spi spi);
netlink::Request encode_delete_state(Address const& destination, Spi spi);
netlink::Request encode_dump_states();

/// Which SA a request is about, before it has all it needs to carry packets.
struct StateIdentity {
    Flow flow; ///< local is the source
    Reqid reqid{};
    EspMode mode = EspMode::Transport;
    Spi spi{};
};
/// Gives this SPI to the larval SA of the identity, which the kernel creates if there is none. Answered by
/// XFRM_MSG_NEWSA.
netlink::Request encode_allocate_spi(StateIdentity const& identity);

/// Algorithms of an ESP SA, under the kernel crypto API's names.
enum class EspAlgorithms {
    Aes256Gcm,        ///< RFC 4106, 16 bytes of ICV
    Aes128Gcm,        ///< RFC 4106, 16 bytes of ICV
    Aes256CbcSha256,  ///< RFC 3602, RFC 4868 §2.6
    ChaCha20Poly1305, ///< RFC 7634
};
/// A whole SA, with a key that is no secret: to find out whether the kernel can.
netlink::Request encode_new_state(StateIdentity const& identity, EspAlgorithms algorithms);

} // namespace oekd::xfrm
