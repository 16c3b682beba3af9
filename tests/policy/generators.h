// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "policy/group.h"

#include <rapidcheck.h>
#include <sstream>

/// What RapidCheck needs to make and show values of policy/. Addresses come from few bits, so that networks
/// and addresses meet often.
namespace oekd {

/// Bit 0 is the first on the wire. Written apart from Address on purpose: the tests compare with it.
inline bool bit_of(Address const& address, int bit)
{
    auto const byte = address.bytes()[static_cast<size_t>(bit / 8)];
    return (byte & (std::byte{0x80} >> (bit % 8))) != std::byte{0};
}

inline void showValue(Address const& address, std::ostream& out) { out << address.to_string(); }
inline void showValue(Prefix const& network, std::ostream& out) { out << network.to_string(); }
inline void showValue(PolicyGroup group, std::ostream& out) { out << to_string(group); }
inline void showValue(Service const& service, std::ostream& out) { out << service.to_string(); }
inline void showValue(Judgement const& judgement, std::ostream& out)
{
    for (auto const taken : {Protection::Dnssec, Protection::Dns, Protection::Anonymous})
        out << (judgement.accepted.has(taken) ? to_string(taken) : "-") << ' ';
    out << to_string(judgement.promise_broken);
}
inline void showValue(GroupLine const& line, std::ostream& out)
{
    out << to_string(line.group) << ' ' << line.subject();
}

} // namespace oekd

namespace rc {

template <> struct Arbitrary<oekd::Address> {
    static Gen<oekd::Address> arbitrary()
    {
        // Mostly bytes from a small set; anything now and then.
        auto const byte = gen::weightedOneOf<uint8_t>(
            {{4, gen::element<uint8_t>(0, 1, 128, 255)}, {1, gen::arbitrary<uint8_t>()}});
        auto const size = gen::element<size_t>(4, 16);
        auto const bytes =
            gen::mapcat(size, [byte](size_t n) { return gen::container<std::vector<uint8_t>>(n, byte); });
        auto const maybe = gen::map(bytes, [](std::vector<uint8_t> const& values) {
            return oekd::Address::from_bytes(std::as_bytes(std::span(values)));
        });
        auto const some =
            gen::suchThat(maybe, [](auto const& address) { return address.has_value(); }); // not IPv4-mapped
        return gen::map(some, [](auto const& address) { return *address; });
    }
};

template <> struct Arbitrary<oekd::Prefix> {
    static Gen<oekd::Prefix> arbitrary()
    {
        return gen::mapcat(gen::arbitrary<oekd::Address>(), [](oekd::Address const& address) {
            return gen::map(gen::inRange(0, address.bits() + 1),
                            [address](int length) { return oekd::Prefix(address, length); });
        });
    }
};

template <> struct Arbitrary<oekd::PolicyGroup> {
    static Gen<oekd::PolicyGroup> arbitrary() { return gen::elementOf(oekd::all_groups); }
};

/// From so few that they meet; every other one is everything.
template <> struct Arbitrary<oekd::Service> {
    static Gen<oekd::Service> arbitrary()
    {
        auto const port = gen::element<uint16_t>(0, 22, 80);
        auto const named =
            gen::map(gen::tuple(gen::element<uint8_t>(6, 17), port, port), [](auto const& all) {
                return oekd::Service{std::get<0>(all), std::get<1>(all), std::get<2>(all)};
            });
        return gen::oneOf(gen::just(oekd::Service{}), named);
    }
};

template <> struct Arbitrary<oekd::GroupLine> {
    static Gen<oekd::GroupLine> arbitrary()
    {
        return gen::map(gen::tuple(gen::arbitrary<oekd::Prefix>(), gen::arbitrary<oekd::PolicyGroup>(),
                                   gen::arbitrary<oekd::Service>()),
                        [](auto const& line) {
                            return oekd::GroupLine{std::get<0>(line), std::get<1>(line), "test", 1,
                                                   std::get<2>(line)};
                        });
    }
};

} // namespace rc
