// SPDX-License-Identifier: GPL-2.0-or-later
#include "dns/unbound_context.h"

#include "base/plain_text.h"
#include "base/text_file.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <string>
#include <sys/resource.h>
#include <unbound.h>
#include <utility>

namespace oekd::dns {

namespace {

/// unbound.conf(5). Its caches are small, as few names are asked for.
constexpr std::array<std::pair<char const*, char const*>, 13> options{{
    {"do-not-query-localhost:", "no"}, // the host's resolver may be one here
    {"unblock-lan-zones:", "yes"},     // and knows private addresses' names
    {"insecure-lan-zones:", "yes"},
    {"infra-host-ttl:", "5"}, // a server that was down is soon asked again
    {"msg-cache-size:", "1m"},
    {"rrset-cache-size:", "2m"},
    {"key-cache-size:", "1m"},
    {"neg-cache-size:", "256k"},
    // A server that is 800 ms away is heard within the second that a decision may take, and one lost packet
    // of a nearer one still is made up for.
    {"unknown-server-time-limit:", "850"},
    // It would cost a round trip for each of the labels below a zone, of which IPv6's reverse names have
    // dozens.
    {"qname-minimisation:", "no"},
    // A silent server holds up a socket for 6 s; else for 26 s.
    {"outbound-msg-retry:", "3"},
    {"outgoing-num-tcp:", "16"},
    {"num-queries-per-thread:", "1024"},
}};

Result<void> checked(int result, std::string_view what)
{
    if (result == 0)
        return {};
    return fail(ErrorCode::System, fmt::format("{}: {}", what, ub_strerror(result)));
}

std::string text_of(NameServer const& server)
{
    auto const address = server.address.to_string();
    return server.zone.empty() ? address : fmt::format("{}%{}", address, server.zone);
}

/// libunbound does not say which one it complains about.
std::string names_of(std::vector<std::filesystem::path> const& files)
{
    std::string names;
    for (auto const& file : files)
        names += fmt::format(" {}", plain_text(file.native()));
    return files.empty() ? " (none)" : names;
}

/// So many servers may be asked at the same time; a library's default is 16. Half of the descriptors stay for
/// everything else.
unsigned long sockets()
{
    constexpr rlim_t most = 1024;
    rlimit limit{};
    return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? std::min(limit.rlim_cur / 2, most) : most / 2;
}

/// libunbound reads it in its thread, and finds no server if it cannot.
Result<void> set_root_hints(ub_ctx* context, std::filesystem::path const& file)
{
    constexpr size_t longest = 1 << 20;
    if (auto const readable = read_text_file(file, longest); !readable)
        return std::unexpected(readable.error().with("the root hints"));
    return checked(ub_ctx_set_option(context, "root-hints:", file.c_str()), plain_text(file.native()));
}

Result<void> configure(ub_ctx* context, UnboundSettings const& settings)
{
    auto done = checked(ub_ctx_debugout(context, nullptr), "silencing the resolver");
    if (done)
        done = checked(ub_ctx_async(context, 1), "giving the resolver a thread");
    for (auto const& [name, value] : options)
        if (done)
            done = checked(ub_ctx_set_option(context, name, value), name);
    if (done)
        done = checked(ub_ctx_set_option(context, "outgoing-range:", std::to_string(sockets()).c_str()),
                       "outgoing-range");
    for (auto const& server : settings.forwarders)
        if (done)
            done = checked(ub_ctx_set_fwd(context, text_of(server).c_str()), text_of(server));
    if (settings.root_hints && done)
        done = set_root_hints(context, *settings.root_hints);
    for (auto const& anchor : settings.trust_anchors)
        if (done)
            done = checked(ub_ctx_add_ta_file(context, anchor.c_str()), plain_text(anchor.native()));
    return done;
}

} // namespace

Result<UnboundContext> make_unbound_context(UnboundSettings const& settings)
{
    UnboundContext context(ub_ctx_create());
    if (!context)
        return fail(ErrorCode::System, "starting the resolver: out of memory");
    if (auto done = configure(context.get(), settings); !done)
        return std::unexpected(done.error());
    // Any request to change its zones makes it read what it was told; else only the first question would.
    int const read = ub_ctx_zone_remove(context.get(), "invalid.");
    if (read == 0)
        return context;
    return fail(ErrorCode::Configuration,
                fmt::format("the resolver does not start with the trust anchors{}: {}",
                            names_of(settings.trust_anchors), ub_strerror(read)));
}

} // namespace oekd::dns
