// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "dns/named_keys.h"
#include "dns/search_means.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace oekd::dns {

/// What the DNS says about a name: its keys and both families' addresses, asked for together.
class NamedSearch {
public:
    using Ended = std::function<void(NamedAnswer)>;

    /// Asks. Requires is_host_name(). `ended` is called once, later, and may destroy us.
    NamedSearch(SearchMeans& means, std::string const& name, Ended ended);
    NamedSearch(NamedSearch const&) = delete;
    NamedSearch& operator=(NamedSearch const&) = delete;

private:
    struct Question {
        std::unique_ptr<Lookup> lookup;
        std::optional<Answer> answer;
    };

    void ask(Question& question, std::string const& name, RecordType type);
    void answered();
    void take_addresses(Chain& chain);
    [[nodiscard]] NamedAnswer conclude();

    SearchMeans& m_means;
    Host m_host;
    Ended m_ended;
    Question m_keys;
    Question m_v4;
    Question m_v6;
};

} // namespace oekd::dns
