// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <stddef.h>
#include <stdint.h>

/// libcharon as the rest of the project sees it: plain C structs and callbacks. strongSwan's own headers are
/// not valid C++, so only the C files of this folder include them. libcharon's state is global to the
/// process, hence no handle here.
#ifdef __cplusplus
extern "C" {
#endif

/// Network byte order; length is 4 or 16.
struct charon_address {
    uint8_t length;
    uint8_t bytes[16];
};

/// Which packets of two hosts are meant, as in policy/service.h: 0 is any.
struct charon_service {
    uint8_t protocol;
    uint16_t local_port;
    uint16_t remote_port;
};

struct charon_flow {
    struct charon_address local;
    struct charon_address remote;
    struct charon_service service;
};

/// Names an IKE_SA. The SPIs are as on the wire; the responder's is 0 until it has answered.
struct charon_sa {
    uint32_t id; ///< libcharon's number for it, never 0
    uint64_t initiator_spi;
    uint64_t responder_spi;
    int initiated; ///< by us
};

enum charon_failure {
    CHARON_SILENT,
    CHARON_UNPROTECTED,
    CHARON_REFUSED,
    CHARON_NOT_PROVEN,
    CHARON_LOCAL,
};

/// A CHILD_SA in the kernel. The strings live as long as the call.
struct charon_child {
    struct charon_flow hosts; ///< who speak IKE
    struct charon_flow flow;
    uint32_t reqid;
    int signed_; ///< by us, at the set-up; unknown when rekeying
    int tunnel;
    uint32_t inbound_spi; ///< host byte order
    uint32_t outbound_spi;
    char const* ike_proposal;
    char const* esp_proposal;
};

/// One UDP datagram with IKE. `data` belongs to whoever filled the struct and stays valid until its next
/// call.
struct charon_datagram {
    struct charon_flow flow;
    uint16_t local_port;
    uint16_t remote_port;
    uint8_t const* data;
    size_t size;
};

enum charon_received {
    CHARON_DATAGRAM,
    CHARON_NOTHING, ///< ask again
    CHARON_STOPPED, ///< never ask again
};

/// What to do with a negotiation of ours that is looked at after a while.
enum charon_verdict {
    CHARON_FINISHED, ///< it has ended; no more reviews
    CHARON_WAIT,     ///< look again later
    CHARON_GIVE_UP,  ///< end it, with a DELETE where the peer may have an SA already
};

/// A public key as SubjectPublicKeyInfo, in DER.
struct charon_key {
    uint8_t const* data;
    size_t size;
};

enum charon_method { CHARON_NULL, CHARON_SIGNATURE, CHARON_OTHER_METHOD };

/// What a peer says about itself in IKE_AUTH; nothing of it is proven, and all of it ends with the call.
struct charon_claim {
    struct charon_flow flow; ///< what it asks for; the two hosts where that is none
    enum charon_method method;
    char const* name;      ///< an ID_FQDN, else ""
    struct charon_key key; ///< from its CERT payload (RFC 7670), size 0 where it sent none
};

enum charon_identity { CHARON_ANONYMOUS, CHARON_ADDRESS, CHARON_NAME };

enum charon_readiness {
    CHARON_PROCEED,
    CHARON_LATER, ///< charon_resume() will come
    CHARON_REFUSE,
};

enum { charon_max_keys = 17 };

/// How to speak to a peer, and with which keys it may prove itself.
struct charon_authentication {
    enum charon_identity own;
    struct charon_key keys[charon_max_keys]; ///< the data stays until the next call for this IKE_SA
    size_t key_count;
};

/// What libcharon's threads tell and ask. Called on any thread, for one IKE_SA never on two at once, with
/// libcharon's bus locked: be quick and call nothing of this header.
struct charon_hooks {
    void* context;
    void (*log)(void* context, int level, char const* line);

    enum charon_received (*receive)(void* context, struct charon_datagram* datagram); ///< blocks
    int (*send)(void* context, struct charon_datagram const* datagram); ///< 0 where it did not leave

    /// An IKE_SA_INIT request came: 1 to negotiate, 0 for NO_PROPOSAL_CHOSEN.
    int (*admit)(void* context, struct charon_sa const* sa, struct charon_flow const* flow);
    /// Asked before our own IKE_AUTH leaves, without a claim, and for each IKE_AUTH that comes, with one.
    enum charon_readiness (*authentication)(void* context, struct charon_sa const* sa,
                                            struct charon_claim const* claim,
                                            struct charon_authentication* authentication);
    /// Nobody called charon_resume() in time.
    void (*overdue)(void* context, struct charon_sa const* sa);
    /// The peer has proven the key with this index, or nothing (-1). 0 where that is not enough.
    int (*authorize)(void* context, struct charon_sa const* sa, int key);
    /// Whether the peer of an admitted IKE_SA is to get the flow that it asks for in IKE_AUTH; if not, it
    /// hears TS_UNACCEPTABLE.
    int (*accepts)(void* context, struct charon_sa const* sa, struct charon_flow const* hosts,
                   struct charon_flow const* flow, int tunnel);
    /// For the SAs of an IKE_SA that is authorized; 0 where there is none.
    uint32_t (*reqid)(void* context, struct charon_sa const* sa);

    void (*begun)(void* context, uint64_t negotiation, struct charon_sa const* sa);
    void (*not_begun)(void* context, uint64_t negotiation);
    /// A message of the peer was accepted. `protected_` where its integrity was verified.
    void (*heard)(void* context, struct charon_sa const* sa, int protected_);
    void (*auth_sent)(void* context, struct charon_sa const* sa);
    /// Why the IKE_SA will end; the first reason is the one that counts.
    void (*failed)(void* context, struct charon_sa const* sa, enum charon_failure failure,
                   char const* detail);
    /// Comes after charon_negotiate()'s `silence_ms`, and with `last` set after `deadline_ms` and in that
    /// interval from then on.
    enum charon_verdict (*review)(void* context, struct charon_sa const* sa, int last, int established);

    /// As responder this comes before the answer leaves. 0 where the SA is not wanted: it is deleted then.
    int (*child_up)(void* context, struct charon_sa const* sa, struct charon_child const* child);
    void (*child_rekeyed)(void* context, struct charon_sa const* sa, struct charon_child const* child);
    void (*child_down)(void* context, struct charon_sa const* sa);
    void (*sa_rekeyed)(void* context, struct charon_sa const* old, struct charon_sa const* successor);
    void (*sa_gone)(void* context, struct charon_sa const* sa);
};

enum { charon_socket_count = 4 };

/// A bound UDP socket, owned by the caller; it must outlive charon_stop().
struct charon_socket {
    int fd; ///< -1 where the system lacks the family
    int ipv6;
    uint16_t port;
    int nat; ///< ESP in UDP may arrive here
};

/// All of it must stay until charon_start() returns.
struct charon_own_key {
    char const* pem; ///< PKCS #8; NULL where we have no key
    size_t pem_size;
    struct charon_key spki; ///< its public half
};

struct charon_options {
    int tunnel; ///< the mode to propose
    int post_quantum;
    struct charon_socket sockets[charon_socket_count];
    uint16_t port;
    uint16_t nat_port;
    unsigned retransmit_first_ms;
    unsigned deadline_ms; ///< the second review, and the interval of all later ones
    unsigned rekey_child_s;
    unsigned rekey_ike_s;
    unsigned liveness_s; ///< how long a peer may be quiet before it is asked whether it lives; 0: never asked
    unsigned max_sas;
    unsigned max_sas_per_address;
    struct charon_own_key own_key;
    char const* own_name; ///< must stay until charon_stop()
    unsigned answer_limit_ms;
    unsigned max_waiting; ///< messages
    int log_level;
};

/// Starts libcharon and its threads. 0 where it does not start; why, was logged at level 1 or below.
int charon_start(struct charon_options const* options, struct charon_hooks const* hooks);
/// Sends a DELETE for each SA and ends all threads. The receive hook must return CHARON_STOPPED from now on.
void charon_stop(void);

/// Ends in begun() and later sa_gone(), or in not_begun().
void charon_negotiate(uint64_t number, struct charon_flow const* hosts, struct charon_flow const* flow,
                      unsigned silence_ms);
/// Takes up the message that the authentication hook has made wait.
void charon_resume(struct charon_sa const* sa);
/// Queues a DELETE; nothing happens where the SA is gone already.
void charon_close(struct charon_sa const* sa);
/// The same, but nobody waits for the answer.
void charon_abandon(struct charon_sa const* sa);

/// "6.1.0"
char const* charon_version(void);

#ifdef __cplusplus
}
#endif
