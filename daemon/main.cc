// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/exit_status.h"
#include "daemon/oekd.h"
#include "daemon/version.h"

#include <CLI/CLI.hpp>
#include <array>
#include <fmt/format.h>
#include <string_view>
#include <systemd/sd-daemon.h>
#include <utility>

namespace {

struct CommandLine {
    oekd::StartOptions start;
    bool check = false;
    bool release = false;
    oekd::LogLevel level = oekd::LogLevel::Info;
};

using LevelName = std::pair<std::string_view, oekd::LogLevel>;
constexpr std::array log_levels{
    LevelName{"error", oekd::LogLevel::Error}, LevelName{"warning", oekd::LogLevel::Warning},
    LevelName{"notice", oekd::LogLevel::Notice}, LevelName{"info", oekd::LogLevel::Info},
    LevelName{"debug", oekd::LogLevel::Debug}};

oekd::LogLevel level_named(std::string_view name)
{
    for (auto const& [known, level] : log_levels)
        if (known == name)
            return level;
    throw CLI::ValidationError("--log-level",
                               fmt::format("\"{}\": expected error, warning, notice, info or debug", name));
}

std::string version_text()
{
    return fmt::format("oekd {} with strongSwan {}", oekd::oekd_version, oekd::ike_version());
}

/// Returns an exit status where there is nothing left to do.
std::optional<int> parse(int argc, char** argv, CommandLine& line)
{
    CLI::App app(
        "Opportunistic IPsec: encrypts to every peer that can, without configuration on either side.",
        "oekd");
    app.footer(
        "Run by systemd; 'systemctl start oekd'. See oekd(8) and oekd.conf(5), and oekctl(1) to look at it.");
    auto* config =
        app.add_option("-c,--config", line.start.config_file, "configuration file")->capture_default_str();
    app.add_flag("-n", line.check, "check the configuration and the group files, print what is wrong, exit");
    app.add_flag("--release", line.release,
                 "after a crash: let go in the clear what may; private and block stay closed");
    app.add_option_function<std::string>(
        "--log-level", [&line](std::string const& name) { line.level = level_named(name); },
        "error, warning, notice, info or debug (default: info)");
    app.set_version_flag("--version", version_text());
    try {
        app.parse(argc, argv);
    } catch (CLI::ParseError const& error) {
        return app.exit(error) == 0 ? 0 : oekd::exit_status(oekd::ErrorCode::Usage);
    }
    if (config->count() > 0)
        line.start.config_must_exist = oekd::ConfigFile::Required;
    return std::nullopt;
}

} // namespace

// NOLINTNEXTLINE(bugprone-exception-escape): without memory it is better to end
int main(int argc, char** argv)
{
    CommandLine line;
    if (auto status = parse(argc, argv, line))
        return *status;
    auto journal = oekd::Journal::open(line.level);
    if (line.check)
        return oekd::check_configuration(line.start) ? 0 : oekd::exit_status(oekd::ErrorCode::Configuration);
    auto result = line.release ? oekd::release(journal) : oekd::run(line.start, journal);
    if (result)
        return 0;
    auto message = result.error().message;
    if (result.error().code == oekd::ErrorCode::Permission)
        message += " (oekd needs CAP_NET_ADMIN and CAP_NET_BIND_SERVICE: run it as root)";
    journal.log(oekd::LogLevel::Error, message);
    sd_notifyf(0, "STATUS=%s", message.c_str());
    return oekd::exit_status(result.error().code);
}
