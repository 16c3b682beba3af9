// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/oekd.h"

#include "base/event_loop.h"
#include "base/mailbox.h"
#include "daemon/connection_table.h"
#include "daemon/control_server.h"
#include "daemon/daemon_views.h"
#include "daemon/gatekeeper.h"
#include "kernel-glue/address_watch.h"
#include "kernel-glue/priorities.h"
#include "kernel-glue/sysctl.h"
#include "kernel-glue/xfrm_events.h"

#include <csignal>
#include <fmt/format.h>
#include <systemd/sd-daemon.h>

namespace oekd {

namespace {

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
class Daemon {
public:
    Daemon(StartOptions const& options, Journal const& journal) : m_options(options), m_journal(journal) {}

    Result<void> start();
    Result<void> serve();
    void stop();

private:
    Result<void> load();
    Result<void> open_kernel();
    Result<void> start_ike();
    Result<void> watch();
    Result<void> install_policies();
    void reload();
    void kernel_readable();
    void resynchronise();
    void addresses_readable();
    void mail();

    StartOptions m_options;
    Journal const& m_journal;
    Config m_config;
    std::shared_ptr<GroupTable const> m_groups; // one table for the main thread and libcharon's
    std::vector<std::string> m_warnings;

    std::optional<EventLoop> m_loop;
    std::optional<ForwardingPlane> m_plane;
    std::optional<xfrm::Events> m_kernel_events;
    std::optional<AddressWatch> m_address_watch;
    std::vector<Address> m_own_addresses;
    std::optional<Sysctls> m_sysctls;
    std::optional<Mailbox<IkeEvent>> m_mailbox;
    std::optional<ReqidTable> m_reqids;
    std::optional<Gatekeeper> m_gatekeeper;
    std::unique_ptr<Ike> m_ike;
    std::optional<KernelEnforcer> m_enforcer;
    std::optional<ConnectionTable> m_table;
    std::optional<DaemonViews> m_views;
    std::unique_ptr<ControlServer> m_control;
    std::vector<EventSource> m_sources;
    EventSource m_address_source;
    std::optional<Error> m_fatal;
    bool m_installed = false; ///< our policies are in the kernel; a start that failed before must not touch
                              ///< those of another oekd
};

Result<void> Daemon::load()
{
    auto config = load_config(m_options.config_file, m_options.config_must_exist);
    if (!config)
        return std::unexpected(config.error());
    m_config = std::move(*config);
    auto groups = load_groups(m_config.policies);
    if (!groups)
        return std::unexpected(groups.error());
    m_groups = std::make_shared<GroupTable const>(std::move(groups->table));
    m_warnings.clear();
    for (auto const& error : groups->errors) {
        m_warnings.push_back(error.to_string() + "; this line is skipped");
        m_journal.log(LogLevel::Warning, m_warnings.back());
    }
    return {};
}

Result<void> Daemon::open_kernel()
{
    auto plane = ForwardingPlane::open();
    if (!plane)
        return std::unexpected(plane.error());
    m_plane.emplace(std::move(*plane));
    if (auto warm = m_plane->requests().warm_up(); !warm)
        return warm;
    auto events = xfrm::Events::open();
    if (!events)
        return std::unexpected(events.error());
    m_kernel_events.emplace(std::move(*events));
    auto watch = AddressWatch::open();
    if (!watch)
        return std::unexpected(watch.error());
    m_address_watch.emplace(std::move(*watch));
    auto sysctls = Sysctls::set();
    if (!sysctls)
        return std::unexpected(sysctls.error());
    m_sysctls.emplace(std::move(*sysctls));
    return {};
}

Result<void> Daemon::start_ike()
{
    auto mailbox = Mailbox<IkeEvent>::create();
    if (!mailbox)
        return std::unexpected(mailbox.error());
    m_mailbox.emplace(std::move(*mailbox));
    auto policies = ResponderPolicies::open();
    if (!policies)
        return std::unexpected(policies.error());
    m_gatekeeper.emplace(m_groups, std::move(*policies), m_journal);
    m_reqids.emplace(Reqid{uint32_t(trap_reqid) + 1}, Reqid{reqid_band_last});
    // A stranger can make libcharon talk; what becomes of a flow is logged by the table.
    m_config.ike.log = [this](int, std::string_view line) {
        m_journal.log(LogLevel::Debug, fmt::format("ike: {}", line));
    };
    auto ike = Ike::start(m_config.ike, *m_gatekeeper, *m_reqids, *m_mailbox);
    if (!ike)
        return std::unexpected(ike.error());
    m_ike = std::move(*ike);
    return {};
}

Result<void> Daemon::install_policies()
{
    auto addresses = own_addresses();
    if (!addresses)
        return std::unexpected(addresses.error());
    m_installed = true;
    auto taken = m_plane->install(*m_groups, *addresses);
    if (!taken)
        return std::unexpected(taken.error());
    auto warnings = m_warnings;
    for (auto const& line : *taken) {
        warnings.push_back(fmt::format("{}:{}: {} has an IPsec policy of another program, which wins",
                                       line.file, line.line, line.network.to_string()));
        m_journal.log(LogLevel::Warning, warnings.back());
    }
    m_views->set_warnings(std::move(warnings));
    m_table->keep_local(*addresses);
    m_own_addresses = std::move(*addresses);
    return {};
}

Result<void> Daemon::watch()
{
    auto keep = [this](Result<EventSource> source) -> Result<void> {
        if (!source)
            return std::unexpected(source.error());
        m_sources.push_back(std::move(*source));
        return {};
    };
    for (int signal : {SIGTERM, SIGINT}) {
        if (auto kept = keep(m_loop->on_signal(signal, [this] { m_loop->stop(0); })); !kept)
            return kept;
    }
    if (auto kept = keep(m_loop->on_signal(SIGHUP, [this] { reload(); })); !kept)
        return kept;
    if (auto kept = keep(m_loop->on_readable(m_kernel_events->fd(), [this] { kernel_readable(); })); !kept)
        return kept;
    auto addresses = m_loop->on_readable(m_address_watch->fd(), [this] { addresses_readable(); });
    if (!addresses)
        return std::unexpected(addresses.error());
    m_address_source = std::move(*addresses);
    if (auto kept = keep(m_loop->on_readable(m_mailbox->fd(), [this] { mail(); })); !kept)
        return kept;
    return m_loop->enable_watchdog();
}

Result<void> Daemon::start()
{
    if (auto loaded = load(); !loaded)
        return loaded;
    auto loop = EventLoop::create();
    if (!loop)
        return std::unexpected(loop.error());
    m_loop.emplace(std::move(*loop));
    if (auto opened = open_kernel(); !opened)
        return opened;
    if (auto started = start_ike(); !started)
        return started;
    m_enforcer.emplace(*m_plane, *m_ike);
    m_table.emplace(*m_loop, *m_enforcer, *m_reqids, m_journal, m_groups,
                    ConnectionTable::Options{m_config.timing, m_config.max_flows});
    m_views.emplace(*m_table, *m_enforcer);
    auto control = ControlServer::listen(*m_loop, m_config.control, *m_views);
    if (!control)
        return std::unexpected(control.error());
    m_control = std::move(*control);
    if (auto watching = watch(); !watching)
        return watching;
    return install_policies(); // last: from here on packets are held
}

Result<void> Daemon::serve()
{
    m_journal.log(LogLevel::Notice,
                  fmt::format("opportunistic encryption is on: {} group lines", m_groups->lines().size()));
    sd_notify(0, "READY=1");
    auto served = m_loop->run();
    if (m_fatal)
        return std::unexpected(*m_fatal);
    if (!served)
        return std::unexpected(served.error());
    return {};
}

/// First nobody new, then the DELETEs, then the policies: a peer that still encrypts to us finds our side
/// consistent.
void Daemon::stop()
{
    sd_notify(0, "STOPPING=1");
    m_control.reset();
    m_sources.clear();
    m_address_source = {};
    if (m_gatekeeper)
        m_gatekeeper->close();
    m_ike.reset();
    m_table.reset();
    if (!m_installed)
        return;
    if (auto removed = m_plane->remove_all(); !removed)
        m_journal.log(LogLevel::Error,
                      fmt::format("some policies are left in the kernel: {}", removed.error().message));
}

/// A broken file leaves everything as it is; otherwise only flows whose group changed are touched.
void Daemon::reload()
{
    sd_notify(0, "RELOADING=1");
    auto groups = load_groups(m_config.policies);
    if (!groups) {
        m_journal.log(LogLevel::Error,
                      fmt::format("reload: {}; the old policy stays in force", groups.error().message));
        sd_notify(0, "READY=1");
        return;
    }
    m_warnings.clear();
    for (auto const& error : groups->errors) {
        m_warnings.push_back(error.to_string() + "; this line is skipped");
        m_journal.log(LogLevel::Warning, m_warnings.back());
    }
    m_groups = std::make_shared<GroupTable const>(std::move(groups->table));
    m_gatekeeper->set_groups(m_groups);
    if (auto installed = install_policies(); !installed)
        m_journal.log(LogLevel::Error, fmt::format("reload: {}", installed.error().message));
    m_table->regroup(m_groups);
    m_journal.log(LogLevel::Notice, fmt::format("reloaded: {} group lines", m_groups->lines().size()));
    sd_notify(0, "READY=1");
}

void Daemon::kernel_readable()
{
    auto batch = m_kernel_events->drain();
    if (!batch) { // the one loss that oekd cannot work without
        m_fatal = batch.error().with("the XFRM socket is lost");
        m_loop->stop(1);
        return;
    }
    for (auto const& event : batch->events) {
        if (auto const* acquire = std::get_if<xfrm::Acquire>(&event); acquire && is_ours(acquire->reqid))
            m_table->acquired(*acquire);
    }
    if (batch->overrun == xfrm::Events::Batch::Overrun::Yes)
        resynchronise();
}

/// Each larval SA stands for an acquire that may have been lost; the table knows those that were not.
void Daemon::resynchronise()
{
    auto states = m_plane->requests().states();
    if (!states) {
        m_journal.log(LogLevel::Error, fmt::format("acquires were lost: {}", states.error().message));
        return;
    }
    size_t larval = 0;
    for (auto const& state : *states) {
        if (state.spi != Spi{} || !is_ours(state.reqid))
            continue;
        ++larval;
        m_table->acquired({{state.source, state.destination}, state.reqid});
    }
    m_journal.log(LogLevel::Notice, fmt::format("the kernel dropped acquires; {} found again", larval));
}

/// The wide policies name our own addresses, so they follow them. The kernel also announces what has not
/// changed.
void Daemon::addresses_readable()
{
    auto changed = m_address_watch->drain();
    if (!changed) {
        m_journal.log(LogLevel::Error,
                      fmt::format("{}; reload oekd after each change of address", changed.error().message));
        m_address_source = {};
        return;
    }
    auto addresses = own_addresses();
    if (!addresses || *addresses == m_own_addresses)
        return;
    if (auto installed = install_policies(); !installed)
        m_journal.log(LogLevel::Error,
                      fmt::format("following a change of address: {}", installed.error().message));
}

void Daemon::mail()
{
    for (auto const& event : m_mailbox->take_all())
        m_table->ike_event(event);
}

void block_signals()
{
    sigset_t handled;
    sigemptyset(&handled);
    for (int signal : {SIGTERM, SIGINT, SIGHUP})
        sigaddset(&handled, signal);
    pthread_sigmask(SIG_BLOCK, &handled, nullptr); // before any thread starts: they inherit it
    std::signal(SIGPIPE, SIG_IGN);
}

} // namespace

Result<void> run(StartOptions const& options, Journal const& journal)
{
    block_signals();
    Daemon daemon(options, journal);
    auto result = daemon.start();
    if (result)
        result = daemon.serve();
    daemon.stop();
    return result;
}

bool check_configuration(StartOptions const& options)
{
    auto config = load_config(options.config_file, options.config_must_exist);
    if (!config) {
        fmt::print("{}\n", config.error().message);
        return false;
    }
    auto groups = load_groups(config->policies);
    if (!groups) {
        fmt::print("{}\n", groups.error().message);
        return false;
    }
    for (auto const& error : groups->errors)
        fmt::print("{}\n", error.to_string());
    if (groups->errors.empty())
        fmt::print("the configuration is good: {} group lines\n", groups->table.lines().size());
    return groups->errors.empty();
}

Result<void> release(Journal const& journal)
{
    auto plane = ForwardingPlane::open();
    if (!plane)
        return std::unexpected(plane.error());
    auto removed = plane->release_open();
    if (!removed)
        return std::unexpected(removed.error());
    journal.log(LogLevel::Notice,
                fmt::format("removed {} policies; private and block stay closed", *removed));
    return {};
}

} // namespace oekd
