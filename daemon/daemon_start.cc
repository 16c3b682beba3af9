// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/clock.h"
#include "daemon/daemon.h"
#include "kernel-glue/priorities.h"
#include "keys/fingerprint.h"
#include "keys/private_key.h"

#include <csignal>
#include <fmt/format.h>

namespace oekd {

Result<void> Daemon::load()
{
    auto config = load_config(m_options.config_file, m_options.config_must_exist);
    if (!config)
        return std::unexpected(config.error());
    m_config = std::move(*config);
    auto groups = load_groups(m_config.policies, m_config.groups);
    if (!groups)
        return std::unexpected(groups.error());
    m_groups = std::make_shared<GroupTable const>(std::move(groups->table));
    m_written = {m_groups, std::move(groups->names)};
    m_warnings = report(groups->errors);
    return {};
}

std::vector<std::string> Daemon::report(std::vector<LineError> const& errors) const
{
    std::vector<std::string> warnings;
    for (auto const& error : errors) {
        warnings.push_back(error.to_string() + "; this line is skipped");
        m_journal.log(LogLevel::Warning, warnings.back());
    }
    return warnings;
}

Result<void> Daemon::open_kernel()
{
    auto plane = ForwardingPlane::open();
    if (!plane)
        return std::unexpected(plane.error());
    m_plane.emplace(std::move(*plane));
    if (auto warm = m_plane->requests().warm_up(); !warm)
        return warm;
    auto conversations = Conversations::open();
    if (!conversations)
        return std::unexpected(conversations.error());
    m_conversations.emplace(std::move(*conversations));
    auto events = xfrm::Events::open(m_config.event_buffer);
    if (!events)
        return std::unexpected(events.error());
    m_kernel_events.emplace(std::move(*events));
    auto surroundings =
        Surroundings::follow(*m_loop, m_journal, m_config.surroundings, [this] { follow_surroundings(); });
    if (!surroundings)
        return std::unexpected(surroundings.error());
    m_surroundings = std::move(*surroundings);
    auto sysctls = Sysctls::set();
    if (!sysctls)
        return std::unexpected(sysctls.error());
    m_sysctls.emplace(std::move(*sysctls));
    return {};
}

/// Names are asked about from now on; until they are answered the lines that are written hold.
Result<void> Daemon::start_dns()
{
    auto const& anchor = m_config.dns.trust_anchor;
    dns::UnboundResolver::Options options;
    options.context.forwarders = m_surroundings->resolvers().asked;
    if (anchor != default_trust_anchor || std::filesystem::exists(anchor))
        options.context.trust_anchors = {anchor};
    auto resolver = dns::UnboundResolver::open(*m_loop, std::move(options));
    if (!resolver)
        return std::unexpected(resolver.error());
    m_resolver = std::move(*resolver);
    m_names =
        std::make_unique<NamedGroups>(*m_loop, *m_resolver, m_journal, m_config, [this] { names_changed(); });
    m_names->use(std::exchange(m_written, {}));
    m_keys = std::make_unique<dns::KeyLookup>(
        *m_loop, *m_resolver,
        dns::KeyLookup::Options{.deadline = m_config.dns.deadline, .shortest_ttl = m_config.dns.shortest_ttl},
        [] { return clock_state() == Clock::Synchronised; });
    m_key_source.emplace(*m_keys);
    m_identities.emplace(*m_loop, *m_key_source, m_journal,
                         m_config.ike.own_key.transform([](OwnKey const& key) { return key.public_key; }),
                         !m_config.ike.own_name.empty());
    m_identities->use(m_surroundings->own().flow_ends);
    return {};
}

/// Without a key we are anonymous; that a file is missing is an error only where somebody has named it.
Result<void> Daemon::load_key()
{
    auto const key = keys::PrivateKey::load(m_config.key);
    if (!key) {
        bool const is_none = key.error().code == ErrorCode::NotFound && m_config.key == default_key;
        return is_none ? Result<void>{} : std::unexpected(key.error());
    }
    auto const pem = key->pkcs8_pem();
    if (!pem)
        return std::unexpected(pem.error());
    m_config.ike.own_key = OwnKey{std::string(pem->view()), key->public_key()};
    m_journal.log(LogLevel::Info, fmt::format("our key: {} {}", keys::kind_of(key->public_key()),
                                              keys::short_fingerprint(key->public_key())));
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
    m_gatekeeper.emplace(m_groups, std::move(*policies), *m_limited);
    if (m_config.ike.own_key)
        m_gatekeeper->use_own_key();
    m_reqids.emplace(flow_reqid_first, flow_reqid_last);
    // A stranger can make libcharon talk; what becomes of a flow is logged by the table.
    m_config.ike.log = [this](int, std::string_view line) {
        m_journal.log(LogLevel::Debug, fmt::format("ike: {}", line));
    };
    m_config.ike.incoming = Incoming::Ask;
    auto ike = Ike::start(m_config.ike, *m_gatekeeper, *m_reqids, *m_mailbox);
    if (!ike)
        return std::unexpected(ike.error());
    m_ike = std::move(*ike);
    m_incoming.emplace(
        *m_key_source, *m_identities, m_groups,
        IncomingPeers::Replies{[this](KeysWanted const& question, Authentication authentication) {
                                   m_ike->answer(question, std::move(authentication));
                               },
                               [this](KeysWanted const& question) { m_ike->refuse(question); }});
    return {};
}

Result<void> Daemon::install_policies()
{
    auto const& own = m_surroundings->own();
    auto const exempt = m_surroundings->exempt();
    m_installed = true;
    auto taken = m_plane->install(*m_groups, own.flow_ends, exempt);
    if (!taken)
        return std::unexpected(taken.error());
    auto warnings = m_warnings;
    for (auto const& line : *taken) {
        warnings.push_back(fmt::format("{}:{}: {} has an IPsec policy of another program, which wins",
                                       line.file, line.line, line.network.to_string()));
        m_journal.log(LogLevel::Warning, warnings.back());
    }
    m_views->set_warnings(std::move(warnings));
    m_views->set_explicit(std::move(*taken));
    m_views->set_exempt(exempt, own.tunnels_left_out);
    m_table->keep_local(own.flow_ends);
    m_identities->use(own.flow_ends);
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
    if (auto kept = keep(m_loop->on_signal(SIGHUP, [this] { (void)reload(); })); !kept)
        return kept;
    if (auto kept = keep(m_loop->on_readable(m_kernel_events->fd(), [this] { kernel_readable(); })); !kept)
        return kept;
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
    auto limited = LimitedJournal::create(*m_loop, m_journal, m_counters);
    if (!limited)
        return std::unexpected(limited.error());
    m_limited = std::move(*limited);
    if (auto opened = open_kernel(); !opened)
        return opened;
    if (auto loaded = load_key(); !loaded)
        return loaded;
    if (auto started = start_dns(); !started)
        return started;
    if (auto started = start_ike(); !started)
        return started;
    m_enforcer.emplace(*m_plane, *m_conversations, *m_ike, *m_identities);
    m_table.emplace(
        *m_loop, *m_enforcer, *m_reqids, *m_limited, m_counters, *m_key_source,
        [this](Decision const& decision) { decided(decision); }, m_groups,
        ConnectionTable::Options{m_config.timing, m_config.max_flows, m_config.probe});
    m_views.emplace(*m_table, *m_enforcer, m_counters, m_config);
    m_views->show_names(*m_names);
    m_views->show_identities(*m_identities);
    auto control = ControlServer::listen(*m_loop, m_config.control, {*m_views, *this});
    if (!control)
        return std::unexpected(control.error());
    m_control = std::move(*control);
    if (auto watching = watch(); !watching)
        return watching;
    // Last: from here on packets are held, and peers are answered.
    auto installed = install_policies();
    if (installed)
        m_gatekeeper->open();
    return installed;
}

} // namespace oekd
