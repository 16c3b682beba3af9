// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/surroundings.h"

#include "base/text_file.h"
#include "daemon/clock.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace oekd {

namespace {

using namespace std::chrono_literals;

constexpr auto address_retry = 1s;
constexpr auto clock_pause = 2s;
constexpr size_t resolv_conf_limit = size_t{64} * 1024;

} // namespace

Surroundings::Surroundings(EventLoop& loop, Journal const& journal, Options options, AddressWatch watch,
                           EventLoop::Callback changed)
    : m_loop(loop), m_journal(journal), m_options(std::move(options)), m_changed(std::move(changed)),
      m_address_watch(std::move(watch))
{}

Result<std::unique_ptr<Surroundings>> Surroundings::follow(EventLoop& loop, Journal const& journal,
                                                           Options options, EventLoop::Callback changed)
{
    auto watch = AddressWatch::open(); // before the first look, or a change in between goes unseen
    if (!watch)
        return std::unexpected(watch.error());
    auto surroundings = std::make_unique<Surroundings>(loop, journal, std::move(options), std::move(*watch),
                                                       std::move(changed));
    if (auto started = surroundings->start(); !started)
        return std::unexpected(started.error());
    return surroundings;
}

Result<void> Surroundings::start()
{
    auto source = m_loop.on_readable(m_address_watch.fd(), [this] { addresses_readable(); });
    if (!source)
        return std::unexpected(source.error());
    m_address_source = std::move(*source);
    auto own = own_addresses(m_options.interfaces);
    if (!own)
        return std::unexpected(own.error());
    m_own = std::move(*own);
    auto watch = FileWatch::start(m_loop, {m_options.resolv_conf, m_options.resolved_conf},
                                  [this] { look_at_resolvers(); });
    if (watch)
        m_resolver_watch.emplace(std::move(*watch));
    else
        m_journal.log(LogLevel::Warning, fmt::format("{}; restart oekd when {} changes",
                                                     watch.error().message, m_options.resolv_conf.native()));
    m_resolvers = read_resolvers();
    m_ntp = ask_clock();
    return {};
}

Exempt Surroundings::exempt() const
{
    Exempt exempt{.own_addresses = m_own.all, .ntp = m_ntp};
    auto const is_own = [this](Address const& server) {
        return std::ranges::binary_search(m_own.all, server);
    };
    auto const& servers = m_resolvers.on_the_wire;
    if (servers && std::ranges::none_of(*servers, is_own))
        exempt.dns_servers = *servers;
    else
        exempt.dns = Exempt::Dns::ToAny;
    return exempt;
}

// ---- addresses

void Surroundings::addresses_readable()
{
    auto const changed = m_address_watch.drain();
    if (!changed) {
        m_journal.log(LogLevel::Error,
                      fmt::format("{}; restart oekd after each change of address", changed.error().message));
        m_address_source = {};
        return;
    }
    look_at_addresses();
}

/// The kernel also announces what has not changed.
void Surroundings::look_at_addresses()
{
    auto own = own_addresses(m_options.interfaces);
    if (own && *own == m_own)
        return;
    if (own) {
        m_own = std::move(*own);
        m_changed();
        return;
    }
    m_journal.log(LogLevel::Error, fmt::format("following a change of address: {}; next try in a second",
                                               own.error().message));
    if (auto retry = m_loop.after(address_retry, [this] { look_at_addresses(); }))
        m_address_retry = std::move(*retry);
}

// ---- resolvers

void Surroundings::look_at_resolvers()
{
    auto resolvers = read_resolvers();
    if (resolvers == m_resolvers)
        return;
    m_resolvers = std::move(resolvers);
    m_changed();
}

dns::SystemResolvers Surroundings::read_resolvers() const
{
    auto asked = read_servers(m_options.resolv_conf);
    return dns::system_resolvers(std::move(asked).value_or(std::vector<dns::NameServer>{}),
                                 read_servers(m_options.resolved_conf));
}

/// nullopt where the file is missing or cannot be read.
std::optional<std::vector<dns::NameServer>>
Surroundings::read_servers(std::filesystem::path const& file) const
{
    auto const text = read_text_file(file, resolv_conf_limit);
    if (text)
        return dns::parse_resolv_conf(*text);
    if (text.error().code != ErrorCode::NotFound)
        m_journal.log(LogLevel::Warning, fmt::format("{}; it names no resolver", text.error().message));
    return std::nullopt;
}

// ---- clock

void Surroundings::look_at_clock()
{
    auto const ntp = ask_clock();
    if (std::exchange(m_ntp, ntp) != ntp)
        m_changed();
}

/// Asks again later as long as it is not set. Once it is, it stays exact enough for signatures.
Exempt::Ntp Surroundings::ask_clock()
{
    m_clock_timer = {};
    auto const clock = clock_state();
    if (!clock)
        m_journal.log(LogLevel::Warning, fmt::format("{}; NTP is not exempt", clock.error().message));
    if (!clock || *clock == Clock::Synchronised)
        return Exempt::Ntp::Trapped;
    if (auto timer = m_loop.after(clock_pause, [this] { look_at_clock(); }))
        m_clock_timer = std::move(*timer);
    return Exempt::Ntp::ToAny;
}

} // namespace oekd
