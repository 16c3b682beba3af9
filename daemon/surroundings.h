// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/event_loop.h"
#include "base/file_watch.h"
#include "base/journal.h"
#include "dns/resolv_conf.h"
#include "kernel-glue/address_watch.h"
#include "kernel-glue/exemptions.h"
#include "kernel-glue/own_addresses.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace oekd {

/// What the policies depend on besides the group files: this host's addresses, its resolvers, its clock. Kept
/// current, and whoever asked for it is told of changes. For the loop's thread.
class Surroundings {
public:
    struct Options {
        std::vector<std::string> interfaces; ///< tunnel devices that count like others, as patterns
        std::filesystem::path resolv_conf = "/etc/resolv.conf";
        std::filesystem::path resolved_conf = "/run/systemd/resolve/resolv.conf"; ///< systemd-resolved's own
    };

    /// Reads everything once. Only the addresses are indispensable: without the others DNS and NTP are exempt
    /// to anybody or to nobody, and the journal says why.
    static Result<std::unique_ptr<Surroundings>> follow(EventLoop& loop, Journal const& journal,
                                                        Options options, EventLoop::Callback changed);

    [[nodiscard]] OwnAddresses const& own() const { return m_own; }
    [[nodiscard]] dns::SystemResolvers const& resolvers() const { return m_resolvers; }
    [[nodiscard]] Exempt exempt() const;

    Surroundings(EventLoop& loop, Journal const& journal, Options options, AddressWatch watch,
                 EventLoop::Callback changed);

private:
    Result<void> start();
    void addresses_readable();
    void look_at_addresses();
    void look_at_resolvers();
    void look_at_clock();
    Exempt::Ntp ask_clock();
    [[nodiscard]] dns::SystemResolvers read_resolvers() const;
    [[nodiscard]] std::optional<std::vector<dns::NameServer>>
    read_servers(std::filesystem::path const& file) const;

    EventLoop& m_loop;
    Journal const& m_journal;
    Options m_options;
    EventLoop::Callback m_changed;

    OwnAddresses m_own;
    dns::SystemResolvers m_resolvers;
    Exempt::Ntp m_ntp = Exempt::Ntp::Trapped;

    AddressWatch m_address_watch;
    std::optional<FileWatch> m_resolver_watch;
    EventSource m_address_source;
    EventSource m_address_retry;
    EventSource m_clock_timer;
};

} // namespace oekd
