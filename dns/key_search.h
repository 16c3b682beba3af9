// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "dns/gateway_search.h"

#include <functional>
#include <memory>
#include <vector>

namespace oekd::dns {

/// What the reverse DNS says about one address: the question, and those about the gateways.
class KeySearch {
public:
    using Ended = std::function<void(KeyAnswer)>;

    /// Asks. `ended` is called once, later, and may destroy us.
    KeySearch(SearchMeans& means, Address const& asked, Ended ended);
    KeySearch(KeySearch const&) = delete;
    KeySearch& operator=(KeySearch const&) = delete;

private:
    void answered(Answer const& answer);
    void search_gateways(UsableRecords const& usable);
    void one_less();
    void end(KeyAnswer answer);

    SearchMeans& m_means;
    Address m_asked;
    Ended m_ended;
    std::unique_ptr<Lookup> m_lookup;
    std::vector<std::unique_ptr<GatewaySearch>> m_gateways;
    std::vector<KeyAnswer> m_answers; ///< of each gateway
    size_t m_missing = 0;             ///< of the answers
};

} // namespace oekd::dns
