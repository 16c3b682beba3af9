// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/config.h"
#include "kernel-glue/forwarding_plane.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <sched.h>
#include <string>
#include <unistd.h>

/// How long many group lines take to load and to install, and what a reload costs that changes one of them.
/// Runs in a network namespace of its own; needs root. The limits hold within one run: what a change of one
/// line costs is compared with what all lines cost.
using namespace oekd;

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void give_up(std::string const& why)
{
    fmt::print(stderr, "bench-reload: {}\n", why);
    std::exit(EXIT_FAILURE);
}

template <typename T> T need(Result<T> result)
{
    if (!result)
        give_up(result.error().message);
    if constexpr (!std::is_void_v<T>)
        return std::move(*result);
}

template <typename Work> double milliseconds(Work work)
{
    auto const start = Clock::now();
    work();
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

/// 10.x.y.z/24 and so on: networks that lie side by side, as those of a large organisation do.
void write_lines(std::filesystem::path const& file, unsigned count)
{
    std::ofstream stream(file);
    for (unsigned i = 0; i < count; ++i)
        stream << fmt::format("{}.{}.{}.0/24\n", 10 + (i >> 16U), i >> 8U & 255U, i & 255U);
}

void own_network()
{
    if (::unshare(CLONE_NEWNET) != 0)
        give_up("needs root, for a network namespace of its own");
    if (std::system(
            "ip link set lo up && ip link add host type veth peer name wire && ip link set host up && "
            "ip addr add 192.0.2.1/24 dev host") != 0)
        give_up("cannot set up the network");
}

struct Bench {
    std::filesystem::path directory;
    ForwardingPlane plane = need(ForwardingPlane::open());
    OwnAddresses own = need(own_addresses({}));
    LoadedGroups groups{};

    double load()
    {
        return milliseconds([&] { groups = need(load_groups(directory)); });
    }
    double install()
    {
        return milliseconds(
            [&] { need(plane.install(groups.table, own.flow_ends, {.own_addresses = own.all})); });
    }
};

} // namespace

int main(int argc, char** argv)
{
    unsigned const count = argc > 1 ? static_cast<unsigned>(std::atoi(argv[1])) : 100'000;
    own_network();
    auto const directory = std::filesystem::temp_directory_path() / fmt::format("oekd-bench-{}", ::getpid());
    std::filesystem::create_directories(directory);
    write_lines(directory / "private-or-clear", count);

    Bench bench{directory};
    auto const load = bench.load();
    auto const install = bench.install();
    std::ofstream(directory / "clear") << "10.0.0.7\n";
    auto const load_again = bench.load();
    auto const install_change = bench.install();
    auto const remove = milliseconds([&] { need(bench.plane.remove_all()); });
    std::filesystem::remove_all(directory);

    fmt::print("{} lines\n  read and index {:8.1f} ms\n  into the kernel {:7.1f} ms, {:.1f} us each\n"
               "  reload with one more line\n    read and index {:6.1f} ms\n    into the kernel {:5.1f} ms\n"
               "  out of the kernel {:5.1f} ms\n",
               count, load, install, install * 1000 / count, load_again, install_change, remove);
    bool const good = load < 2000 && install_change * 20 < install;
    fmt::print("limits: read in less than 2 s, one line at most 1/20 of all of them: {}\n",
               good ? "kept" : "BROKEN");
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
