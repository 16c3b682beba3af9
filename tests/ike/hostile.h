// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

/// What a peer may do that oekd never does; for ike_probe. Call hostile_start() once Ike runs.
#ifdef __cplusplus
extern "C" {
#endif

struct hostile_options {
    int wide;           ///< propose everything on both sides
    char const* source; ///< propose this address as ours; "" for none
    char const* target; ///< propose this address as the peer's
    int children;       ///< ask for a second CHILD_SA
    int rekeys;         ///< rekey the CHILD_SA without pause
    int ike_rekey;      ///< rekey the IKE_SA at once
    int psk;            ///< claim the pre-shared key method
    int nat;            ///< look as if behind a NAT
    int id_data;        ///< send an ID_NULL that is not empty
    char const* move;   ///< go on from this address, with MOBIKE's UPDATE_SA_ADDRESSES
};

/// The strings must live as long as the program. Prints "hostile-child ..." when the second child was
/// answered.
void hostile_start(struct hostile_options const* options);

#ifdef __cplusplus
}
#endif
