// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/handle.h"
#include "dns/resolv_conf.h"

#include <filesystem>
#include <optional>
#include <vector>

struct ub_ctx;
extern "C" void ub_ctx_delete(ub_ctx*);

namespace oekd::dns {

using UnboundContext = Handle<ub_ctx, ub_ctx_delete>;

/// Whom libunbound asks, and whom it believes.
struct UnboundSettings {
    std::vector<NameServer> forwarders;              ///< none: asks the servers of the zones itself
    std::optional<std::filesystem::path> root_hints; ///< where these begin; none: with the Internet's
    /// Files with DNSKEY or DS records. None: every answer is unsigned. The zones of private addresses count
    /// as unsigned below the root's key, so each that is signed needs a key of its own here.
    std::vector<std::filesystem::path> trust_anchors;
};

/// Ready to be asked; its thread starts with the first question. Reads the files, and fails where it cannot.
[[nodiscard]] Result<UnboundContext> make_unbound_context(UnboundSettings const& settings);

} // namespace oekd::dns
