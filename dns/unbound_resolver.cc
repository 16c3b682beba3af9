// SPDX-License-Identifier: GPL-2.0-or-later
#include "dns/unbound_resolver.h"

#include "base/plain_text.h"
#include "dns/unbound_answer.h"

#include <array>
#include <fmt/format.h>
#include <unbound.h>
#include <utility>

namespace oekd::dns {

namespace {

constexpr int class_in = 1; // RFC 1035 §3.2.4

using UnboundResult = Handle<ub_result, ub_resolve_free>;

/// unbound.conf(5). Its caches are small, as few names are asked for.
constexpr std::array<std::pair<char const*, char const*>, 8> settings{{
    {"do-not-query-localhost:", "no"}, // the host's resolver may be one here
    {"unblock-lan-zones:", "yes"},     // and knows private addresses' names
    {"insecure-lan-zones:", "yes"},
    {"infra-host-ttl:", "5"}, // a server that was down is soon asked again
    {"msg-cache-size:", "1m"},
    {"rrset-cache-size:", "2m"},
    {"key-cache-size:", "1m"},
    {"neg-cache-size:", "256k"},
}};

Result<void> checked(int result, std::string_view what)
{
    if (result == 0)
        return {};
    return fail(ErrorCode::System, fmt::format("{}: {}", what, ub_strerror(result)));
}

std::string text_of(NameServer const& server)
{
    auto const address = server.address.to_string();
    return server.zone.empty() ? address : fmt::format("{}%{}", address, server.zone);
}

} // namespace

/// One look-up in libunbound, which has its address until it answers or is cancelled.
class UnboundResolver::Question final : public Lookup {
public:
    Question(UnboundResolver& resolver, std::string name, RecordType type, Answered answered)
        : m_resolver(&resolver), m_name(std::move(name)), m_type(type), m_answered(std::move(answered))
    {
        m_place = resolver.m_questions.insert(resolver.m_questions.end(), this);
    }
    ~Question() override { end(); }
    Question(Question const&) = delete;
    Question& operator=(Question const&) = delete;

    void send();
    void answer_later(std::chrono::milliseconds delay, std::string why);
    void forget_context() { m_id.reset(); }
    /// The resolver is going.
    void abandon()
    {
        m_timer = {};
        m_resolver = nullptr;
    }

private:
    static void on_answer(void* question, int error, ub_result* result) noexcept;
    void answer(Answer answer);
    void end();

    UnboundResolver* m_resolver; ///< nullptr once it is answered
    std::string m_name;
    RecordType m_type;
    Answered m_answered;
    std::list<Question*>::iterator m_place;
    std::optional<int> m_id; ///< libunbound's
    EventSource m_timer;
};

void UnboundResolver::Question::send()
{
    int id = 0;
    int const result = ub_resolve_async(m_resolver->m_context.get(), m_name.c_str(), static_cast<int>(m_type),
                                        class_in, this, on_answer, &id);
    if (result == 0)
        m_id = id;
    else
        answer_later({}, ub_strerror(result));
}

/// Unless there is another answer first.
void UnboundResolver::Question::answer_later(std::chrono::milliseconds delay, std::string why)
{
    auto timer = m_resolver->m_loop.after(delay, [this, why] { answer(NoAnswer{why}); });
    if (timer)
        m_timer = std::move(*timer);
}

void UnboundResolver::Question::on_answer(void* question, int error, ub_result* raw) noexcept
{
    UnboundResult const result(raw);
    auto& self = *static_cast<Question*>(question);
    self.m_id.reset();
    self.answer(result ? answer_of(*result) : NoAnswer{ub_strerror(error)});
}

/// Whoever asked may destroy us in it.
void UnboundResolver::Question::answer(Answer answer)
{
    end();
    auto const answered = std::move(m_answered);
    answered(std::move(answer));
}

void UnboundResolver::Question::end()
{
    auto* resolver = std::exchange(m_resolver, nullptr);
    if (!resolver)
        return;
    m_timer = {};
    resolver->m_questions.erase(m_place);
    if (auto const id = std::exchange(m_id, std::nullopt))
        ub_cancel(resolver->m_context.get(), *id);
}

Result<std::unique_ptr<UnboundResolver>> UnboundResolver::open(EventLoop& loop, Options options)
{
    auto resolver = std::make_unique<UnboundResolver>(loop, std::move(options));
    auto context = resolver->make_context();
    if (!context)
        return std::unexpected(context.error());
    if (auto started = resolver->start(std::move(*context)); !started)
        return std::unexpected(started.error());
    return resolver;
}

UnboundResolver::~UnboundResolver()
{
    for (auto* question : m_questions)
        question->abandon();
}

Result<UnboundResolver::Context> UnboundResolver::make_context() const
{
    Context context(ub_ctx_create());
    if (!context)
        return fail(ErrorCode::System, "starting the resolver: out of memory");
    auto done = checked(ub_ctx_debugout(context.get(), nullptr), "silencing the resolver");
    if (done)
        done = checked(ub_ctx_async(context.get(), 1), "giving the resolver a thread");
    for (auto const& [name, value] : settings)
        if (done)
            done = checked(ub_ctx_set_option(context.get(), name, value), name);
    for (auto const& server : m_options.forwarders)
        if (done)
            done = checked(ub_ctx_set_fwd(context.get(), text_of(server).c_str()), text_of(server));
    if (m_options.trust_anchor && done)
        done = checked(ub_ctx_add_ta_file(context.get(), m_options.trust_anchor->c_str()),
                       m_options.trust_anchor->native());
    if (!done)
        return std::unexpected(done.error());
    // Any request to change its zones makes it read what it was told; else only the first question would.
    int const read = ub_ctx_zone_remove(context.get(), "invalid.");
    if (read == 0)
        return context;
    auto const anchor = m_options.trust_anchor ? plain_text(m_options.trust_anchor->native()) : "none";
    return fail(
        ErrorCode::Configuration,
        fmt::format("the resolver does not start with the trust anchor {}: {}", anchor, ub_strerror(read)));
}

Result<void> UnboundResolver::start(Context context)
{
    auto source = m_loop.on_readable(ub_fd(context.get()), [this] { process(); });
    if (!source)
        return std::unexpected(source.error());
    m_readable = std::move(*source);
    m_context = std::move(context);
    return {};
}

void UnboundResolver::process() { ub_process(m_context.get()); }

std::unique_ptr<Lookup> UnboundResolver::ask(std::string const& name, RecordType type, Answered answered)
{
    bool const too_many = m_questions.size() >= m_options.max_lookups;
    auto question = std::make_unique<Question>(*this, name, type, std::move(answered));
    if (too_many) {
        question->answer_later({}, fmt::format("{} look-ups are under way", m_options.max_lookups));
        return question;
    }
    question->answer_later(m_options.deadline, "no answer in time");
    question->send();
    return question;
}

Result<void> UnboundResolver::forward_to(std::vector<NameServer> servers)
{
    auto const previous = std::exchange(m_options.forwarders, std::move(servers));
    auto context = make_context();
    if (!context) {
        m_options.forwarders = previous;
        return std::unexpected(context.error());
    }
    for (auto* question : m_questions)
        question->forget_context();
    m_readable = {};
    if (auto started = start(std::move(*context)); !started)
        return started;
    for (auto* question : m_questions)
        question->send();
    return {};
}

} // namespace oekd::dns
