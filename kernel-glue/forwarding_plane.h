// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "kernel-glue/encrypted_services.h"
#include "kernel-glue/exemptions.h"
#include "kernel-glue/flow_policies.h"
#include "kernel-glue/installation.h"
#include "kernel-glue/trap_queues.h"
#include "kernel-glue/xfrm_requests.h"
#include "policy/flow.h"
#include "policy/group_table.h"

#include <memory>
#include <mutex>
#include <span>
#include <unordered_map>
#include <vector>

namespace oekd {

/// Everything that oekd has in the kernel's policy database. Creates with NEWPOLICY only; where the selector
/// is taken by somebody else, the explicit policy wins and the call fails with Exists; UPDPOLICY touches only
/// what is ours. For the main thread.
///
/// What a group line becomes, for each own address of its family:
///   clear, clear-or-private   allow out; and in, where some network is closed or the line has a service
///   private-or-clear          out: transport template, required (the wide trap); in as above
///   private                   out: the same trap; in: block, but for path MTU discovery's ICMP errors
///   block                     in, out: block, but for the same ICMP errors
/// Flows end at our own addresses, so nothing is needed in the `fwd` direction.
class ForwardingPlane {
public:
    static Result<ForwardingPlane> open();

    /// Makes the wide policies of the database equal to this table: creates, updates and removes, also what
    /// an earlier oekd left behind. Order: nothing of `private` or `block` is open at any moment. Lines
    /// concern traffic of `own_addresses`, which need not be all that are exempt. Lines whose selector
    /// belongs to an explicit policy of another program are returned, not touched. The first call also
    /// removes flow policies and SAs of an earlier oekd; later ones leave flows alone. Fails with Limit when
    /// lines times own addresses are too many, and then nothing has changed.
    Result<std::vector<GroupLine>> install(GroupTable const& table, std::span<Address const> own_addresses,
                                           Exempt const& exempt);

    /// A packet of this flow waits in the queue of a wide trap: later ones of other flows shall not wait
    /// behind it.
    Result<void> queued(xfrm::Acquire const& acquire);

    /// The flow's own trap: packets of the flow queue there. `in` admits the peer's ESP of
    /// `reqid` in either mode and cleartext; for a private flow, where the mode is not known yet and
    /// cleartext must not pass, transport only. Inbound::Require leaves `in` as it is: a flow that lost its
    /// key must not be opened while it gets another.
    using Inbound = oekd::Inbound;
    Result<void> hold(FlowOfLine const& of, Reqid reqid, Inbound inbound = Inbound::Admit);
    /// As hold(), but packets are thrown away. The one that has asked may be in nobody's queue by now (see
    /// TrapQueues): the kernel looks after it in 100 ms, and throws it away if the flow is still undecided.
    Result<void> discard(FlowOfLine const& of, Reqid reqid, Inbound inbound = Inbound::Admit);
    /// The peer has an SA with us, perhaps without its own side yet: `in` as with encrypt(), our packets
    /// wait.
    Result<void> await(FlowOfLine const& of, Reqid reqid, EspMode mode, Inbound inbound);
    /// The flow's SA exists: templates in this mode; held packets leave.
    Result<void> encrypt(FlowOfLine const& of, Reqid reqid, EspMode mode, Inbound inbound);
    Result<void> pass(FlowOfLine const& of);
    Result<void> drop(FlowOfLine const& of);
    /// Takes the flow's own policies away. Where the flow's group line names just this host, the line's come
    /// back.
    Result<void> release(Flow const& flow);
    /// The flow's policies take the place of this line, which decides about it now.
    Result<void> move(FlowOfLine const& of);

    /// The flow is decided: once all are whose packets wait in the same queue, the wide trap looks at it.
    /// Where the group throws packets away while we decide, the queue goes.
    Result<void> kick(Flow const& flow);
    /// Removes larval SAs of the flow, for the trap's reqid and for `reqid`.
    Result<void> sweep_larval(Flow const& flow, Reqid reqid);

    /// Removes every policy of ours, and SAs in our reqid band that are left.
    Result<void> remove_all();
    /// For `oekd --release` and after a crash: opens what may go in the clear, keeps `private` and `block`
    /// closed. Works from what is in the kernel, by priority band alone. Open networks inside closed ones
    /// keep a plain allow, and exemptions stay as long as anything closed does. Returns how many policies
    /// were removed or opened.
    Result<size_t> release_open();

    /// As of the last install().
    [[nodiscard]] bool is_own(Address const& address) const { return m_installation.is_own(address); }

    /// For counters and resynchronisation.
    [[nodiscard]] xfrm::Requests& requests() { return m_requests; }

private:
    explicit ForwardingPlane(xfrm::Requests requests) : m_requests(std::move(requests)) {}

    Result<void> put(FlowPolicies const& policies);
    Result<void> stop_overtaking(Flow const& flow);
    Result<void> put_unencrypted(Flow const& flow, FlowPolicies const& policies);
    Result<void> put_undecided(Flow const& flow, FlowPolicies const& policies, Inbound inbound);
    Result<void> give_back(Flow const& flow, xfrm::Selector const& selector, xfrm::Direction direction);
    [[nodiscard]] std::optional<xfrm::Policy> line_policy(Flow const& flow, xfrm::Direction direction) const;
    Result<void> rotate(GroupLine const& line, Address const& own, TrapQueues::Rotation const& rotation);
    Result<void> look_at(GroupLine const& line, Address const& own, TrapQueues::Placement placement);
    Result<void> put_trap(xfrm::Policy const& trap);

    xfrm::Requests m_requests;
    Installation m_installation;
    EncryptedServices m_services;
    TrapQueues m_queues;
    std::unordered_map<Flow, Reqid>
        m_reqids; ///< of flows that have policies; bounded by whoever holds the flows
    std::unordered_map<Flow, xfrm::Selector> m_overtaking; ///< while held packets wait for the peer
};

/// The policies of a flow whose SA the peer has just made with us, written on libcharon's worker before our
/// answer leaves (the one exception to "workers only post", architecture.md): in admits (private: requires)
/// the SA's mode, out encrypts. An `in` policy of ours that would refuse the
/// SA's packets is replaced; an `out` policy of ours stays as it is, for ForwardingPlane::encrypt() to take
/// over. Thread-safe, own socket.
class ResponderPolicies {
public:
    static Result<ResponderPolicies> open();
    Result<void> admit(FlowOfLine const& of, Reqid reqid, EspMode mode);
    /// False where another program has a policy for just this flow, which wins.
    [[nodiscard]] bool may_have(Flow const& flow);

private:
    explicit ResponderPolicies(xfrm::Requests requests) : m_requests(std::move(requests)) {}
    Result<void> admit_inbound(xfrm::Policy const& policy, EspMode mode);

    std::unique_ptr<std::mutex> m_mutex = std::make_unique<std::mutex>(); ///< one request at a time
    xfrm::Requests m_requests;
};

} // namespace oekd
