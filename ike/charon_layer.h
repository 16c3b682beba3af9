// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

/// Shared by the C files of this folder, and by nobody else.
#include "ike/charon.h"

// strongSwan's library.h comes before all others.
#include <config/peer_cfg.h>
#include <daemon.h>
#include <library.h>

/// ID_NULL (RFC 7619 §2.2): no data, and no name that anybody could claim.
#define OEKD_ID_NULL ((id_type_t)13)

/// libcharon is one per process, and so is this.
struct charon_layer {
    struct charon_options options;
    struct charon_hooks hooks;
};
extern struct charon_layer charon_layer;

// charon_convert.c
struct charon_address address_from_host(host_t* host);
host_t* host_from_address(struct charon_address const* address, uint16_t port);
struct charon_flow flow_of(ike_sa_t* ike_sa);
struct charon_sa sa_of(ike_sa_t* ike_sa);

// charon_settings.c
void apply_settings(struct charon_options const* options);

// charon_configs.c
bool check_proposals(void);
/// NULL where an address does not parse. The child configuration is part of the result.
peer_cfg_t* make_peer_config(struct charon_flow const* flow, uint32_t reqid, bool initiator);
child_cfg_t* child_config_of(peer_cfg_t* peer);
ike_cfg_t* make_ike_config(struct charon_flow const* flow, bool initiator);

// charon_auth_null.c
identification_t* make_id_null(void);
void rewrite_auth_method(message_t* message, bool incoming);
void let_id_null_equal_itself(ike_sa_t* ike_sa);

// charon_credentials.c
extern credential_set_t null_credentials;

// charon_backend.c
extern backend_t responder_backend;

// charon_offer.c
/// What the peer's message at hand asks for.
struct offer {
    uint32_t ike_sa;
    exchange_type_t exchange;
    ipsec_mode_t mode;
    bool names_both_hosts; ///< the selectors include the addresses that the message itself came from and to
};
void note_message(ike_sa_t* ike_sa, message_t* message);
/// NULL where this thread has no message of that IKE_SA at hand.
struct offer const* offer_of(ike_sa_t* ike_sa);

// charon_guard.c
void guard_selectors(ike_sa_t* ike_sa, narrow_hook_t hook, linked_list_t* local, linked_list_t* remote);

// charon_messages.c
void take_incoming(ike_sa_t* ike_sa, message_t* message);
void take_outgoing(ike_sa_t* ike_sa, message_t* message);

// charon_listener.c
extern listener_t event_listener;
void report_failure(ike_sa_t* ike_sa, enum charon_failure failure, char const* detail);

// charon_socket.c
bool prepare_sockets(void);
socket_t* make_socket(void);

// charon_jobs.c
void queue_close(ike_sa_t* ike_sa);
void queue_liveness_check(ike_sa_t* ike_sa);

// charon_log.c
extern logger_t line_logger;
void log_to_hook(debug_t group, level_t level, char* format, ...);
/// libcharon logs on level 1 why it does not start: take that in until it runs.
void set_log_level(level_t level);
