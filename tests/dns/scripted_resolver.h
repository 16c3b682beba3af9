// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "dns/resolver.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <list>
#include <map>
#include <utility>

namespace oekd::test {

/// Answers when it is told to.
class ScriptedResolver final : public dns::Resolver {
public:
    struct Question {
        std::string name;
        dns::RecordType type;
        Answered answered;
    };
    class Asked final : public dns::Lookup {
    public:
        Asked(ScriptedResolver& script, std::list<Question>::iterator place)
            : m_script(script), m_place(place)
        {}
        ~Asked() override { m_script.questions.erase(m_place); }

    private:
        ScriptedResolver& m_script;
        std::list<Question>::iterator m_place;
    };

    std::unique_ptr<dns::Lookup> ask(std::string const& name, dns::RecordType type,
                                     Answered answered) override
    {
        ++asked;
        questions.push_back({name, type, std::move(answered)});
        return std::make_unique<Asked>(*this, std::prev(questions.end()));
    }
    void answer(std::string const& name, dns::Answer v4, dns::Answer v6)
    {
        for (auto const type : {dns::RecordType::A, dns::RecordType::Aaaa}) {
            auto const found = std::ranges::find_if(
                questions, [&](Question const& q) { return q.name == name && q.type == type; });
            REQUIRE(found != questions.end());
            auto const answered = found->answered;
            answered(type == dns::RecordType::A ? std::move(v4) : std::move(v6));
        }
    }
    /// Answers one question of that name and type.
    void reply(std::string const& name, dns::RecordType type, dns::Answer answer)
    {
        auto const found = std::ranges::find_if(
            questions, [&](Question const& q) { return q.name == name && q.type == type && q.answered; });
        REQUIRE(found != questions.end());
        auto const answered = std::exchange(found->answered, nullptr);
        answered(std::move(answer));
    }
    /// Answers all questions, and those that the answers lead to. What is not in the zone does not exist.
    using Zone = std::map<std::pair<std::string, dns::RecordType>, dns::Answer>;
    void serve(Zone const& zone, dns::NoRecord const& otherwise)
    {
        auto const next = [this] {
            return std::ranges::find_if(questions, [](Question const& q) { return bool(q.answered); });
        };
        for (auto question = next(); question != questions.end(); question = next()) {
            auto const found = zone.find({question->name, question->type});
            auto const answered = std::exchange(question->answered, nullptr);
            answered(found == zone.end() ? dns::Answer(otherwise) : found->second);
        }
    }
    [[nodiscard]] bool is_asked(std::string const& name) const
    {
        return std::ranges::any_of(questions, [&](Question const& q) { return q.name == name; });
    }

    std::list<Question> questions; ///< under way
    int asked = 0;
};

} // namespace oekd::test
