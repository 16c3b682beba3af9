// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "kernel-glue/netlink_exchange.h"
#include "kernel-glue/xfrm.h"

#include <cstdint>
#include <vector>

namespace oekd::xfrm {

enum class EspAlgorithms;

/// Asks the kernel to change its policy and SA databases. Each call is one request and its answer, which the
/// kernel gives before the send returns: nothing here waits. For one thread; workers open their own.
class Requests {
public:
    static Result<Requests> open();

    /// XFRM_MSG_NEWPOLICY: fails with Exists where the selector and direction are taken, whatever the
    /// priority.
    Result<void> create(Policy const& policy);
    /// XFRM_MSG_UPDPOLICY: creates or replaces, also a foreign one: only for what is known to be ours. Looks
    /// at the policy's queue of held packets at once.
    Result<void> update(Policy const& policy);
    Result<void> remove(Selector const& selector, Direction direction);
    /// By its index where that is known. With 100 000 policies around this takes microseconds where the
    /// selector takes a millisecond: after that one the kernel walks through all networks to see which are
    /// unused (xfrm_policy_inexact_prune_bin()).
    Result<void> remove(Policy const& policy);
    /// NotFound where the selector is free. A policy that cannot be expressed in our types (then it is not
    /// ours) gives Exists.
    Result<Policy> find(Selector const& selector, Direction direction);

    /// Dumps. Policies or SAs that cannot be expressed in our types (other protocols, marks, several
    /// templates) are left out.
    Result<std::vector<Policy>> policies();
    Result<std::vector<State>> states();
    Result<State> state(Address const& source, Address const& destination, Spi spi);

    /// Removes an ESP SA. NotFound where there is none.
    Result<void> remove_state(Address const& source, Address const& destination, Spi spi);
    /// Removes the larval SA of this pair, if there is one: it would swallow the next acquire. (DELSA does
    /// not find SPI 0; the larval SA is given an SPI first.)
    Result<void> remove_larval(Flow const& flow, Reqid reqid, EspMode mode);

    /// Adds and removes a throw-away ESP SA with each algorithm on offer, both families: loads the kernel's
    /// modules now rather than in the first handshake (450 ms), and fails with KernelWithoutEsp where the
    /// kernel cannot.
    Result<void> warm_up();

private:
    explicit Requests(netlink::Exchange kernel) : m_kernel(std::move(kernel)) {}
    Result<void> try_algorithms(Flow const& addresses, EspAlgorithms algorithms);
    Result<void> warm_up(Flow const& addresses);

    netlink::Exchange m_kernel;
};

} // namespace oekd::xfrm
