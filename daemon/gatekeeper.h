// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "daemon/limited_journal.h"
#include "ike/responder_gate.h"
#include "kernel-glue/forwarding_plane.h"
#include "policy/group_table.h"

#include <atomic>
#include <memory>
#include <mutex>

namespace oekd {

/// What libcharon's threads may ask of the policy: who is welcome, and the policies of a flow that a peer has
/// just keyed. Every call is for any thread.
class Gatekeeper final : public ResponderGate {
public:
    Gatekeeper(std::shared_ptr<GroupTable const> groups, ResponderPolicies policies, LimitedJournal& journal);

    void set_groups(std::shared_ptr<GroupTable const> groups);
    /// Peers may want to see our signature.
    void use_own_key() { m_signs = true; }
    /// The policies are in the kernel: peers are welcome from now on. Until then nobody hears an answer; IKE
    /// repeats itself.
    void open() { m_stage = Stage::Open; }
    /// From now on nobody new is welcome: oekd stops (RFC 4322 §9.3).
    void close() { m_stage = Stage::Closed; }

    [[nodiscard]] Welcome welcome(Address const& remote) noexcept override;
    [[nodiscard]] bool needs_keys(Address const& remote) noexcept override;
    [[nodiscard]] bool accepts(Flow const& flow) noexcept override;
    void sa_installed(SaDescription const& sa) noexcept override;

private:
    [[nodiscard]] std::shared_ptr<GroupTable const> groups() const;

    mutable std::mutex m_mutex; ///< guards m_groups, never held for long
    std::shared_ptr<GroupTable const> m_groups;
    ResponderPolicies m_policies;
    LimitedJournal& m_journal;
    std::atomic<bool> m_signs = false;
    enum class Stage { Starting, Open, Closed };
    std::atomic<Stage> m_stage = Stage::Starting;
};

} // namespace oekd
