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
/// The two that speak IKE, and all that they exchange.
struct charon_flow hosts_of(ike_sa_t* ike_sa);
struct charon_sa sa_of(ike_sa_t* ike_sa);

// charon_settings.c
void apply_settings(struct charon_options const* options);

// charon_configs.c
bool check_proposals(void);
/// With a configuration for one child that has exactly the flow's selectors.
peer_cfg_t* make_peer_config(struct charon_flow const* hosts, struct charon_flow const* flow, bool initiator);
/// One without: each child is refused with TS_UNACCEPTABLE.
peer_cfg_t* make_childless_config(struct charon_flow const* hosts);
child_cfg_t* child_config_of(peer_cfg_t* peer);
ike_cfg_t* make_ike_config(struct charon_flow const* hosts, bool initiator);

// charon_selectors.c
traffic_selector_t* make_selector(struct charon_address const* address, uint8_t protocol, uint16_t port);
/// NULL where the list has none or several.
traffic_selector_t* only_selector(linked_list_t* list);
/// TRUE where each list has just one selector, each is for one host, and the two are one service.
bool read_flow(linked_list_t* local, linked_list_t* remote, struct charon_flow* flow);
bool flow_of_child(child_sa_t* child, struct charon_flow* flow);
bool flow_of_config(child_cfg_t* config, struct charon_flow* flow);
bool same_hosts(struct charon_flow const* one, struct charon_flow const* other);
bool same_flow(struct charon_flow const* one, struct charon_flow const* other);
void destroy_selectors(linked_list_t* list);

// charon_auth_null.c
identification_t* make_id_null(void);
enum charon_method method_of(message_t* message);
/// As libcharon knows it, and without what oekd does not heed.
void take_auth_method(message_t* message, enum charon_method method);
/// As the wire knows it; CHARON_OTHER_METHOD where the message has none.
enum charon_method name_own_method(message_t* message);
void let_id_null_equal_itself(ike_sa_t* ike_sa);

// charon_credentials.c
extern credential_set_t own_credentials;
bool load_own_key(struct charon_own_key const* key);
void forget_own_key(void);
/// NULL where we have no key. For the caller to get_ref() if it keeps it.
certificate_t* own_certificate(void);

// charon_authentication.c
/// What was said of the IKE_SA whose IKE_AUTH this thread works on; NULL where it works on none.
struct charon_authentication const* authentication_of(ike_sa_t* ike_sa);
void add_own_rules(auth_cfg_t* config, struct charon_authentication const* authentication, host_t* host);
/// Before our own IKE_AUTH leaves. FALSE where the message that it would follow waits, or must be dropped.
bool may_authenticate(ike_sa_t* ike_sa, message_t* message);
/// Of the IKE_AUTH that came; FALSE as above.
bool take_claim(ike_sa_t* ike_sa, message_t* message);
void bring_own_key(message_t* message);

// charon_signature.c
/// Of the message that makes us speak, or is our turn to answer.
bool takes_our_signature(ike_sa_t* ike_sa, message_t* message);
/// Only while the IKE_SA is set up; later libcharon has forgotten it.
bool have_signed(ike_sa_t* ike_sa);

// charon_proof.c
/// FALSE where what the peer has proven is not enough.
bool authorize_peer(ike_sa_t* ike_sa);

// charon_parking.c
void open_waiting_room(void);
void close_waiting_room(void);
/// Of each packet of an IKE_SA, as it comes.
void note_packet(ike_sa_t* ike_sa, message_t* message);
bool is_waiting(ike_sa_t* ike_sa);
/// Until charon_resume(). libcharon ignores the message for now.
void let_wait(ike_sa_t* ike_sa, message_t* message);
void forget_waiting(ike_sa_t* ike_sa);
/// NULL where none waits.
message_t* take_waiting(ike_sa_t* ike_sa);
/// libcharon ignores the message, as if it had not come.
void drop_message(message_t* message);

// charon_resume.c
/// What waits is refused when the limit is over.
void limit_waiting(ike_sa_t* ike_sa);

// charon_reqids.c
void use_own_reqids(void);

// charon_backend.c
extern backend_t responder_backend;

// charon_offer.c
/// What the selectors of a message name.
enum offered {
    OFFERED_OTHER, ///< no flow
    OFFERED_MORE,  ///< all that the two hosts exchange that it came from and went to, among other things
    OFFERED_FLOW,  ///< of two hosts a service, or all that they exchange, and nothing else
};
/// What the peer's message at hand asks for.
struct offer {
    uint32_t ike_sa;
    exchange_type_t exchange;
    ipsec_mode_t mode;
    enum offered offered;
    struct charon_flow flow; ///< as we see it: `local` is on our side
};
void note_message(ike_sa_t* ike_sa, message_t* message);
/// NULL where this thread has no message of that IKE_SA at hand.
struct offer const* offer_of(ike_sa_t* ike_sa);

// charon_guard.c
void guard_selectors(ike_sa_t* ike_sa, child_sa_t* child, narrow_hook_t hook, linked_list_t* local,
                     linked_list_t* remote);

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
void queue_confirmation(ike_sa_t* ike_sa);

// charon_log.c
extern logger_t line_logger;
void log_to_hook(debug_t group, level_t level, char* format, ...);
/// libcharon logs on level 1 why it does not start: take that in until it runs.
void set_log_level(level_t level);
