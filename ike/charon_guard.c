// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/charon_layer.h"

// What an anonymous peer must not get: selectors other than its own address and ours, a second child, another
// mode in the middle of the flow. An empty list of selectors makes libcharon answer TS_UNACCEPTABLE, or send
// a DELETE as the initiator.

/// With one child, its replacement, and those that wait for their end after a rekeying.
enum { most_children = 4 };

static bool is_flow_selector(traffic_selector_t* selector, host_t* host)
{
    return selector->is_host(selector, host) && selector->get_protocol(selector) == 0 &&
           selector->get_from_port(selector) == 0 && selector->get_to_port(selector) == 65535;
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

static bool keep_flow(ike_sa_t* ike_sa, linked_list_t* local, linked_list_t* remote)
{
    bool pure = keep_flow_selector(local, ike_sa->get_my_host(ike_sa));
    return keep_flow_selector(remote, ike_sa->get_other_host(ike_sa)) && pure;
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

/// Behind a NAT libcharon rewrites transport-mode selectors to the NAT's address, and one anonymous customer
/// of a shared address would own the traffic of all behind it. Until that is solved such peers are refused.
/// (Where UDP encapsulation is merely forced, the offered selectors name the hosts that we see, and all is
/// well.)
static bool hides_behind_nat(ike_sa_t* ike_sa, struct offer const* offer)
{
    bool nat = ike_sa->has_condition(ike_sa, COND_NAT_THERE) || ike_sa->has_condition(ike_sa, COND_NAT_HERE);
    return nat && !offer->names_both_hosts;
}

static bool refuses_request(ike_sa_t* ike_sa)
{
    struct offer const* offer = offer_of(ike_sa);
    return !offer || (offer->exchange == CREATE_CHILD_SA && creates_child(ike_sa)) ||
           changes_mode(ike_sa, offer) || hides_behind_nat(ike_sa, offer) ||
           ike_sa->get_child_count(ike_sa) >= most_children;
}

static bool refuses_answer(ike_sa_t* ike_sa)
{
    struct offer const* offer = offer_of(ike_sa);
    return !offer || changes_mode(ike_sa, offer);
}

void guard_selectors(ike_sa_t* ike_sa, narrow_hook_t hook, linked_list_t* local, linked_list_t* remote)
{
    bool pure = TRUE;
    bool refused = FALSE;
    switch (hook) {
    case NARROW_INITIATOR_PRE_NOAUTH:
    case NARROW_INITIATOR_PRE_AUTH: return; // what we offer comes from our own configuration
    case NARROW_RESPONDER:
        // To take one of several offered selectors is a responder's right (RFC 7296 §2.9).
        keep_flow(ike_sa, local, remote);
        refused = refuses_request(ike_sa);
        break;
    case NARROW_RESPONDER_POST: pure = keep_flow(ike_sa, local, remote); break;
    case NARROW_INITIATOR_POST_NOAUTH:
    case NARROW_INITIATOR_POST_AUTH:
        pure = keep_flow(ike_sa, local, remote);
        refused = refuses_answer(ike_sa);
        break;
    }
    if (refused || !pure) {
        remove_all(local);
        remove_all(remote);
    }
}
