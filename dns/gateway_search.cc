// SPDX-License-Identifier: GPL-2.0-or-later
#include "dns/gateway_search.h"

#include "dns/reverse_name.h"

#include <fmt/format.h>

namespace oekd::dns {

GatewaySearch::GatewaySearch(SearchMeans const& means, Address const& asked, Candidate candidate, Ended ended)
    : m_means(means), m_asked(asked), m_keys(std::move(candidate.keys)), m_chain(candidate.chain),
      m_ended(std::move(ended))
{
    if (auto const* address = std::get_if<Address>(&candidate.gateway))
        m_gateway.addresses = {*address};
    else
        m_gateway.name = std::get<GatewayName>(candidate.gateway).text;
    m_text = m_gateway.name.empty() ? m_gateway.addresses.front().to_string() : m_gateway.name;
}

void GatewaySearch::start()
{
    if (m_gateway.name.empty())
        return m_keys.empty() ? ask_key(Place::Address) : keys_known();
    auto const type = m_asked.family() == Family::V4 ? RecordType::A : RecordType::Aaaa;
    m_lookup = m_means.resolver.ask(m_gateway.name, type,
                                    [this](Answer const& answer) { addresses_answered(answer); });
}

void GatewaySearch::addresses_answered(Answer const& answer)
{
    if (auto dead = dead_end(answer, fmt::format("the address of the gateway {}", m_text), m_means))
        return end(std::move(*dead));
    auto const& records = std::get<Records>(answer);
    m_chain.add(records.security, records.ttl);
    m_gateway.addresses = addresses_in(records);
    std::erase_if(m_gateway.addresses,
                  [this](Address const& address) { return is_out_of_reach(address, m_asked); });
    if (m_gateway.addresses.empty())
        return end_without(fmt::format("the gateway {} has no address that a peer could have", m_text));
    if (m_keys.empty())
        ask_key(Place::Name);
    else
        keys_known();
}

void GatewaySearch::ask_key(Place place)
{
    auto const name = place == Place::Name ? m_gateway.name : reverse_name(m_gateway.addresses.front());
    m_lookup = m_means.resolver.ask(name, RecordType::Ipseckey,
                                    [this, place](Answer const& answer) { key_answered(place, answer); });
}

void GatewaySearch::key_answered(Place place, Answer const& answer)
{
    auto const* none = std::get_if<NoRecord>(&answer);
    if (place == Place::Name && none && is_valid(none->security)) {
        m_chain.add(none->security, none->ttl);
        return ask_key(Place::Address);
    }
    if (auto dead = dead_end(answer, fmt::format("the key of the gateway {}", m_text), m_means))
        return end(std::move(*dead));
    auto const& records = std::get<Records>(answer);
    m_chain.add(records.security, records.ttl);
    m_keys = own_keys(records, m_gateway);
    if (m_keys.empty())
        return end_without(fmt::format("the gateway {} has no key of its own", m_text));
    keys_known();
}

void GatewaySearch::keys_known()
{
    auto& addresses = m_gateway.addresses;
    if (m_chain.trust == KeysFound::Trust::Unsigned)
        std::erase_if(addresses, [this](Address const& address) { return address != m_asked; });
    if (addresses.empty())
        return end_without(fmt::format("nobody has signed the address or the key of the gateway {}", m_text));
    KeysFound found{m_chain.trust, {}, m_chain.ttl};
    for (auto const& address : addresses)
        found.gateways.push_back({address, m_keys});
    end(std::move(found));
}

void GatewaySearch::end(KeyAnswer answer)
{
    auto const ended = std::move(m_ended);
    ended(std::move(answer));
}

void GatewaySearch::end_without(std::string why) { end(NoKey{m_chain.ttl, std::move(why)}); }

} // namespace oekd::dns
