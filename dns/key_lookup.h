// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/event_loop.h"
#include "dns/key_cache.h"
#include "dns/key_search.h"
#include "dns/latencies.h"
#include "dns/named_search.h"
#include "dns/waiting.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace oekd::dns {

/// Who may speak for an address or a name, by the DNS. For the loop's thread; nothing here waits.
///
/// Whoever asks hears within the deadline. A search goes on after it, and what it finds is remembered: so the
/// next one to ask hears at once. Many who ask for one address share a search.
class KeyLookup {
public:
    struct Options {
        std::chrono::milliseconds deadline{1'000}; ///< after it there is no answer
        size_t max_searches = 1'000;               ///< at the same time; more get no answer
        size_t max_remembered = 10'000;            ///< addresses
        std::chrono::seconds shortest_ttl{30};     ///< a zone's TTL counts within these
        std::chrono::seconds longest_ttl{24 * 3600};
        std::chrono::seconds longest_bad_ttl{60}; ///< of what was forged or is broken: asked for again soon
    };
    struct Statistics {
        uint64_t asked = 0;      ///< all that ask() and ask_name() were called for, and known() that knew
        uint64_t remembered = 0; ///< answered from what was known already
        uint64_t shared = 0;     ///< with a search that was under way
        uint64_t refused = 0;    ///< as too many searches were under way, or a name was none
        uint64_t late = 0;       ///< no answer in time
        // How searches for addresses ended:
        uint64_t with_dnssec = 0;
        uint64_t unsigned_keys = 0;
        uint64_t without_key = 0;
        uint64_t bad = 0;
        uint64_t unavailable = 0;
        Latencies latencies; ///< of searches for addresses
    };
    using Answered = std::function<void(KeyAnswer)>;
    using NameAnswered = std::function<void(NamedAnswer)>;

    KeyLookup(EventLoop& loop, Resolver& resolver, Options options,
              std::function<bool()> clock_is_synchronised);
    ~KeyLookup();
    KeyLookup(KeyLookup const&) = delete;
    KeyLookup& operator=(KeyLookup const&) = delete;

    /// What is remembered about an address, with the rest of its TTL; nullopt where somebody must be asked.
    [[nodiscard]] std::optional<KeyAnswer> known(Address const& address);
    /// `answered` is called once, from the loop, never before this has returned. How many may ask for the
    /// same address at the same time, is for the caller to bound.
    [[nodiscard]] std::unique_ptr<Lookup> ask(Address const& address, Answered answered);
    /// The same for a name, any text; nothing of it is remembered here.
    [[nodiscard]] std::unique_ptr<Lookup> ask_name(std::string const& name, NameAnswered answered);

    /// The next to ask hears what the DNS says then.
    void forget(Address const& address) { m_cache.erase(address); }
    void forget_all() { m_cache.clear(); }

    [[nodiscard]] Statistics const& statistics() const { return m_statistics; }
    [[nodiscard]] size_t under_way() const { return m_searches.size() + m_named.size(); }

private:
    class WaitingForName;
    struct Search {
        EventLoop::Clock::time_point began;
        Waiting<KeyAnswer>::List waiting; ///< whoever asked owns them
        std::optional<KeySearch> search;
    };
    using Searches = std::map<Address, Search>;

    [[nodiscard]] std::optional<KeyAnswer> remembered(Address const& address);
    [[nodiscard]] std::unique_ptr<Lookup> at_once(Answered answered, KeyAnswer answer);
    [[nodiscard]] Unavailable too_late();
    [[nodiscard]] std::string refusal() const;
    [[nodiscard]] bool make_room();
    Searches::iterator begin(Address const& address);
    void ended(Address const& address, KeyAnswer answer);
    void count(KeyAnswer const& answer, std::chrono::microseconds latency);
    [[nodiscard]] std::optional<std::chrono::seconds> clamped_ttl(KeyAnswer const& answer) const;

    EventLoop& m_loop;
    Options m_options;
    SearchMeans m_means;
    KeyCache m_cache;
    Statistics m_statistics;
    Searches m_searches;
    Waiting<KeyAnswer>::List m_answered; ///< those who hear what is known already
    Waiting<NamedAnswer>::List m_named;
};

} // namespace oekd::dns
