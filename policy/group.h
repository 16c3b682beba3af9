// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "policy/address.h"
#include "policy/requirement.h"
#include "policy/service.h"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace oekd {

/// What the administrator wants for a network (RFC 4322 §3.2, FreeS/WAN's policy groups). In order from the
/// most open to the strictest.
enum class PolicyGroup {
    Clear,          ///< always in the clear, nothing is trapped, peers are refused
    ClearOrPrivate, ///< clear, but encrypted when the peer starts
    PrivateOrClear, ///< encrypted where the peer can, else clear
    Private,        ///< encrypted or nothing
    Block,          ///< nothing, and silence
};

inline constexpr std::array all_groups{PolicyGroup::Clear, PolicyGroup::ClearOrPrivate,
                                       PolicyGroup::PrivateOrClear, PolicyGroup::Private, PolicyGroup::Block};

/// The group's name is also its file's name: "private-or-clear".
[[nodiscard]] std::string_view to_string(PolicyGroup group);
[[nodiscard]] std::optional<PolicyGroup> parse_policy_group(std::string_view name);

/// True where a first packet makes us negotiate: private-or-clear, private.
[[nodiscard]] bool starts_negotiation(PolicyGroup group);
/// True where a peer's own IKE is welcome: all but clear and block.
[[nodiscard]] bool accepts_negotiation(PolicyGroup group);
/// True where traffic may go in the clear when there is no SA: clear, clear-or-private, private-or-clear.
[[nodiscard]] bool may_go_clear(PolicyGroup group);

/// What a group's packets do while a negotiation of ours runs, and for a while after it has failed.
struct Conduct {
    enum class Negotiation {
        Hold, ///< they wait
        Pass, ///< they go in the clear
        Drop, ///< they are thrown away
    } negotiation = Negotiation::Hold;
    enum class Failure {
        Pass, ///< in the clear
        Drop, ///< thrown away
    } failure = Failure::Pass;

    friend bool operator==(Conduct const&, Conduct const&) = default;
};
[[nodiscard]] std::string_view to_string(Conduct::Negotiation negotiation); ///< "hold", "pass", "drop"
[[nodiscard]] std::string_view to_string(Conduct::Failure failure);         ///< "pass", "drop"

/// The conduct as far as the group permits it: what must not go clear neither passes while we decide nor
/// after a failure.
[[nodiscard]] Conduct permitted(Conduct conduct, PolicyGroup group);

/// One line of a group file.
struct GroupLine {
    Prefix network;
    PolicyGroup group = PolicyGroup::Clear;
    std::string file; ///< as the administrator would name it, for messages
    int line = 0;     ///< counts from 1
    Service service{};
    Conduct conduct{};     ///< of the group; see permitted()
    Judgement judgement{}; ///< of the group

    [[nodiscard]] std::string subject() const; ///< "192.0.2.0/24", "192.0.2.0/24 tcp 0 22"
};

/// A line that names a host instead of a network: it stands for the addresses that the DNS gives.
struct NamedLine {
    std::string name; ///< lower case, without the dot at the end
    PolicyGroup group = PolicyGroup::Clear;
    std::string file;
    int line = 0;
    Service service{};

    friend bool operator==(NamedLine const&, NamedLine const&) = default;
};

/// A line that could not be used: "file:line: what is wrong".
struct LineError {
    std::string file; ///< empty where the message names it
    int line = 0;     ///< counts from 1; 0 where the whole file is meant: "file: what is wrong"
    std::string message;

    [[nodiscard]] std::string to_string() const;
};

struct GroupFile {
    std::vector<GroupLine> lines;
    std::vector<NamedLine> names;
    std::vector<LineError> errors; ///< these lines are skipped, all others hold
};

/// Parses the text of one group file, as FreeS/WAN and libreswan write it: a CIDR, an address or a host name
/// per line, then perhaps "proto local-port remote-port"; `#` starts a comment, blank lines are fine. Never
/// fails as a whole. `file` is only for messages. Lines of any length and content are accepted as input.
[[nodiscard]] GroupFile parse_group_file(std::string_view text, PolicyGroup group, std::string_view file);

} // namespace oekd
