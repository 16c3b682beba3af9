// SPDX-License-Identifier: GPL-2.0-or-later
#include "keys/secret.h"

#include <openssl/crypto.h>

namespace oekd::keys {

Secret::~Secret() { OPENSSL_cleanse(m_bytes.data(), m_bytes.size()); }

} // namespace oekd::keys
