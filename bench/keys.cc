// SPDX-License-Identifier: GPL-2.0-or-later
#include "dns/ipseckey.h"
#include "dns/key_lookup.h"

#include <chrono>
#include <cstdlib>
#include <fmt/format.h>
#include <vector>

/// How many decisions about keys a second can hold: from what is remembered, and what judging an answer costs
/// besides the DNS itself. The answers come from memory here.
using namespace oekd;

namespace {

constexpr unsigned addresses = 10'000;
constexpr unsigned rounds = 20;
constexpr double least_per_second = 50'000;

/// Answers when it is told to, always with one signed Ed25519 key.
class FromMemory final : public dns::Resolver {
public:
    std::unique_ptr<dns::Lookup> ask(std::string const& /*name*/, dns::RecordType /*type*/,
                                     Answered answered) override
    {
        m_waiting.push_back(std::move(answered));
        return std::make_unique<dns::Lookup>();
    }
    void answer_all()
    {
        PublicKey const key{KeyAlgorithm::EdDsa, std::vector<std::byte>(32)};
        dns::Records const records{{dns::rdata_of({10, dns::NoGateway{}, key})},
                                   std::chrono::seconds{3600},
                                   dns::Security::Signed,
                                   {}};
        for (auto const& answered : std::exchange(m_waiting, {}))
            answered(records);
    }

private:
    std::vector<Answered> m_waiting;
};

Address address(unsigned number)
{
    std::array const bytes{std::byte{198}, std::byte(number >> 16U), std::byte(number >> 8U),
                           std::byte(number)};
    return Address::from_bytes(bytes).value();
}

template <typename Work> double per_second(unsigned count, Work work)
{
    auto const start = std::chrono::steady_clock::now();
    work();
    return count / std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

} // namespace

int main()
{
    auto loop = EventLoop::create().value();
    FromMemory resolver;
    dns::KeyLookup lookup(loop, resolver, {.max_searches = addresses, .max_remembered = addresses},
                          [] { return true; });
    std::vector<std::unique_ptr<dns::Lookup>> asked;
    auto const cold = per_second(addresses, [&] {
        for (unsigned i = 0; i < addresses; ++i)
            asked.push_back(lookup.ask(address(i), [](KeyAnswer const&) {}));
        resolver.answer_all();
    });
    unsigned known = 0;
    auto const warm = per_second(addresses * rounds, [&] {
        for (unsigned i = 0; i < addresses * rounds; ++i)
            known += lookup.known(address(i % addresses)) ? 1 : 0;
    });
    fmt::print("asked and judged: {:.0f} addresses per second; remembered: {:.0f} per second\n", cold, warm);
    bool const good = known == addresses * rounds && warm > least_per_second;
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
