// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/charon_layer.h"

#include <string.h>

struct charon_address address_from_host(host_t* host)
{
    struct charon_address address = {0};
    chunk_t bytes = host->get_address(host);
    if (bytes.len == 4 || bytes.len == 16) {
        address.length = (uint8_t)bytes.len;
        memcpy(address.bytes, bytes.ptr, bytes.len);
    }
    return address;
}

host_t* host_from_address(struct charon_address const* address, uint16_t port)
{
    chunk_t bytes = chunk_create((u_char*)address->bytes, address->length);
    return host_create_from_chunk(address->length == 4 ? AF_INET : AF_INET6, bytes, port);
}

struct charon_flow hosts_of(ike_sa_t* ike_sa)
{
    return (struct charon_flow){
        .local = address_from_host(ike_sa->get_my_host(ike_sa)),
        .remote = address_from_host(ike_sa->get_other_host(ike_sa)),
    };
}

struct charon_sa sa_of(ike_sa_t* ike_sa)
{
    ike_sa_id_t* id = ike_sa->get_id(ike_sa);
    return (struct charon_sa){
        .id = ike_sa->get_unique_id(ike_sa),
        .initiator_spi = id->get_initiator_spi(id),
        .responder_spi = id->get_responder_spi(id),
        .initiated = id->is_initiator(id),
    };
}
