// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/event_loop.h"
#include "dns/host_record.h"
#include "dns/resolver.h"

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace oekd::dns {

/// Names and their addresses, kept current by their TTL. For the loop's thread.
class HostNames {
public:
    struct Options {
        std::chrono::seconds shortest_ttl{30};
        size_t max_asked = 16; ///< names at the same time; the others wait for their turn
    };

    /// `changed` is called, once for what comes within a moment, when some name's addresses are others.
    HostNames(EventLoop& loop, Resolver& resolver, Options options, EventLoop::Callback changed);
    HostNames(HostNames const&) = delete;
    HostNames& operator=(HostNames const&) = delete;

    /// These are the names from now on. What is known of those that stay is kept.
    void watch(std::vector<std::string> const& names);
    /// What is known of a name; nullptr where it is not watched.
    [[nodiscard]] HostRecord const* find(std::string const& name) const;
    /// Asks at once about the names that have no answer: there may be a better resolver.
    void retry();

private:
    struct Host {
        HostRecord record;
        std::unique_ptr<Lookup> v4_lookup;
        std::unique_ptr<Lookup> v6_lookup;
        std::optional<Answer> v4;
        std::optional<Answer> v6;
        EventSource timer; ///< until it is asked about again
    };

    void want(std::string const& name);
    void ask_next();
    void ask(std::string const& name, Host& host);
    void answered(std::string const& name);
    void tell();

    EventLoop& m_loop;
    Resolver& m_resolver;
    Options m_options;
    EventLoop::Callback m_changed;
    std::map<std::string, Host> m_hosts;
    std::deque<std::string> m_waiting;
    size_t m_asked = 0;
    EventSource m_telling;
};

} // namespace oekd::dns
