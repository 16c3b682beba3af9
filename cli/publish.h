// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "cli/failure.h"
#include "cli/format.h"
#include "keys/roll_over.h"
#include "publish/request.h"

#include <string>
#include <vector>

/// oekctl publish: what goes into the DNS, printed or sent. Needs no daemon.
namespace oekd::cli {

struct PublishWords {
    std::string file = keys::KeyFiles{}.current.native();
    publish::Request request; ///< all but the keys
    std::string format = "zone";
    std::string zone;
    std::string server;
    std::string tsig; ///< file
    bool send = false;
    bool check = false;
    std::vector<std::string> trust_anchors{"/usr/share/dns/root.key"}; ///< files; Debian's dns-root-data
};

[[nodiscard]] Outcome<std::string> publish_records(PublishWords const& words, Format format);

} // namespace oekd::cli
