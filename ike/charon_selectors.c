// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/charon_layer.h"

// A service as IKE has it: a pair of traffic selectors, one for each host, with one protocol and each with
// one port or all of them.

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

bool read_service(linked_list_t* local, linked_list_t* remote, struct charon_service* service)
{
    traffic_selector_t* ours = only_selector(local);
    traffic_selector_t* theirs = only_selector(remote);
    if (!ours || !theirs || ours->get_protocol(ours) != theirs->get_protocol(theirs))
        return FALSE;
    struct charon_service found = {.protocol = ours->get_protocol(ours)};
    if (!read_port(ours, &found.local_port) || !read_port(theirs, &found.remote_port))
        return FALSE;
    *service = found;
    return TRUE;
}

bool service_of_child(child_sa_t* child, struct charon_service* service)
{
    linked_list_t* local = linked_list_create_from_enumerator(child->create_ts_enumerator(child, TRUE));
    linked_list_t* remote = linked_list_create_from_enumerator(child->create_ts_enumerator(child, FALSE));
    bool found = read_service(local, remote, service);
    local->destroy(local);
    remote->destroy(remote);
    return found;
}

bool service_of_config(child_cfg_t* config, struct charon_service* service)
{
    linked_list_t* local = config->get_traffic_selectors(config, TRUE, NULL);
    linked_list_t* remote = config->get_traffic_selectors(config, FALSE, NULL);
    bool found = read_service(local, remote, service);
    destroy_selectors(local);
    destroy_selectors(remote);
    return found;
}

bool same_service(struct charon_service const* one, struct charon_service const* other)
{
    return one->protocol == other->protocol && one->local_port == other->local_port &&
           one->remote_port == other->remote_port;
}

void destroy_selectors(linked_list_t* list)
{
    list->destroy_offset(list, offsetof(traffic_selector_t, destroy));
}
