// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/daemon.h"

#include "kernel-glue/priorities.h"

#include <algorithm>
#include <fmt/format.h>
#include <systemd/sd-daemon.h>

namespace oekd {

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
/// consistent. Only who was asked to end opens `private` and `block`.
void Daemon::stop(Ending ending)
{
    sd_notify(0, "STOPPING=1");
    m_control.reset();
    m_sources.clear();
    m_surroundings.reset();
    m_install_retry = {};
    m_names_retry = {};
    if (m_gatekeeper)
        m_gatekeeper->close();
    m_ike.reset();
    m_table.reset();
    m_incoming.reset();
    m_identities.reset();
    m_names.reset();
    m_keys.reset();
    m_resolver.reset();
    if (!m_installed)
        return;
    Result<void> removed;
    if (ending == Ending::Asked)
        removed = m_plane->remove_all();
    else if (auto opened = m_plane->release_open(); !opened)
        removed = std::unexpected(opened.error());
    if (!removed)
        m_journal.log(LogLevel::Error,
                      fmt::format("some policies are left in the kernel: {}", removed.error().message));
}

/// What cannot be loaded leaves everything as it is; otherwise only flows whose group changed are touched.
Result<ReloadView> Daemon::reload()
{
    sd_notify(0, "RELOADING=1");
    auto const done = load_and_install();
    sd_notify(0, "READY=1");
    m_counters.reloads.add({done ? "done" : "failed"});
    if (!done) {
        auto error = done.error();
        error.message += "; the old policy stays in force";
        m_journal.log(LogLevel::Error, error.with("reload").message);
        return std::unexpected(error);
    }
    auto const lines = m_groups->lines().size();
    m_journal.log(LogLevel::Notice, fmt::format("reloaded: {} group lines", lines));
    return ReloadView{lines, m_views->warnings()};
}

Result<void> Daemon::load_and_install()
{
    auto groups = load_groups(m_config.policies, m_config.groups);
    if (!groups)
        return std::unexpected(groups.error());
    auto const previous = m_names->written();
    auto previous_warnings = std::exchange(m_warnings, report(groups->errors));
    m_names->use({std::make_shared<GroupTable const>(std::move(groups->table)), std::move(groups->names)});
    auto done = put_in_force(m_names->table());
    if (!done) {
        m_names->use(previous);
        m_warnings = std::move(previous_warnings);
        restore();
    }
    return done;
}

/// Where it fails, m_groups is as before; the kernel may have some of the new.
Result<void> Daemon::put_in_force(std::shared_ptr<GroupTable const> groups)
{
    auto const previous = std::exchange(m_groups, std::move(groups));
    if (auto installed = install_policies(); !installed) {
        m_groups = previous;
        return installed;
    }
    m_gatekeeper->set_groups(m_groups);
    m_incoming->set_groups(m_groups);
    m_table->regroup(m_groups);
    return {};
}

void Daemon::restore()
{
    if (auto restored = install_policies(); !restored)
        m_journal.log(LogLevel::Error, restored.error().message);
}

/// Host names in the group files stand for other addresses than before.
void Daemon::names_changed()
{
    auto groups = m_names->table();
    if (groups == m_groups)
        return;
    auto const done = put_in_force(std::move(groups));
    if (done) {
        m_journal.log(LogLevel::Info, fmt::format("host names have other addresses: {} group lines",
                                                  m_groups->lines().size()));
        return;
    }
    m_journal.log(
        LogLevel::Error,
        fmt::format("following the addresses of host names: {}; next try in a second", done.error().message));
    restore();
    if (auto retry = m_loop->after(std::chrono::seconds{1}, [this] { names_changed(); }))
        m_names_retry = std::move(*retry);
}

// First what waits where, then the decisions: a queue that is looked at while one of its packets is undecided
// loses that packet. Until another trap is in front, more packets come to those that are known by now.
void Daemon::kernel_readable()
{
    constexpr int most_rounds = 16; // somebody may send without pause
    std::vector<xfrm::Acquire> acquires;
    bool lost = false;
    for (int round = 0; round < most_rounds; ++round) {
        auto batch = m_kernel_events->drain();
        if (!batch) { // the one loss that oekd cannot work without
            m_fatal = batch.error().with("the XFRM socket is lost");
            m_loop->stop(1);
            return;
        }
        lost = lost || batch->overrun == xfrm::Events::Batch::Overrun::Yes || batch->malformed > 0;
        auto const known = acquires.size();
        for (auto const& event : batch->events)
            if (auto const* acquire = std::get_if<xfrm::Acquire>(&event); acquire && is_ours(acquire->reqid))
                acquires.push_back(*acquire);
        if (acquires.size() == known)
            break;
        std::for_each(acquires.begin() + static_cast<ptrdiff_t>(known), acquires.end(),
                      [this](auto const& acquire) { note(acquire); });
    }
    for (auto const& acquire : acquires)
        m_table->acquired(acquire);
    if (lost)
        resynchronise();
}

void Daemon::note(xfrm::Acquire const& acquire)
{
    m_counters.acquires.add();
    if (auto queued = m_plane->queued(acquire); !queued)
        m_limited->log(LimitedJournal::Kind::Trouble, LogLevel::Warning, queued.error().message);
}

/// Each larval SA stands for an acquire that may have been lost; the table knows those that were not.
void Daemon::resynchronise()
{
    m_counters.acquire_overruns.add();
    auto states = m_plane->requests().states();
    if (!states) {
        m_journal.log(LogLevel::Error, fmt::format("acquires were lost: {}", states.error().message));
        return;
    }
    auto const before = m_counters.acquires_found_again.value();
    for (auto const& state : *states) {
        if (state.spi != Spi{} || !is_ours(state.reqid))
            continue;
        m_table->found_larval(state);
    }
    m_limited->log(
        LimitedJournal::Kind::Trouble, LogLevel::Notice,
        fmt::format("acquires were lost; {} found again", m_counters.acquires_found_again.value() - before));
}

/// Addresses, resolvers or the clock have changed; flows from addresses that are gone end.
void Daemon::follow_surroundings()
{
    auto const& resolvers = m_surroundings->resolvers().asked;
    if (resolvers != m_resolver->forwarders()) {
        if (auto forwarded = m_resolver->forward_to(resolvers); !forwarded)
            m_journal.log(LogLevel::Error, forwarded.error().message);
        m_names->retry();
    }
    auto const followed = install_policies();
    if (followed)
        return;
    m_journal.log(LogLevel::Error, fmt::format("following this host's addresses and resolvers: {}; next try "
                                               "in a second",
                                               followed.error().message));
    if (auto retry = m_loop->after(std::chrono::seconds{1}, [this] { follow_surroundings(); }))
        m_install_retry = std::move(*retry);
}

void Daemon::decided(Decision const& decision)
{
    m_counters.decisions.add({to_string(decision.before), to_string(decision.after)});
    m_limited->log(LimitedJournal::Kind::Decision, decision.is_outcome() ? LogLevel::Info : LogLevel::Debug,
                   fmt::format("{}: {}: {}", decision.flow.to_string(), decision.change(), decision.why),
                   {{"OEKD_REMOTE", decision.flow.remote.to_string()},
                    {"OEKD_LOCAL", decision.flow.local.to_string()},
                    {"OEKD_STATE", std::string(to_string(decision.after))},
                    {"OEKD_PROTECTION", std::string(to_string(decision.protection))},
                    {"OEKD_GROUP", std::string(to_string(decision.group))}});
    if (m_control) // not yet, or no longer, at both ends of our life
        m_control->announce(decision);
}

void Daemon::mail()
{
    for (auto const& event : m_mailbox->take_all()) {
        if (auto const* question = std::get_if<KeysWanted>(&event))
            m_incoming->wanted(*question);
        else
            m_table->ike_event(event);
    }
}

} // namespace oekd
