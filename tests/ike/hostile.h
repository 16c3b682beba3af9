// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

/// What a peer may do that oekd never does; for ike_probe. Call hostile_start() once Ike runs.
#ifdef __cplusplus
extern "C" {
#endif

struct hostile_options {
    int wide; ///< propose everything on both sides
    /// Propose or answer these selectors as ours: "10.1.0.1/32 6 0 65535, 10.1.0.1/32 17 7 7" (protocol,
    /// ports), or "10.1.0.1/32" alone for everything. "" for the honest ones.
    char const* source;
    char const* target;       ///< the same for the peer's side
    char const* rekey_source; ///< the same for rekeying
    char const* rekey_target;
    int children;     ///< ask for a second CHILD_SA
    int rekeys;       ///< rekey the CHILD_SA without pause
    int ike_rekey;    ///< rekey the IKE_SA at once
    int psk;          ///< claim the pre-shared key method
    int nat;          ///< look as if behind a NAT
    int id_data;      ///< send an ID_NULL that is not empty
    char const* move; ///< go on from this address, with MOBIKE's UPDATE_SA_ADDRESSES
};

/// The strings must live as long as the program. Prints "hostile-child ..." when the second child was
/// answered.
void hostile_start(struct hostile_options const* options);

#ifdef __cplusplus
}
#endif
