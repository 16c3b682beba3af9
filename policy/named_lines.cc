// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/named_lines.h"

#include <algorithm>
#include <fmt/format.h>
#include <unordered_map>

namespace oekd {

namespace {

/// Decides line by line, the strictest first: what is accepted already counts for those after it.
class Names {
public:
    Names(GroupTable const& written, std::vector<LineError>& errors) : m_written(written), m_errors(errors)
    {
        std::ranges::copy_if(written.lines(), std::back_inserter(m_services),
                             [](GroupLine const& line) { return !line.service.is_everything(); });
    }

    void add(NamedLine const& named, HostAddress const& host)
    {
        GroupLine line{Prefix::host(host.address), named.group, named.file, named.line, named.service};
        auto& accepted = m_accepted[host.address];
        if (is_repeated(line, accepted))
            return;
        if (host.provenance == HostAddress::Provenance::Unsigned) {
            if (auto const* stricter = stricter_than(line, accepted)) {
                report(named, fmt::format("{} is in {} ({}:{}), which is stricter; its address is not signed",
                                          line.subject(), to_string(stricter->group), stricter->file,
                                          stricter->line));
                return;
            }
        }
        accepted.push_back(line);
        m_lines.push_back(std::move(line));
    }

    void report(NamedLine const& named, std::string const& message)
    {
        m_errors.push_back({named.file, named.line, fmt::format("{}: {}", named.name, message)});
    }

    std::vector<GroupLine> take() { return std::move(m_lines); }

private:
    /// The same host under two names, or written already: nothing to tell.
    [[nodiscard]] bool is_repeated(GroupLine const& line, std::span<GroupLine const> accepted) const
    {
        auto const same = [&](GroupLine const& other) {
            return other.network == line.network && other.service == line.service &&
                   other.group == line.group;
        };
        auto const* written = m_written.line_of(line.network, line.service);
        return (written && same(*written)) || std::ranges::any_of(accepted, same);
    }

    /// A line that decides about some of the new one's packets without it, and is stricter.
    [[nodiscard]] GroupLine const* stricter_than(GroupLine const& line,
                                                 std::span<GroupLine const> accepted) const
    {
        auto const& address = line.network.address();
        auto const concerns = [&](GroupLine const& other) {
            return other.group > line.group && other.network.contains(address) &&
                   (line.service.contains(other.service) || other.service.contains(line.service));
        };
        if (auto const* decides = m_written.find(address, line.service); decides && concerns(*decides))
            return decides;
        for (auto const& other : m_services)
            if (concerns(other) && m_written.find(address, other.service)->group > line.group)
                return &other;
        auto const found = std::ranges::find_if(accepted, concerns);
        return found == accepted.end() ? nullptr : &*found;
    }

    GroupTable const& m_written;
    std::vector<LineError>& m_errors;
    std::vector<GroupLine> m_services; ///< those of the written lines that name one
    std::unordered_map<Address, std::vector<GroupLine>> m_accepted;
    std::vector<GroupLine> m_lines;
};

bool is_unsigned(HostAddress const& host) { return host.provenance == HostAddress::Provenance::Unsigned; }

} // namespace

std::vector<GroupLine> lines_of_names(std::span<NamedLine const> names, AddressesOf const& addresses_of,
                                      GroupTable const& written, std::vector<LineError>& errors)
{
    std::vector<NamedLine> by_strictness(names.begin(), names.end());
    std::ranges::stable_sort(by_strictness, std::greater{}, &NamedLine::group);
    Names lines(written, errors);
    for (auto const& named : by_strictness) {
        auto const addresses = addresses_of(named.name);
        bool const unproven =
            named.group == PolicyGroup::Clear && std::ranges::any_of(addresses, is_unsigned);
        if (unproven)
            lines.report(named, "its addresses are not signed, so they cannot be put into clear");
        for (auto const& host : addresses)
            if (named.group != PolicyGroup::Clear || !is_unsigned(host))
                lines.add(named, host);
    }
    return lines.take();
}

} // namespace oekd
