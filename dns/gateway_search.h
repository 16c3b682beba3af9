// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "dns/gateway_choice.h"
#include "dns/search_means.h"

#include <functional>
#include <memory>
#include <string>

namespace oekd::dns {

/// One gateway: its addresses where it has a name, its keys where they stand with it.
class GatewaySearch {
public:
    using Ended = std::function<void(KeyAnswer)>;

    GatewaySearch(SearchMeans const& means, Address const& asked, Candidate candidate, Ended ended);
    /// `ended` is called once, at once or in an answer, and may destroy us.
    void start();

private:
    enum class Place { Name, Address };

    void addresses_answered(Answer const& answer);
    void ask_key(Place place);
    void key_answered(Place place, Answer const& answer);
    void keys_known();
    void end(KeyAnswer answer);
    void end_without(std::string why);

    SearchMeans const& m_means;
    Address m_asked;
    Host m_gateway;
    std::string m_text; ///< of the gateway, for people
    std::vector<PublicKey> m_keys;
    Chain m_chain;
    Ended m_ended;
    std::unique_ptr<Lookup> m_lookup;
};

} // namespace oekd::dns
