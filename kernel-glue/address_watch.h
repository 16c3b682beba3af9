// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "kernel-glue/netlink.h"

namespace oekd {

/// Tells when this host's addresses may have changed, or the devices that have them (RTNETLINK). For one
/// thread.
class AddressWatch {
public:
    enum class Changed { No, Yes };

    static Result<AddressWatch> open();

    [[nodiscard]] int fd() const { return m_socket.fd(); }
    /// Reads what is there without blocking. Yes is no promise: the kernel also announces renewed lifetimes;
    /// compare own_addresses() with what was installed. An Error means that the socket is lost.
    Result<Changed> drain();

private:
    explicit AddressWatch(netlink::Socket socket) : m_socket(std::move(socket)) {}
    netlink::Socket m_socket;
};

} // namespace oekd
