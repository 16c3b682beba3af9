// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/charon_layer.h"

// Where libcharon asks for the reqid of an SA that it is about to install, new or rekeyed: the peer is
// authenticated by then, on either side, so the answer can depend on what was proven. libcharon's own numbers
// are never used; oekd's belong to the IKE_SA and need no counting here.

static status_t reqid_of_sa(kernel_interface_t* self, linked_list_t* local, linked_list_t* remote,
                            mark_t mark_in, mark_t mark_out, uint32_t if_id_in, uint32_t if_id_out,
                            sec_label_t* label, uint32_t* reqid)
{
    (void)self;
    (void)local;
    (void)remote;
    (void)mark_in;
    (void)mark_out;
    (void)if_id_in;
    (void)if_id_out;
    (void)label;
    ike_sa_t* ike_sa = charon->bus->get_sa(charon->bus);
    if (!ike_sa)
        return FAILED;
    struct charon_sa sa = sa_of(ike_sa);
    *reqid = charon_layer.hooks.reqid(charon_layer.hooks.context, &sa);
    return *reqid ? SUCCESS : FAILED;
}

static status_t nothing_to_count(kernel_interface_t* self, uint32_t reqid)
{
    (void)self;
    (void)reqid;
    return SUCCESS;
}

void use_own_reqids(void)
{
    charon->kernel->alloc_reqid = reqid_of_sa;
    charon->kernel->ref_reqid = nothing_to_count;
    charon->kernel->release_reqid = nothing_to_count;
}
