// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/event_loop.h"
#include "base/handle.h"
#include "dns/resolv_conf.h"
#include "dns/resolver.h"

#include <chrono>
#include <filesystem>
#include <list>
#include <memory>
#include <optional>

struct ub_ctx;
struct ub_result;
extern "C" void ub_ctx_delete(ub_ctx*);

namespace oekd::dns {

/// libunbound: resolves and validates in a thread of its own, with a cache; nothing here waits.
class UnboundResolver final : public Resolver {
public:
    struct Options {
        std::vector<NameServer> forwarders;                ///< none: asks the servers of the zones itself
        std::optional<std::filesystem::path> trust_anchor; ///< none: every answer is unsigned
        std::chrono::milliseconds deadline{5'000};         ///< of a look-up
        size_t max_lookups = 256;                          ///< more at the same time get no answer
    };

    /// Fails where the trust anchor cannot be read.
    static Result<std::unique_ptr<UnboundResolver>> open(EventLoop& loop, Options options);
    ~UnboundResolver() override;

    [[nodiscard]] std::unique_ptr<Lookup> ask(std::string const& name, RecordType type,
                                              Answered answered) override;
    /// Asks these from now on, also what is under way. The cache is lost. Not from within an answer.
    Result<void> forward_to(std::vector<NameServer> servers);
    [[nodiscard]] std::vector<NameServer> const& forwarders() const { return m_options.forwarders; }

    UnboundResolver(EventLoop& loop, Options options) : m_loop(loop), m_options(std::move(options)) {}

private:
    class Question;
    using Context = Handle<ub_ctx, ub_ctx_delete>;

    [[nodiscard]] Result<Context> make_context() const;
    Result<void> start(Context context);
    void process();

    EventLoop& m_loop;
    Options m_options;
    Context m_context;
    EventSource m_readable;
    std::list<Question*> m_questions; ///< under way; whoever asked owns them
};

} // namespace oekd::dns
