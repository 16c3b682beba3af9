// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "dns/key_lookup.h"

#include <functional>
#include <memory>
#include <optional>

namespace oekd {

/// Who may speak for an address. A seam: tests answer in place of the DNS. Main thread.
class KeySource {
public:
    using Answered = std::function<void(KeyAnswer)>;

    virtual ~KeySource() = default;
    /// `answered` is called once, from the loop, in bounded time, unless the look-up is destroyed before.
    [[nodiscard]] virtual std::unique_ptr<dns::Lookup> ask(Address const& address, Answered answered) = 0;
    /// What is remembered, without asking anybody.
    [[nodiscard]] virtual std::optional<KeyAnswer> known(Address const& address) = 0;
};

class DnsKeySource final : public KeySource {
public:
    explicit DnsKeySource(dns::KeyLookup& lookup) : m_lookup(lookup) {}

    std::unique_ptr<dns::Lookup> ask(Address const& address, Answered answered) override
    {
        return m_lookup.ask(address, std::move(answered));
    }
    std::optional<KeyAnswer> known(Address const& address) override { return m_lookup.known(address); }

private:
    dns::KeyLookup& m_lookup;
};

} // namespace oekd
