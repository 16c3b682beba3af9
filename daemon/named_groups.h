// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/event_loop.h"
#include "base/journal.h"
#include "daemon/config.h"
#include "daemon/view.h"
#include "dns/host_names.h"
#include "policy/named_lines.h"

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace oekd {

/// What the group files say.
struct WrittenGroups {
    std::shared_ptr<GroupTable const> lines;
    std::vector<NamedLine> names;
};

/// The group lines in force: those that are written, and those that the host names among them stand for. Logs
/// what becomes of the names. For the loop's thread.
class NamedGroups {
public:
    /// `changed` is called when some names have other addresses: then table() may be another one.
    NamedGroups(EventLoop& loop, dns::Resolver& resolver, Journal const& journal, Config const& config,
                EventLoop::Callback changed);

    /// The files say this from now on.
    void use(WrittenGroups written);
    [[nodiscard]] WrittenGroups const& written() const { return m_written; }
    /// All lines, as far as the names are resolved; the same object as long as they are the same.
    [[nodiscard]] std::shared_ptr<GroupTable const> table();
    /// The DNS can be reached another way now.
    void retry() { m_hosts.retry(); }

    [[nodiscard]] std::vector<NameView> views() const;
    /// Names that are not resolved, and addresses that may not be used.
    [[nodiscard]] std::vector<std::string> warnings() const;

private:
    [[nodiscard]] std::span<HostAddress const> addresses_of(std::string const& name) const;
    [[nodiscard]] std::vector<GroupLine> added_lines(std::vector<LineError>& errors) const;
    void log_new_warnings();

    Journal const& m_journal;
    GroupsSettings const& m_groups;
    dns::HostNames m_hosts;
    WrittenGroups m_written;
    std::shared_ptr<GroupTable const> m_table;  // shared with the Gatekeeper's threads
    std::vector<GroupLine> m_added;             ///< to what is written, in m_table
    std::vector<LineError> m_refused;           ///< as m_table was built
    std::vector<std::string> m_logged_warnings; ///< of the last time
};

} // namespace oekd
