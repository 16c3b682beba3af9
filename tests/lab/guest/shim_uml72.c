// SPDX-License-Identifier: GPL-2.0-or-later
// The two functions that a User Mode Linux built on glibc 2.38 asks for and glibc 2.36 lacks.
#include <stdlib.h>

long __isoc23_strtol(char const* text, char** end, int base) { return strtol(text, end, base); }

unsigned long __isoc23_strtoul(char const* text, char** end, int base) { return strtoul(text, end, base); }
