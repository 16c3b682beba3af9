// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/event_loop.h"
#include "dns/resolver.h"

#include <chrono>
#include <functional>
#include <list>
#include <utility>

namespace oekd::dns {

/// Somebody who waits for an answer, as one of a list, which must outlive him or abandon him.
template <typename Answer> class Waiting : public Lookup {
public:
    using List = std::list<Waiting*>;
    using Answered = std::function<void(Answer)>;

    Waiting(List& list, Answered answered)
        : m_list(&list), m_place(list.insert(list.end(), this)), m_answered(std::move(answered))
    {}
    ~Waiting() override { leave(); }
    Waiting(Waiting const&) = delete;
    Waiting& operator=(Waiting const&) = delete;

    /// Calls back, which may destroy us. Only for those who are in the list.
    void answer(Answer answer)
    {
        leave();
        auto const answered = std::move(m_answered);
        answered(std::move(answer));
    }
    /// Unless there is another answer first. `make` is called then.
    template <typename Make> void answer_after(EventLoop& loop, std::chrono::milliseconds delay, Make make)
    {
        auto timer = loop.after(delay, [this, make = std::move(make)] { answer(make()); });
        if (timer)
            m_timer = std::move(*timer);
    }
    /// There is no answer any more; the list is going.
    virtual void abandon()
    {
        m_list = nullptr;
        m_timer = {};
    }

protected:
    [[nodiscard]] bool is_waiting() const { return m_list != nullptr; }

private:
    void leave()
    {
        m_timer = {};
        if (auto* list = std::exchange(m_list, nullptr))
            list->erase(m_place);
    }

    List* m_list; ///< nullptr once it is answered
    typename List::iterator m_place;
    Answered m_answered;
    EventSource m_timer;
};

} // namespace oekd::dns
