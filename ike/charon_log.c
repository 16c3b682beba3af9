// SPDX-License-Identifier: GPL-2.0-or-later
#include "ike/charon_layer.h"

#include <stdarg.h>
#include <stdio.h>

// Long enough for a list of proposals; the rest of a longer line is cut.
enum { line_size = 1024 };

static level_t current_level = LEVEL_CTRL;

static void deliver(debug_t group, level_t level, ike_sa_t* ike_sa, char const* message)
{
    char line[line_size];
    char const* name = enum_to_name(debug_names, (int)group);
    if (ike_sa)
        snprintf(line, sizeof line, "[%s] #%u %s", name, ike_sa->get_unique_id(ike_sa), message);
    else
        snprintf(line, sizeof line, "[%s] %s", name, message);
    charon_layer.hooks.log(charon_layer.hooks.context, (int)level, line);
}

static void on_log(logger_t* self, debug_t group, level_t level, int thread, ike_sa_t* ike_sa,
                   char const* message)
{
    (void)self;
    (void)thread;
    deliver(group, level, ike_sa, message);
}

static level_t wanted_level(logger_t* self, debug_t group)
{
    (void)self;
    (void)group;
    return current_level;
}

logger_t line_logger = {.log = on_log, .get_level = wanted_level};

void log_to_hook(debug_t group, level_t level, char* format, ...)
{
    char message[line_size];
    va_list arguments;
    if (level > current_level)
        return;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    deliver(group, level, NULL, message);
}

void set_log_level(level_t level)
{
    current_level = level;
    charon->bus->remove_logger(charon->bus, &line_logger);
    charon->bus->add_logger(charon->bus, &line_logger);
}
