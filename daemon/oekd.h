// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/journal.h"
#include "daemon/config.h"

#include <filesystem>

namespace oekd {

struct StartOptions {
    std::filesystem::path config_file = "/etc/oekd/oekd.conf";
    ConfigFile config_must_exist = ConfigFile::Optional;
};

/// Runs the daemon until SIGTERM or SIGINT. An Error is a failed start, or the loss of the XFRM socket.
Result<void> run(StartOptions const& options, Journal const& journal);

/// `oekd -n`: prints every problem of the configuration and the group files to stdout, one a line. True if
/// there is none.
[[nodiscard]] bool check_configuration(StartOptions const& options);

/// `oekd --release`: after a crash, opens what may go in the clear, keeps `private` and `block` closed.
Result<void> release(Journal const& journal);

} // namespace oekd
