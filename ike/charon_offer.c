// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/charon_layer.h"

#include <encoding/payloads/notify_payload.h>
#include <encoding/payloads/ts_payload.h>

// Looks at each message of a peer before libcharon's tasks do: takes out what oekd never negotiated, and
// keeps what the guard of the selectors must know. libcharon processes a message to its end on the thread
// that runs this hook, so what is kept here belongs to the selector hooks that follow on the same thread.

static _Thread_local struct offer last;

struct offer const* offer_of(ike_sa_t* ike_sa)
{
    return last.ike_sa == ike_sa->get_unique_id(ike_sa) ? &last : NULL;
}

static void remove_payload(message_t* message, enumerator_t* payloads, payload_t* payload)
{
    message->remove_payload_at(message, payloads);
    payload->destroy(payload);
}

/// MOBIKE's notifies would move an SA to another address even where MOBIKE is off; a redirect or a new
/// message counter is nothing that we negotiated either.
static bool is_unwanted(notify_type_t type)
{
    switch (type) {
    case UPDATE_SA_ADDRESSES:
    case ADDITIONAL_IP4_ADDRESS:
    case ADDITIONAL_IP6_ADDRESS:
    case NO_ADDITIONAL_ADDRESSES:
    case COOKIE2:
    case NO_NATS_ALLOWED:
    case UNEXPECTED_NAT_DETECTED:
    case UNACCEPTABLE_ADDRESSES:
    case NAT_DETECTION_SOURCE_IP:
    case NAT_DETECTION_DESTINATION_IP:
    case REDIRECT:
    case IKEV2_MESSAGE_ID_SYNC: return TRUE;
    default: return FALSE;
    }
}

/// What is left is a liveness check, and gets an empty answer.
static void drop_unwanted_notifies(message_t* message)
{
    payload_t* payload;
    enumerator_t* payloads = message->create_payload_enumerator(message);
    while (payloads->enumerate(payloads, &payload)) {
        if (payload->get_type(payload) != PLV2_NOTIFY)
            continue;
        notify_payload_t* notify = (notify_payload_t*)payload;
        if (is_unwanted(notify->get_notify_type(notify)))
            remove_payload(message, payloads, payload);
    }
    payloads->destroy(payloads);
}

/// Each replaced IKE_SA stays for a while, so a peer that rekeys without pause could fill our memory. Without
/// its proposals the request gets NO_PROPOSAL_CHOSEN, and the IKE_SA stays as it is.
enum { shortest_ike_life_s = 5 };

static void drop_hasty_ike_rekeying(ike_sa_t* ike_sa, message_t* message)
{
    time_t established = (time_t)ike_sa->get_statistic(ike_sa, STAT_ESTABLISHED);
    if (message->get_payload(message, PLV2_TS_INITIATOR) ||
        message->get_payload(message, PLV2_TS_RESPONDER) ||
        time_monotonic(NULL) - established >= shortest_ike_life_s)
        return;
    payload_t* payload;
    enumerator_t* payloads = message->create_payload_enumerator(message);
    while (payloads->enumerate(payloads, &payload)) {
        if (payload->get_type(payload) == PLV2_SECURITY_ASSOCIATION)
            remove_payload(message, payloads, payload);
    }
    payloads->destroy(payloads);
}

static linked_list_t* selectors_in(message_t* message, payload_type_t type)
{
    ts_payload_t* payload = (ts_payload_t*)message->get_payload(message, type);
    return payload ? payload->get_traffic_selectors(payload) : linked_list_create();
}

static bool includes_all_of(linked_list_t* list, host_t* host)
{
    bool found = FALSE;
    traffic_selector_t* selector;
    enumerator_t* selectors = list->create_enumerator(list);
    while (selectors->enumerate(selectors, &selector))
        found = found || (selector->includes(selector, host) && selector->get_protocol(selector) == 0 &&
                          selector->get_from_port(selector) == 0 && selector->get_to_port(selector) == 65535);
    selectors->destroy(selectors);
    return found;
}

/// Who began the exchange is on the side of TSi (RFC 7296 §2.9), and what comes in is never our own.
static void read_selectors(message_t* message, struct offer* offer)
{
    bool request = message->get_request(message);
    host_t* us = message->get_destination(message);
    host_t* peer = message->get_source(message);
    linked_list_t* local = selectors_in(message, request ? PLV2_TS_RESPONDER : PLV2_TS_INITIATOR);
    linked_list_t* remote = selectors_in(message, request ? PLV2_TS_INITIATOR : PLV2_TS_RESPONDER);
    if (read_flow(local, remote, &offer->flow))
        offer->offered = OFFERED_FLOW;
    else if (includes_all_of(local, us) && includes_all_of(remote, peer)) {
        offer->offered = OFFERED_MORE;
        offer->flow = (struct charon_flow){.local = address_from_host(us), .remote = address_from_host(peer)};
    }
    destroy_selectors(local);
    destroy_selectors(remote);
}

void note_message(ike_sa_t* ike_sa, message_t* message)
{
    bool request = message->get_request(message);
    last = (struct offer){
        .ike_sa = ike_sa->get_unique_id(ike_sa),
        .exchange = message->get_exchange_type(message),
        .mode = message->get_notify(message, USE_TRANSPORT_MODE) ? MODE_TRANSPORT : MODE_TUNNEL,
        .offered = OFFERED_OTHER,
    };
    read_selectors(message, &last);
    if (request && last.exchange == INFORMATIONAL)
        drop_unwanted_notifies(message);
    if (request && last.exchange == CREATE_CHILD_SA)
        drop_hasty_ike_rekeying(ike_sa, message);
}
