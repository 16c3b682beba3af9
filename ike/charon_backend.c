// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/charon_layer.h"

#include <config/backend.h>

// Where libcharon as a responder asks for configurations. They are made per call, for the two hosts at hand.

static void destroy_ike_config(void* config) { ((ike_cfg_t*)config)->destroy(config); }
static void destroy_peer_config(void* config) { ((peer_cfg_t*)config)->destroy(config); }

/// Asked on an IKE_SA_INIT request; an empty answer makes libcharon say NO_PROPOSAL_CHOSEN.
static enumerator_t* ike_configs(backend_t* self, host_t* me, host_t* other)
{
    (void)self;
    ike_sa_t* ike_sa = charon->bus->get_sa(charon->bus);
    if (!ike_sa || !me || !other)
        return enumerator_create_empty();
    struct charon_flow flow = {.local = address_from_host(me), .remote = address_from_host(other)};
    struct charon_sa sa = sa_of(ike_sa);
    if (!charon_layer.hooks.admit(charon_layer.hooks.context, &sa, &flow))
        return enumerator_create_empty();
    return enumerator_create_single(make_ike_config(&flow, FALSE), destroy_ike_config);
}

/// FALSE where the peer asks for no flow, or for one that it is not to get.
static bool is_accepted(ike_sa_t* ike_sa, struct charon_flow const* hosts, struct offer const* offer)
{
    if (!offer || offer->offered == OFFERED_OTHER)
        return FALSE;
    struct charon_sa sa = sa_of(ike_sa);
    return charon_layer.hooks.accepts(charon_layer.hooks.context, &sa, hosts, &offer->flow,
                                      offer->mode == MODE_TUNNEL);
}

/// Asked on IKE_AUTH, after the message hook has seen the request. The identities say nothing; the addresses
/// are those of the IKE_SA, and the service is what the peer asks for.
static enumerator_t* peer_configs(backend_t* self, identification_t* me, identification_t* other)
{
    (void)self;
    (void)me;
    (void)other;
    ike_sa_t* ike_sa = charon->bus->get_sa(charon->bus);
    if (!ike_sa)
        return enumerator_create_empty();
    struct charon_flow hosts = hosts_of(ike_sa);
    struct offer const* offer = offer_of(ike_sa);
    peer_cfg_t* config = is_accepted(ike_sa, &hosts, offer) ? make_peer_config(&hosts, &offer->flow, FALSE)
                                                            : make_childless_config(&hosts);
    return enumerator_create_single(config, destroy_peer_config);
}

static peer_cfg_t* no_config_by_name(backend_t* self, char* name)
{
    (void)self;
    (void)name;
    return NULL;
}

backend_t responder_backend = {
    .create_ike_cfg_enumerator = ike_configs,
    .create_peer_cfg_enumerator = peer_configs,
    .get_peer_cfg_by_name = no_config_by_name,
};
