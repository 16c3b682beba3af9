// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/charon_layer.h"

#include <network/socket.h>
#include <plugins/plugin_feature.h>
#include <poll.h>

struct charon_layer charon_layer;

static char* const plugins = "random nonce openssl kdf pubkey pkcs1 pkcs8 pem dnskey ml kernel-netlink";

static bool register_socket(plugin_t* plugin, plugin_feature_t* feature, bool up, void* data)
{
    (void)plugin;
    (void)feature;
    (void)data;
    if (!up) {
        charon->socket->remove_socket(charon->socket, make_socket);
        return TRUE;
    }
    if (!prepare_sockets())
        return FALSE;
    charon->socket->add_socket(charon->socket, make_socket);
    return TRUE;
}

static bool register_peers(plugin_t* plugin, plugin_feature_t* feature, bool up, void* data)
{
    (void)plugin;
    (void)feature;
    (void)data;
    if (!up) {
        charon->bus->remove_listener(charon->bus, &event_listener);
        charon->backends->remove_backend(charon->backends, &responder_backend);
        lib->credmgr->remove_set(lib->credmgr, &own_credentials);
        forget_own_key();
        close_waiting_room();
        return TRUE;
    }
    if (!check_proposals()) {
        DBG1(DBG_CFG, "a proposal names an algorithm that this build does not have");
        return FALSE;
    }
    if (!load_own_key(&charon_layer.options.own_key)) {
        forget_own_key();
        return FALSE;
    }
    open_waiting_room();
    lib->credmgr->add_set(lib->credmgr, &own_credentials);
    charon->backends->add_backend(charon->backends, &responder_backend);
    charon->bus->add_listener(charon->bus, &event_listener);
    return TRUE;
}

/// As features of a plugin they are there before the first packet, and are taken away in the right order at
/// the end.
static void add_features(void)
{
    plugin_feature_t features[] = {
        PLUGIN_CALLBACK(register_socket, NULL), PLUGIN_PROVIDE(CUSTOM, "socket"),
        PLUGIN_DEPENDS(CUSTOM, "kernel-ipsec"), PLUGIN_CALLBACK(register_peers, NULL),
        PLUGIN_PROVIDE(CUSTOM, "oekd-peers"),   PLUGIN_DEPENDS(CUSTOM, "libcharon-sa-managers"),
        PLUGIN_DEPENDS(CUSTOM, "socket"),       PLUGIN_DEPENDS(KE, CURVE_25519),
        PLUGIN_DEPENDS(KE, ML_KEM_768),         PLUGIN_DEPENDS(PRIVKEY, KEY_ANY),
        PLUGIN_DEPENDS(PUBKEY, KEY_ANY),        PLUGIN_DEPENDS(CERT_DECODE, CERT_TRUSTED_PUBKEY),
    };
    lib->plugins->add_static_features(lib->plugins, "oekd", features, countof(features), TRUE, NULL, NULL);
}

int charon_start(struct charon_options const* options, struct charon_hooks const* hooks)
{
    charon_layer.options = *options;
    charon_layer.hooks = *hooks;

    dbg = log_to_hook;                 // until libcharon has its bus
    if (!library_init("", "charon")) { // "": no strongswan.conf
        library_deinit();
        return 0;
    }
    apply_settings(options);
    if (!libcharon_init()) {
        charon_stop();
        return 0;
    }
    set_log_level(LEVEL_CTRL);
    use_own_reqids();
    add_features();
    if (!charon->initialize(charon, plugins)) {
        charon_stop();
        return 0;
    }
    charon_layer.options.own_key = (struct charon_own_key){0};
    set_log_level((level_t)options->log_level);
    charon->start(charon);
    return 1;
}

static bool works(void)
{
    // Those of critical priority run until they are cancelled: receiver, sender, scheduler, watcher.
    for (int priority = JOB_PRIO_CRITICAL + 1; priority < JOB_PRIO_MAX; ++priority)
        if (lib->processor->get_working_threads(lib->processor, priority) > 0)
            return true;
    return false;
}

/// Lets the workers finish what they are at, and begin nothing more; libcharon by itself does not wait. Where
/// one was about to destroy an IKE_SA for which another waited, libcharon's end would wait for that SA to be
/// given back, and the worker, in destroying what is waited on, for libcharon's end.
static void rest(void)
{
    enum { pause_ms = 1, limit_ms = 2000 };
    lib->processor->set_threads(lib->processor, 0);
    for (int waited = 0; works() && waited < limit_ms; waited += pause_ms)
        poll(NULL, 0, pause_ms);
}

void charon_stop(void)
{
    rest();
    libcharon_deinit();
    library_deinit();
}

char const* charon_version(void) { return VERSION; }
