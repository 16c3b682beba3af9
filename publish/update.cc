// SPDX-License-Identifier: GPL-2.0-or-later
#include "publish/update.h"

#include "base/fd.h"
#include "base/handle.h"
#include "base/plain_text.h"

#include <fmt/format.h>
#include <ldns/ldns.h>
#include <netdb.h>
#include <sys/socket.h>

namespace oekd::publish {

namespace {

using AddressList = Handle<addrinfo, ::freeaddrinfo>;
using Name = Handle<ldns_rdf, ldns_rdf_deep_free>;
using Record = Handle<ldns_rr, ldns_rr_free>;
using RecordList = Handle<ldns_rr_list, ldns_rr_list_deep_free>;
using Packet = Handle<ldns_pkt, ldns_pkt_free>;
using Buffer = Handle<ldns_buffer, ldns_buffer_free>;
using Bytes = Handle<uint8_t, ::free>;

constexpr timeval patience{.tv_sec = 10, .tv_usec = 0};
constexpr uint16_t clock_difference = 300; // seconds (RFC 8945 §10)
constexpr char const* dns_port = "53";

std::unexpected<Error> failed(std::string_view what, std::string_view why)
{
    return fail(ErrorCode::System, fmt::format("{}: {}", plain_text(what), why));
}

/// ldns has no memory or a bug of ours: names and keys were checked.
std::unexpected<Error> failed(std::string_view what, ldns_status status)
{
    return failed(what, ldns_get_errorstr_by_id(status));
}

std::string rcode_text(int rcode)
{
    auto const* const known = ldns_lookup_by_id(ldns_rcodes, rcode);
    return known ? known->name : fmt::format("RCODE {}", rcode);
}

// ---- the message

Name name_of(std::string const& text) { return Name(ldns_dname_new_frm_str((text + ".").c_str())); }

/// Without data; null where there is no memory.
Record empty_record(std::string const& owner, ldns_rr_class of_class, uint32_t ttl)
{
    Record record(ldns_rr_new());
    auto name = name_of(owner);
    if (!record || !name)
        return {};
    ldns_rr_set_owner(record.get(), name.release());
    ldns_rr_set_type(record.get(), LDNS_RR_TYPE_IPSECKEY);
    ldns_rr_set_class(record.get(), of_class);
    ldns_rr_set_ttl(record.get(), ttl);
    return record;
}

bool push(ldns_rr_list& list, Record record)
{
    if (!record || !ldns_rr_list_push_rr(&list, record.get()))
        return false;
    record.release();
    return true;
}

/// ldns writes unknown data as it is.
bool push_data(ldns_rr* record, dns::IpsecKey const& data)
{
    auto const bytes = dns::rdata_of(data);
    auto* const field = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_UNKNOWN, bytes.size(), bytes.data());
    return record && field && ldns_rr_push_rdf(record, field);
}

/// Takes away what the name has (RFC 2136 §2.5.2), then adds.
bool push_set(ldns_rr_list& list, RecordSet const& set, uint32_t ttl)
{
    bool pushed = push(list, empty_record(set.owner, LDNS_RR_CLASS_ANY, 0));
    for (auto const& data : set.records) {
        auto record = empty_record(set.owner, LDNS_RR_CLASS_IN, ttl);
        pushed = pushed && push_data(record.get(), data) && push(list, std::move(record));
    }
    return pushed;
}

Result<Packet> message_of(std::vector<RecordSet const*> const& sets, uint32_t ttl, Primary const& primary)
{
    RecordList const updates(ldns_rr_list_new());
    auto zone = name_of(primary.zone);
    bool complete = updates && zone;
    for (auto const* set : sets)
        complete = complete && push_set(*updates, *set, ttl);
    Packet message(complete
                       ? ldns_update_pkt_new(zone.get(), LDNS_RR_CLASS_IN, nullptr, updates.get(), nullptr)
                       : nullptr);
    if (!message)
        return failed(primary.zone, LDNS_STATUS_MEM_ERR);
    zone.release(); // it is the message's
    ldns_pkt_set_random_id(message.get());
    auto const& key = primary.key;
    auto const signed_it = ldns_pkt_tsig_sign(message.get(), key.name.c_str(), key.secret.c_str(),
                                              clock_difference, (key.algorithm + ".").c_str(), nullptr);
    if (signed_it != LDNS_STATUS_OK)
        return failed(key.name, signed_it);
    return message;
}

// ---- the connection

Result<Fd> connect_to(std::string const& server)
{
    addrinfo const wanted{.ai_socktype = SOCK_STREAM};
    addrinfo* found = nullptr;
    int const result = ::getaddrinfo(server.c_str(), dns_port, &wanted, &found);
    if (result != 0)
        return failed(server, ::gai_strerror(result));
    AddressList const addresses(found);
    for (auto const* address = found; address; address = address->ai_next) {
        auto const* const storage = reinterpret_cast<sockaddr_storage const*>(address->ai_addr);
        Fd connection(ldns_tcp_connect2(storage, address->ai_addrlen, patience));
        if (connection &&
            ::setsockopt(connection.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) == 0)
            return connection;
    }
    return failed(server, "no connection to TCP port 53");
}

/// What the server says to one message, once it is known to be the server who says it.
Result<void> ask(Fd const& connection, Packet const& message, Primary const& primary)
{
    Buffer const wire(ldns_buffer_new(LDNS_MIN_BUFLEN));
    auto status = wire ? ldns_pkt2buffer_wire(wire.get(), message.get()) : LDNS_STATUS_MEM_ERR;
    if (status != LDNS_STATUS_OK)
        return failed(primary.zone, status);
    if (ldns_tcp_send_query(wire.get(), connection.get(), nullptr, 0) == 0)
        return failed(primary.server, "the connection broke");
    size_t size = 0;
    Bytes const bytes(ldns_tcp_read_wire_timeout(connection.get(), &size, patience));
    if (!bytes)
        return failed(primary.server, "no answer in time");
    ldns_pkt* raw = nullptr;
    status = ldns_wire2pkt(&raw, bytes.get(), size);
    Packet const answer(status == LDNS_STATUS_OK ? raw : nullptr);
    if (!answer)
        return failed(primary.server,
                      fmt::format("the answer is malformed ({})", ldns_get_errorstr_by_id(status)));
    if (auto const rcode = ldns_pkt_get_rcode(answer.get()); rcode != LDNS_RCODE_NOERROR)
        return failed(primary.server,
                      fmt::format("the update of {} is refused: {}", primary.zone, rcode_text(rcode)));
    auto const& key = primary.key;
    auto const* const mac = ldns_rr_rdf(ldns_pkt_tsig(message.get()), 3); // RFC 8945 §4.2
    if (ldns_pkt_id(answer.get()) != ldns_pkt_id(message.get()) || !ldns_pkt_tsig(answer.get()) ||
        !ldns_pkt_tsig_verify(answer.get(), bytes.get(), size, key.name.c_str(), key.secret.c_str(), mac))
        return failed(primary.server,
                      "the answer is not signed with the key; nobody knows whether it was taken");
    return {};
}

} // namespace

Result<void> send_update(Publication const& publication, Primary const& primary)
{
    auto const connection = connect_to(primary.server);
    if (!connection)
        return std::unexpected(connection.error());
    auto const ttl = static_cast<uint32_t>(publication.ttl.count());
    size_t taken = 0;
    for (auto const& sets : in_messages(publication)) {
        auto const message = message_of(sets, ttl, primary);
        if (!message)
            return std::unexpected(message.error());
        auto const answered = ask(*connection, *message, primary);
        if (!answered)
            return std::unexpected(taken == 0 ? answered.error()
                                              : answered.error().with(fmt::format("after {} names", taken)));
        taken += sets.size();
    }
    return {};
}

} // namespace oekd::publish
