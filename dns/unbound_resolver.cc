// SPDX-License-Identifier: GPL-2.0-or-later
#include "dns/unbound_resolver.h"

#include "dns/unbound_answer.h"

#include <fmt/format.h>
#include <unbound.h>
#include <utility>

namespace oekd::dns {

namespace {

constexpr int class_in = 1; // RFC 1035 §3.2.4

using UnboundResult = Handle<ub_result, ub_resolve_free>;
using Statistics = UnboundResolver::Statistics;

uint64_t Statistics::* counter_of(Security security)
{
    switch (security) {
    case Security::Signed: return &Statistics::validated;
    case Security::Unsigned: return &Statistics::insecure;
    case Security::Bogus: return &Statistics::bogus;
    case Security::Indeterminate: return &Statistics::indeterminate;
    }
    return &Statistics::failed;
}

uint64_t Statistics::* counter_of(Answer const& answer)
{
    if (auto const* records = std::get_if<Records>(&answer))
        return counter_of(records->security);
    if (auto const* none = std::get_if<NoRecord>(&answer))
        return counter_of(none->security);
    return &Statistics::failed;
}

} // namespace

/// Somebody who waits for an answer.
class UnboundResolver::Question final : public Lookup {
public:
    Question(UnboundResolver& resolver, std::string name, RecordType type, Answered answered)
        : m_resolver(&resolver), m_name(std::move(name)), m_type(type), m_answered(std::move(answered)),
          m_asked(resolver.m_loop.now())
    {
        m_place = resolver.m_questions.insert(resolver.m_questions.end(), this);
    }
    ~Question() override { end(); }
    Question(Question const&) = delete;
    Question& operator=(Question const&) = delete;

    void send();
    void answer_later(std::chrono::milliseconds delay, std::string why, uint64_t Statistics::* count);
    void forget_context() { m_query = nullptr; }
    /// The resolver is going.
    void abandon()
    {
        m_timer = {};
        m_resolver = nullptr;
    }

private:
    static void on_answer(void* query, int error, ub_result* result) noexcept;
    void answer(Answer answer);
    void end();

    UnboundResolver* m_resolver; ///< nullptr once it is answered
    std::string m_name;
    RecordType m_type;
    Answered m_answered;
    EventLoop::Clock::time_point m_asked;
    std::list<Question*>::iterator m_place;
    Query* m_query = nullptr; ///< libunbound's
    EventSource m_timer;
};

void UnboundResolver::Question::send()
{
    auto& queries = m_resolver->m_queries;
    auto const place = queries.insert(queries.end(), {*m_resolver, this, {}});
    place->place = place;
    m_query = &*place;
    int const result = ub_resolve_async(m_resolver->m_context.get(), m_name.c_str(), static_cast<int>(m_type),
                                        class_in, m_query, on_answer, nullptr);
    if (result == 0)
        return;
    m_query = nullptr;
    queries.erase(place);
    answer_later({}, ub_strerror(result), &Statistics::failed);
}

/// Unless there is another answer first.
void UnboundResolver::Question::answer_later(std::chrono::milliseconds delay, std::string why,
                                             uint64_t Statistics::* count)
{
    auto timer = m_resolver->m_loop.after(delay, [this, why = std::move(why), count] {
        ++(m_resolver->m_statistics.*count);
        answer(NoAnswer{why});
    });
    if (timer)
        m_timer = std::move(*timer);
}

void UnboundResolver::Question::on_answer(void* raw_query, int error, ub_result* raw_result) noexcept
{
    UnboundResult const result(raw_result);
    auto const& query = *static_cast<Query*>(raw_query);
    auto* self = query.question;
    query.resolver.m_queries.erase(query.place);
    if (!self)
        return;
    self->m_query = nullptr;
    auto answer = result ? answer_of(*result) : NoAnswer{ub_strerror(error)};
    self->m_resolver->count(answer, self->m_asked);
    self->answer(std::move(answer));
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
    if (auto* query = std::exchange(m_query, nullptr))
        query->question = nullptr;
}

Result<std::unique_ptr<UnboundResolver>> UnboundResolver::open(EventLoop& loop, Options options)
{
    auto resolver = std::make_unique<UnboundResolver>(loop, std::move(options));
    auto context = make_unbound_context(resolver->m_options.context);
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

Result<void> UnboundResolver::start(UnboundContext context)
{
    auto source = m_loop.on_readable(ub_fd(context.get()), [this] { process(); });
    if (!source)
        return std::unexpected(source.error());
    m_readable = std::move(*source);
    m_context = std::move(context);
    return {};
}

void UnboundResolver::process() { ub_process(m_context.get()); }

void UnboundResolver::count(Answer const& answer, EventLoop::Clock::time_point asked)
{
    m_statistics.latencies.add(std::chrono::duration_cast<std::chrono::microseconds>(m_loop.now() - asked));
    ++(m_statistics.*counter_of(answer));
}

std::unique_ptr<Lookup> UnboundResolver::ask(std::string const& name, RecordType type, Answered answered)
{
    ++m_statistics.asked;
    bool const too_many = m_queries.size() >= m_options.max_lookups;
    auto question = std::make_unique<Question>(*this, name, type, std::move(answered));
    if (too_many) {
        question->answer_later({}, fmt::format("{} look-ups are under way", m_options.max_lookups),
                               &Statistics::refused);
        return question;
    }
    question->answer_later(m_options.deadline, "no answer in time", &Statistics::late);
    question->send();
    return question;
}

Result<void> UnboundResolver::forward_to(std::vector<NameServer> servers)
{
    auto settings = m_options.context;
    settings.forwarders = std::move(servers);
    auto context = make_unbound_context(settings);
    if (!context)
        return std::unexpected(context.error());
    m_options.context = std::move(settings);
    for (auto* question : m_questions)
        question->forget_context();
    m_readable = {};
    if (auto started = start(std::move(*context)); !started)
        return started;
    m_queries.clear(); // the old context is gone
    for (auto* question : m_questions)
        question->send();
    return {};
}

} // namespace oekd::dns
