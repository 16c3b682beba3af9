// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/charon_layer.h"

// A flow as IKE has it: a pair of traffic selectors, one for each host, with one protocol and each with one
// port or all of them.

traffic_selector_t* make_selector(struct charon_address const* address, uint8_t protocol, uint16_t port)
{
    host_t* host = host_from_address(address, 0);
    uint8_t bits = (uint8_t)(address->length * 8);
    return traffic_selector_create_from_subnet(host, bits, protocol, port, port ? port : 65535);
}

/// In a service port 0 means any, so a selector for just that port is none. (OPAQUE is 65535 to 0.)
static bool read_port(traffic_selector_t* selector, uint16_t* port)
{
    uint16_t first = selector->get_from_port(selector);
    uint16_t last = selector->get_to_port(selector);
    bool any = first == 0 && last == 65535;
    *port = any ? 0 : first;
    return any || (first == last && first != 0);
}

traffic_selector_t* only_selector(linked_list_t* list)
{
    traffic_selector_t* selector = NULL;
    if (list->get_count(list) == 1)
        list->get_first(list, (void**)&selector);
    return selector;
}

static bool read_host(traffic_selector_t* selector, struct charon_address* address)
{
    host_t* host;
    uint8_t bits;
    if (!selector->is_host(selector, NULL))
        return FALSE;
    selector->to_subnet(selector, &host, &bits);
    *address = address_from_host(host);
    host->destroy(host);
    return TRUE;
}

bool read_flow(linked_list_t* local, linked_list_t* remote, struct charon_flow* flow)
{
    traffic_selector_t* ours = only_selector(local);
    traffic_selector_t* theirs = only_selector(remote);
    if (!ours || !theirs || ours->get_protocol(ours) != theirs->get_protocol(theirs))
        return FALSE;
    struct charon_flow found = {.service.protocol = ours->get_protocol(ours)};
    if (!read_host(ours, &found.local) || !read_host(theirs, &found.remote) ||
        !read_port(ours, &found.service.local_port) || !read_port(theirs, &found.service.remote_port))
        return FALSE;
    *flow = found;
    return TRUE;
}

bool flow_of_child(child_sa_t* child, struct charon_flow* flow)
{
    linked_list_t* local = linked_list_create_from_enumerator(child->create_ts_enumerator(child, TRUE));
    linked_list_t* remote = linked_list_create_from_enumerator(child->create_ts_enumerator(child, FALSE));
    bool found = read_flow(local, remote, flow);
    local->destroy(local);
    remote->destroy(remote);
    return found;
}

bool flow_of_config(child_cfg_t* config, struct charon_flow* flow)
{
    linked_list_t* local = config->get_traffic_selectors(config, TRUE, NULL);
    linked_list_t* remote = config->get_traffic_selectors(config, FALSE, NULL);
    bool found = read_flow(local, remote, flow);
    destroy_selectors(local);
    destroy_selectors(remote);
    return found;
}

static bool same_address(struct charon_address const* one, struct charon_address const* other)
{
    return one->length == other->length && memeq(one->bytes, other->bytes, one->length);
}

bool same_hosts(struct charon_flow const* one, struct charon_flow const* other)
{
    return same_address(&one->local, &other->local) && same_address(&one->remote, &other->remote);
}

bool same_flow(struct charon_flow const* one, struct charon_flow const* other)
{
    struct charon_service const *mine = &one->service, *yours = &other->service;
    return same_hosts(one, other) && mine->protocol == yours->protocol &&
           mine->local_port == yours->local_port && mine->remote_port == yours->remote_port;
}

void destroy_selectors(linked_list_t* list)
{
    list->destroy_offset(list, offsetof(traffic_selector_t, destroy));
}
