// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "cli/publish.h"

namespace oekd::cli {

/// oekctl publish --check: what the DNS says. The status is Failure where one address is not as it should be.
/// What it says about the next key is remembered beside it, for `oekctl key activate`.
[[nodiscard]] Outcome<TextAndStatus> check_published(PublishWords const& words, Format format);

} // namespace oekd::cli
