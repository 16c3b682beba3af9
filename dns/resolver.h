// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "dns/answer.h"

#include <functional>
#include <memory>
#include <string>

namespace oekd::dns {

/// A question under way. Destroying it withdraws it, also from within its own answer.
class Lookup {
public:
    virtual ~Lookup() = default;
};

/// Asks the DNS; the seam where tests answer. For the loop's thread.
class Resolver {
public:
    using Answered = std::function<void(Answer)>;

    virtual ~Resolver() = default;
    /// `answered` is called once, from the loop, never before this has returned. `name` without the dot at
    /// the end.
    [[nodiscard]] virtual std::unique_ptr<Lookup> ask(std::string const& name, RecordType type,
                                                      Answered answered) = 0;
};

} // namespace oekd::dns
