// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/event_loop.h"
#include "base/journal.h"
#include "base/mailbox.h"
#include "daemon/commands.h"
#include "daemon/config.h"
#include "daemon/connection_table.h"
#include "daemon/control_server.h"
#include "daemon/daemon_views.h"
#include "daemon/enforcer.h"
#include "daemon/gatekeeper.h"
#include "daemon/incoming_peers.h"
#include "daemon/limited_journal.h"
#include "daemon/named_groups.h"
#include "daemon/oekd.h"
#include "daemon/surroundings.h"
#include "dns/unbound_resolver.h"
#include "kernel-glue/forwarding_plane.h"
#include "kernel-glue/sysctl.h"
#include "kernel-glue/xfrm_events.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace oekd {

/// Packets that hit a trap wait in its queue instead of being dropped, and a larval SA that was overlooked
/// does not suppress acquires for long. Both are put back at the end.
struct Sysctls {
    SysctlOverride larval_drop;
    SysctlOverride acq_expires;

    static Result<Sysctls> set()
    {
        auto larval_drop = SysctlOverride::set("net.core.xfrm_larval_drop", "0");
        if (!larval_drop)
            return std::unexpected(larval_drop.error());
        auto acq_expires = SysctlOverride::set("net.core.xfrm_acq_expires", "10");
        if (!acq_expires)
            return std::unexpected(acq_expires.error());
        return Sysctls{std::move(*larval_drop), std::move(*acq_expires)};
    }
};

/// Everything that lives while the daemon runs, in the order of construction.
class Daemon final : public Commands {
public:
    Daemon(StartOptions options, Journal const& journal) : m_options(std::move(options)), m_journal(journal)
    {}

    Result<void> start();
    Result<void> serve();
    enum class Ending { Asked, Failed };
    void stop(Ending ending);

private:
    Result<void> load();
    Result<void> open_kernel();
    Result<void> load_key();
    Result<void> start_dns();
    Result<void> start_ike();
    Result<void> watch();
    Result<void> install_policies();
    Result<ReloadView> reload() override;
    Result<void> load_and_install();
    Result<void> put_in_force(std::shared_ptr<GroupTable const> groups);
    void restore();
    void names_changed();
    std::vector<std::string> report(std::vector<LineError> const& errors) const;
    void kernel_readable();
    void note(xfrm::Acquire const& acquire);
    void resynchronise();
    void follow_surroundings();
    void mail();
    void decided(Decision const& decision);

    StartOptions m_options;
    Journal const& m_journal;
    Config m_config;
    WrittenGroups m_written;                    ///< until m_names has it
    std::shared_ptr<GroupTable const> m_groups; // one table for the main thread and libcharon's
    std::vector<std::string> m_warnings;

    Counters m_counters;
    std::optional<EventLoop> m_loop;
    std::unique_ptr<LimitedJournal> m_limited;
    std::optional<ForwardingPlane> m_plane;
    std::optional<Conversations> m_conversations;
    std::optional<xfrm::Events> m_kernel_events;
    std::unique_ptr<Surroundings> m_surroundings;
    std::unique_ptr<dns::UnboundResolver> m_resolver;
    std::unique_ptr<NamedGroups> m_names;
    std::unique_ptr<dns::KeyLookup> m_keys;
    std::optional<DnsKeySource> m_key_source;
    std::optional<OwnIdentities> m_identities;
    std::optional<Sysctls> m_sysctls;
    std::optional<Mailbox<IkeEvent>> m_mailbox;
    std::optional<ReqidTable> m_reqids;
    std::optional<Gatekeeper> m_gatekeeper;
    std::unique_ptr<Ike> m_ike;
    std::optional<IncomingPeers> m_incoming;
    std::optional<KernelEnforcer> m_enforcer;
    std::optional<ConnectionTable> m_table;
    std::optional<DaemonViews> m_views;
    std::unique_ptr<ControlServer> m_control;
    std::vector<EventSource> m_sources;
    EventSource m_install_retry;
    EventSource m_names_retry;
    std::optional<Error> m_fatal;
    bool m_installed = false; ///< our policies are in the kernel; a start that failed before must not touch
                              ///< those of another oekd
};

} // namespace oekd
