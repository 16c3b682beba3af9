// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/charon_layer.h"

// All of libcharon's settings stand here; no strongswan.conf is read. Names and meanings: strongswan.conf(5).

static void set(char const* key, int value)
{
    lib->settings->set_int(lib->settings, "%s.%s", value, lib->ns, key);
}
/// An argument is one name, dots included, so sections stand in the format.
static void set_kernel(char const* key, int value)
{
    lib->settings->set_int(lib->settings, "%s.plugins.kernel-netlink.%s", value, lib->ns, key);
}
static void disable(char const* key) { lib->settings->set_bool(lib->settings, "%s.%s", FALSE, lib->ns, key); }
static void enable(char const* key) { lib->settings->set_bool(lib->settings, "%s.%s", TRUE, lib->ns, key); }

static void set_ports_and_kernel(struct charon_options const* options)
{
    set("port", options->port);
    set("port_nat_t", options->nat_port);
    // oekd owns routes and policies; the plugin would add a rule for table 220 and re-route SAs when
    // addresses change.
    set("routing_table", 0);
    disable("install_routes");
    disable("install_virtual_ip");
    set_kernel("roam_events", 0);
    set_kernel("process_rules", 0);
    // Written into net.core.xfrm_acq_expires: how long a larval SA may suppress further acquires.
    set_kernel("xfrm_acq_expires", 10);
    // An SA in transport mode carries its flow's protocol and ports, so that a peer can send nothing else
    // through it. The plugin leaves them out for the sake of several SAs with one reqid; ours have one each.
    set_kernel("set_proto_port_transport_sa", 1);
    set("replay_window", 2048);
}

static void set_exchange(struct charon_options const* options)
{
    lib->settings->set_double(lib->settings, "%s.retransmit_timeout", options->retransmit_first_ms / 1000.0,
                              lib->ns);
    lib->settings->set_double(lib->settings, "%s.retransmit_base", 2.0, lib->ns);
    // For established SAs. A negotiation that nobody answers is ended earlier, by its first review.
    set("retransmit_tries", 5);
    // The one child of an IKE_SA is its only purpose.
    enable("close_ike_on_child_failure");
    disable("reuse_ikesa");
    // One round is all there is; a second one compares identities.
    disable("multiple_authentication");
    // A peer that nobody authenticated must not send us elsewhere.
    disable("follow_redirects");
    disable("accept_private_algs");
    enable("rsa_pss");
    disable("send_vendor_id");
    // Nothing of OpenSSL's legacy provider is on offer.
    lib->settings->set_bool(lib->settings, "%s.plugins.openssl.load_legacy", FALSE, lib->ns);
}

/// A stranger can make us allocate half-open IKE_SAs: above these numbers he needs a cookie, then he is
/// ignored. block_threshold and cookie_threshold_ip belong together: with the default of the latter several
/// set-ups from one address stall, as happens with many peers behind one address. Our own limit per address
/// refuses them first.
static void set_limits(struct charon_options const* options)
{
    unsigned int per_address = options->max_sas_per_address;

    set("cookie_threshold", 256);
    set("cookie_threshold_ip", (int)(per_address / 2 + 1));
    set("block_threshold", (int)(per_address * 2 + 2));
    set("half_open_timeout", 10);
    set("ikesa_limit", (int)options->max_sas);
    set("ikesa_table_size", 4096);
    set("ikesa_table_segments", 16);
    // Receiver, sender and scheduler hold one each.
    set("threads", 8);
}

void apply_settings(struct charon_options const* options)
{
    set_ports_and_kernel(options);
    set_exchange(options);
    set_limits(options);
}
