// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/event_loop.h"
#include "dns/latencies.h"
#include "dns/resolver.h"
#include "dns/unbound_context.h"

#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <vector>

struct ub_result;

namespace oekd::dns {

/// libunbound: resolves and validates in a thread of its own, with a cache; nothing here waits.
class UnboundResolver final : public Resolver {
public:
    struct Options {
        UnboundSettings context;
        std::chrono::milliseconds deadline{5'000}; ///< of a look-up
        /// In libunbound at the same time, also those that nobody waits for any more; more get no answer.
        /// Each takes 12 kB.
        size_t max_lookups = 4'000;
    };
    struct Statistics {
        uint64_t asked = 0;
        uint64_t validated = 0; ///< signed answers, also that there is none
        uint64_t insecure = 0;
        uint64_t bogus = 0;
        uint64_t indeterminate = 0;
        uint64_t failed = 0;  ///< no server answers, or each refuses
        uint64_t late = 0;    ///< no answer within the deadline
        uint64_t refused = 0; ///< as too many were under way
        Latencies latencies;  ///< of answers in time
    };

    /// Fails where a trust anchor or the root hints cannot be read.
    static Result<std::unique_ptr<UnboundResolver>> open(EventLoop& loop, Options options);
    ~UnboundResolver() override;

    [[nodiscard]] std::unique_ptr<Lookup> ask(std::string const& name, RecordType type,
                                              Answered answered) override;
    /// Asks these from now on, also what is under way. The cache is lost. Not from within an answer.
    Result<void> forward_to(std::vector<NameServer> servers);
    [[nodiscard]] std::vector<NameServer> const& forwarders() const { return m_options.context.forwarders; }
    [[nodiscard]] Statistics const& statistics() const { return m_statistics; }

    UnboundResolver(EventLoop& loop, Options options) : m_loop(loop), m_options(std::move(options)) {}

private:
    class Question;
    /// One look-up in libunbound, which has its address until it answers. Nothing ends it earlier: what is
    /// withdrawn keeps its sockets and its memory, so it counts.
    struct Query {
        UnboundResolver& resolver;
        Question* question; ///< nullptr: nobody waits any more
        std::list<Query>::iterator place;
    };

    Result<void> start(UnboundContext context);
    void process();
    void count(Answer const& answer, EventLoop::Clock::time_point asked);

    EventLoop& m_loop;
    Options m_options;
    UnboundContext m_context;
    EventSource m_readable;
    Statistics m_statistics;
    std::list<Query> m_queries;
    std::list<Question*> m_questions; ///< that wait for an answer; whoever asked owns them
};

} // namespace oekd::dns
