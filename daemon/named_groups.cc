// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/named_groups.h"

#include <algorithm>
#include <fmt/format.h>

namespace oekd {

namespace {

bool is_same_line(GroupLine const& one, GroupLine const& other)
{
    return one.network == other.network && one.service == other.service && one.group == other.group &&
           one.file == other.file && one.line == other.line;
}

std::string kept(dns::HostRecord const& record)
{
    if (record.addresses.empty())
        return "it stands for no address";
    return fmt::format("what it stood for stays ({} addresses)", record.addresses.size());
}

} // namespace

NamedGroups::NamedGroups(EventLoop& loop, dns::Resolver& resolver, Journal const& journal,
                         Config const& config, EventLoop::Callback changed)
    : m_journal(journal), m_groups(config.groups),
      m_hosts(loop, resolver, {.shortest_ttl = config.dns.shortest_ttl},
              [this, changed = std::move(changed)] {
                  log_new_warnings();
                  changed();
              })
{}

void NamedGroups::use(WrittenGroups written)
{
    m_written = std::move(written);
    m_table.reset();
    std::vector<std::string> names;
    for (auto const& named : m_written.names)
        names.push_back(named.name);
    m_hosts.watch(names);
}

std::shared_ptr<GroupTable const> NamedGroups::table()
{
    std::vector<LineError> refused;
    auto added = added_lines(refused);
    bool const same = m_table && std::ranges::equal(added, m_added, is_same_line);
    m_refused = std::move(refused);
    if (same)
        return m_table;
    m_added = std::move(added);
    if (m_added.empty())
        return m_table = m_written.lines;
    auto const written = m_written.lines->lines();
    std::vector<GroupLine> lines(written.begin(), written.end());
    lines.insert(lines.end(), m_added.begin(), m_added.end());
    return m_table = std::make_shared<GroupTable const>(GroupTable::build(std::move(lines), m_refused));
}

std::vector<GroupLine> NamedGroups::added_lines(std::vector<LineError>& errors) const
{
    auto const addresses = [this](std::string const& name) { return addresses_of(name); };
    auto lines = lines_of_names(m_written.names, addresses, *m_written.lines, errors);
    for (auto& line : lines) {
        line.conduct = m_groups.of(line.group).conduct;
        line.judgement = m_groups.of(line.group).judgement;
    }
    return lines;
}

std::span<HostAddress const> NamedGroups::addresses_of(std::string const& name) const
{
    auto const* record = m_hosts.find(name);
    return record ? std::span(record->addresses) : std::span<HostAddress const>{};
}

std::vector<NameView> NamedGroups::views() const
{
    std::vector<NameView> views;
    for (auto const& named : m_written.names) {
        auto const* record = m_hosts.find(named.name);
        if (record)
            views.push_back({named, record->addresses, record->problem});
    }
    return views;
}

std::vector<std::string> NamedGroups::warnings() const
{
    std::vector<std::string> warnings;
    for (auto const& named : m_written.names) {
        auto const* record = m_hosts.find(named.name);
        if (record && !record->problem.empty())
            warnings.push_back(fmt::format("{}:{}: {}: {}; {}", named.file, named.line, named.name,
                                           record->problem, kept(*record)));
    }
    for (auto const& error : m_refused)
        warnings.push_back(error.to_string());
    return warnings;
}

void NamedGroups::log_new_warnings()
{
    (void)table(); // says what is refused
    auto warnings = this->warnings();
    for (auto const& warning : warnings)
        if (std::ranges::find(m_logged_warnings, warning) == m_logged_warnings.end())
            m_journal.log(LogLevel::Warning, warning);
    m_logged_warnings = std::move(warnings);
}

} // namespace oekd
