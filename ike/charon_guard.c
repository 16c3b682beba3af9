// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/charon_layer.h"

#include <encoding/payloads/notify_payload.h>
#include <encoding/payloads/ts_payload.h>

// What an anonymous peer must not get: selectors other than its own address and ours, a second child, another
// mode in the middle of the flow, another address for an SA that stands.

/// What the message at hand said. libcharon processes a message to its end on the thread that ran the message
/// hook, so the selector hooks that follow on this thread speak of the same message.
static _Thread_local struct {
    uint32_t ike_sa;
    bool extra_child;    ///< CREATE_CHILD_SA that rekeys nothing
    bool mode_changes;   ///< a rekeying that asks for another mode than the flow has
    bool foreign_source; ///< the offered selectors do not name the hosts that exchange these packets
} noted;

/// MOBIKE's notifies would move an SA to another address even where MOBIKE is off; a redirect or a new
/// message counter is nothing that we negotiated either. Without them the message is a liveness check.
static void drop_unwanted_notifies(message_t* message)
{
    payload_t* payload;
    enumerator_t* payloads = message->create_payload_enumerator(message);
    while (payloads->enumerate(payloads, &payload)) {
        if (payload->get_type(payload) != PLV2_NOTIFY)
            continue;
        switch (((notify_payload_t*)payload)->get_notify_type((notify_payload_t*)payload)) {
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
        case IKEV2_MESSAGE_ID_SYNC:
            message->remove_payload_at(message, payloads);
            payload->destroy(payload);
            break;
        default: break;
        }
    }
    payloads->destroy(payloads);
}

static bool offers_host(message_t* message, payload_type_t type, host_t* host)
{
    ts_payload_t* payload = (ts_payload_t*)message->get_payload(message, type);
    if (!payload)
        return FALSE;
    bool found = FALSE;
    traffic_selector_t* selector;
    linked_list_t* list = payload->get_traffic_selectors(payload);
    enumerator_t* selectors = list->create_enumerator(list);
    while (selectors->enumerate(selectors, &selector))
        found = found || selector->includes(selector, host);
    selectors->destroy(selectors);
    list->destroy_offset(list, offsetof(traffic_selector_t, destroy));
    return found;
}

static bool has_other_mode(ike_sa_t* ike_sa, message_t* message)
{
    ipsec_mode_t mode = message->get_notify(message, USE_TRANSPORT_MODE) ? MODE_TRANSPORT : MODE_TUNNEL;
    bool differs = FALSE;
    child_sa_t* child;
    enumerator_t* children = ike_sa->create_child_sa_enumerator(ike_sa);
    while (children->enumerate(children, &child))
        differs = differs || child->get_mode(child) != mode;
    children->destroy(children);
    return differs;
}

void note_message(ike_sa_t* ike_sa, message_t* message)
{
    bool request = message->get_request(message);
    exchange_type_t exchange = message->get_exchange_type(message);

    noted.ike_sa = ike_sa->get_unique_id(ike_sa);
    noted.extra_child = noted.mode_changes = noted.foreign_source = FALSE;
    if (request && exchange == INFORMATIONAL)
        drop_unwanted_notifies(message);
    if (exchange == CREATE_CHILD_SA) {
        noted.extra_child = request && !message->get_notify(message, REKEY_SA);
        noted.mode_changes = has_other_mode(ike_sa, message);
    }
    if (request && (exchange == CREATE_CHILD_SA || exchange == IKE_AUTH)) {
        noted.foreign_source = !offers_host(message, PLV2_TS_INITIATOR, message->get_source(message)) ||
                               !offers_host(message, PLV2_TS_RESPONDER, message->get_destination(message));
    }
}

static bool is_flow_selector(traffic_selector_t* selector, host_t* host)
{
    return selector->is_host(selector, host) && selector->get_protocol(selector) == 0 &&
           selector->get_from_port(selector) == 0 && selector->get_to_port(selector) == 65535;
}

static void remove_all(linked_list_t* list)
{
    traffic_selector_t* selector;
    while (list->remove_last(list, (void**)&selector) == SUCCESS)
        selector->destroy(selector);
}

/// Keeps the flow's own selector, once; FALSE where something else was in the list.
static bool keep_flow_selector(linked_list_t* list, host_t* host)
{
    bool pure = TRUE;
    int kept = 0;
    traffic_selector_t* selector;
    enumerator_t* selectors = list->create_enumerator(list);
    while (selectors->enumerate(selectors, &selector)) {
        if (is_flow_selector(selector, host) && kept++ == 0)
            continue;
        pure = FALSE;
        list->remove_at(list, selectors);
        selector->destroy(selector);
    }
    selectors->destroy(selectors);
    return pure;
}

/// Behind a NAT libcharon rewrites transport-mode selectors to the NAT's address, and one anonymous customer
/// of a shared address would own the traffic of all behind it. Until that is solved such peers are refused.
/// (Where UDP encapsulation is merely forced, the offered selectors name the hosts that we see, and all is
/// well.)
static bool is_refused(ike_sa_t* ike_sa)
{
    if (noted.ike_sa != ike_sa->get_unique_id(ike_sa))
        return TRUE;
    bool nat = ike_sa->has_condition(ike_sa, COND_NAT_THERE) || ike_sa->has_condition(ike_sa, COND_NAT_HERE);
    return noted.extra_child || noted.mode_changes || (nat && noted.foreign_source);
}

void guard_selectors(ike_sa_t* ike_sa, narrow_hook_t hook, linked_list_t* local, linked_list_t* remote)
{
    bool refused = TRUE;
    switch (hook) {
    case NARROW_INITIATOR_PRE_NOAUTH:
    case NARROW_INITIATOR_PRE_AUTH: return; // what we offer comes from our own configuration
    case NARROW_RESPONDER:
        // Taking one of several offered selectors is a responder's right (RFC 7296 §2.9).
        keep_flow_selector(local, ike_sa->get_my_host(ike_sa));
        keep_flow_selector(remote, ike_sa->get_other_host(ike_sa));
        refused = is_refused(ike_sa);
        break;
    case NARROW_INITIATOR_POST_NOAUTH:
    case NARROW_INITIATOR_POST_AUTH:
        refused = noted.mode_changes;
        // fall through
    case NARROW_RESPONDER_POST:
        if (hook == NARROW_RESPONDER_POST)
            refused = FALSE;
        refused = refused || !keep_flow_selector(local, ike_sa->get_my_host(ike_sa)) ||
                  !keep_flow_selector(remote, ike_sa->get_other_host(ike_sa));
        break;
    }
    // An empty list makes libcharon answer TS_UNACCEPTABLE, or send a DELETE as the initiator.
    if (refused) {
        remove_all(local);
        remove_all(remote);
    }
}
