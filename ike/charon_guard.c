// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/charon_layer.h"

// What a peer must not get: selectors other than those of the flow that the IKE_SA is for, a second child,
// another mode in the middle of the flow. An empty list of selectors makes libcharon answer TS_UNACCEPTABLE,
// or send a DELETE as the initiator.

/// With one child, its replacement, and those that wait for their end after a rekeying.
enum { most_children = 4 };

/// Keeps the flow's own selector, once; FALSE where something else was in the list.
static bool keep_selector(linked_list_t* list, traffic_selector_t* ours)
{
    bool pure = TRUE;
    int kept = 0;
    traffic_selector_t* selector;
    enumerator_t* selectors = list->create_enumerator(list);
    while (selectors->enumerate(selectors, &selector)) {
        if (selector->equals(selector, ours) && kept++ == 0)
            continue;
        pure = FALSE;
        list->remove_at(list, selectors);
        selector->destroy(selector);
    }
    selectors->destroy(selectors);
    return pure;
}

static bool keep_configured(linked_list_t* list, child_cfg_t* config, bool local)
{
    linked_list_t* configured = config->get_traffic_selectors(config, local, NULL);
    traffic_selector_t* ours;
    bool pure = configured->get_first(configured, (void**)&ours) == SUCCESS && keep_selector(list, ours);
    destroy_selectors(configured);
    return pure;
}

static bool keep_flow(child_sa_t* child, linked_list_t* local, linked_list_t* remote)
{
    child_cfg_t* config = child->get_config(child);
    bool pure = keep_configured(local, config, TRUE);
    return keep_configured(remote, config, FALSE) && pure;
}

static void remove_all(linked_list_t* list)
{
    traffic_selector_t* selector;
    while (list->remove_last(list, (void**)&selector) == SUCCESS)
        selector->destroy(selector);
}

/// libcharon has decided what a CREATE_CHILD_SA request is: with a REKEY_SA notify that counts, the task is
/// another one.
static bool creates_child(ike_sa_t* ike_sa)
{
    bool found = FALSE;
    task_t* task;
    enumerator_t* tasks = ike_sa->create_task_enumerator(ike_sa, TASK_QUEUE_PASSIVE);
    while (tasks->enumerate(tasks, &task))
        found = found || task->get_type(task) == TASK_CHILD_CREATE;
    tasks->destroy(tasks);
    return found;
}

static bool changes_mode(ike_sa_t* ike_sa, struct offer const* offer)
{
    bool differs = FALSE;
    child_sa_t* child;
    enumerator_t* children = ike_sa->create_child_sa_enumerator(ike_sa);
    while (children->enumerate(children, &child))
        differs = differs || child->get_mode(child) != offer->mode;
    children->destroy(children);
    return offer->exchange == CREATE_CHILD_SA && differs;
}

/// What the message itself says, before libcharon cuts it to what we have configured. The selectors must name
/// the hosts that we see: behind a NAT libcharon rewrites those of transport mode to the NAT's address, and
/// one anonymous customer of a shared address would own the traffic of all behind it. (Where UDP
/// encapsulation is merely forced they do, and all is well.)
static bool is_about_flow(struct offer const* offer, child_sa_t* child)
{
    struct charon_flow ours;
    return offer->offered != OFFERED_OTHER && flow_of_config(child->get_config(child), &ours) &&
           same_flow(&offer->flow, &ours);
}

static bool refuses_request(ike_sa_t* ike_sa, child_sa_t* child)
{
    struct offer const* offer = offer_of(ike_sa);
    return !offer || !is_about_flow(offer, child) ||
           (offer->exchange == CREATE_CHILD_SA && creates_child(ike_sa)) || changes_mode(ike_sa, offer) ||
           ike_sa->get_child_count(ike_sa) >= most_children;
}

/// A peer that takes more than we asked for would send what our policies drop.
static bool refuses_answer(ike_sa_t* ike_sa, child_sa_t* child)
{
    struct offer const* offer = offer_of(ike_sa);
    return !offer || offer->offered != OFFERED_FLOW || !is_about_flow(offer, child) ||
           changes_mode(ike_sa, offer);
}

void guard_selectors(ike_sa_t* ike_sa, child_sa_t* child, narrow_hook_t hook, linked_list_t* local,
                     linked_list_t* remote)
{
    bool pure = TRUE;
    bool refused = FALSE;
    switch (hook) {
    case NARROW_INITIATOR_PRE_NOAUTH:
    case NARROW_INITIATOR_PRE_AUTH: return; // what we offer comes from our own configuration
    case NARROW_RESPONDER:
        // To take one of several offered selectors is a responder's right (RFC 7296 §2.9).
        keep_flow(child, local, remote);
        refused = refuses_request(ike_sa, child);
        break;
    case NARROW_RESPONDER_POST: pure = keep_flow(child, local, remote); break;
    case NARROW_INITIATOR_POST_NOAUTH:
    case NARROW_INITIATOR_POST_AUTH:
        pure = keep_flow(child, local, remote);
        refused = refuses_answer(ike_sa, child);
        break;
    }
    if (refused || !pure) {
        remove_all(local);
        remove_all(remote);
    }
}
