// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "dns/resolver.h"
#include "publish/judge.h"
#include "publish/request.h"

#include <functional>
#include <map>
#include <memory>

namespace oekd::publish {

/// The addresses to ask about: all of a range, and of one that is written as wildcards a sample: the first,
/// the last, and some at places that `random` gives. Fails with Limit where they are too many.
struct Asked {
    Prefix range;
    Address address;
};
[[nodiscard]] Result<std::vector<Asked>> addresses_to_ask(Request const& request,
                                                          std::function<uint64_t()> const& random);

/// Asks the DNS about many addresses, some at a time.
class Check {
public:
    /// `done` is called once, from the loop, when all are answered. The resolver must outlive this.
    Check(dns::Resolver& resolver, Request const& request, std::vector<Asked> asked,
          std::function<void()> done);

    /// At least one address is asked about.
    void start();
    /// In the order of the addresses.
    [[nodiscard]] std::vector<Finding> const& findings() const { return m_findings; }

private:
    void ask_more();
    void answered(size_t index, dns::Answer const& answer);

    dns::Resolver& m_resolver;
    Request const& m_request;
    std::vector<Asked> m_asked;
    std::function<void()> m_done;
    std::vector<Finding> m_findings;
    std::map<size_t, std::unique_ptr<dns::Lookup>> m_lookups; ///< under way, by index
    size_t m_next = 0;                                        ///< not asked about yet
};

} // namespace oekd::publish
