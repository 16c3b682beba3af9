// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/charon_layer.h"

#include <network/socket.h>

// libcharon's socket, on top of the receive and send hooks.

/// IKE itself must pass whatever policies the kernel holds, and ESP in UDP must reach the kernel's IPsec.
bool prepare_sockets(void)
{
    for (int i = 0; i < charon_socket_count; i++) {
        struct charon_socket const* each = &charon_layer.options.sockets[i];
        int family = each->ipv6 ? AF_INET6 : AF_INET;
        if (each->fd < 0)
            continue;
        if (!charon->kernel->bypass_socket(charon->kernel, each->fd, family)) {
            DBG1(DBG_NET, "the kernel does not exempt UDP port %d from its IPsec policies", each->port);
            return FALSE;
        }
        if (each->nat && !charon->kernel->enable_udp_decap(charon->kernel, each->fd, family, each->port))
            DBG1(DBG_NET, "the kernel refused ESP in UDP on port %d", each->port);
    }
    return TRUE;
}

static status_t receive(socket_t* self, packet_t** packet)
{
    (void)self;
    struct charon_datagram datagram;
    switch (charon_layer.hooks.receive(charon_layer.hooks.context, &datagram)) {
    case CHARON_DATAGRAM: break;
    case CHARON_NOTHING: return FAILED;
    case CHARON_STOPPED: return NOT_SUPPORTED; // ends libcharon's receiver
    }
    packet_t* received = packet_create();
    received->set_source(received, host_from_address(&datagram.flow.remote, datagram.remote_port));
    received->set_destination(received, host_from_address(&datagram.flow.local, datagram.local_port));
    received->set_data(received, chunk_clone(chunk_create((u_char*)datagram.data, datagram.size)));
    *packet = received;
    return SUCCESS;
}

static status_t send_packet(socket_t* self, packet_t* packet)
{
    (void)self;
    host_t* source = packet->get_source(packet);
    host_t* destination = packet->get_destination(packet);
    chunk_t data = packet->get_data(packet);
    struct charon_datagram datagram = {
        .flow = {.local = address_from_host(source), .remote = address_from_host(destination)},
        .local_port = source->get_port(source),
        .remote_port = destination->get_port(destination),
        .data = data.ptr,
        .size = data.len,
    };
    return charon_layer.hooks.send(charon_layer.hooks.context, &datagram) ? SUCCESS : FAILED;
}

static uint16_t get_port(socket_t* self, bool nat)
{
    (void)self;
    return nat ? charon_layer.options.nat_port : charon_layer.options.port;
}

static socket_family_t get_families(socket_t* self)
{
    (void)self;
    socket_family_t families = SOCKET_FAMILY_NONE;
    for (int i = 0; i < charon_socket_count; i++) {
        if (charon_layer.options.sockets[i].fd >= 0)
            families |= charon_layer.options.sockets[i].ipv6 ? SOCKET_FAMILY_IPV6 : SOCKET_FAMILY_IPV4;
    }
    return families;
}

static void destroy(socket_t* self) { free(self); }

socket_t* make_socket(void)
{
    socket_t* self;
    INIT(self, .receive = receive, .send = send_packet, .get_port = get_port,
         .supported_families = get_families, .destroy = destroy);
    return self;
}
