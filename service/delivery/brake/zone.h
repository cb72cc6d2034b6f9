/* zone.h - local time anywhere, by the tz database (Debian's tzdata). Zones are read once and kept
 * for the life of the process; GLib's reader knows the rule behind the last written transition, and
 * needs no TZ in the environment. Loop thread. */
#pragma once
#include <stdbool.h>

#include "base/time.h"

/* Minutes east of UTC at this moment; false: there is no such zone. */
bool zone_offset(const char *zone, time_ms at, int *ret_minutes);
/* The zones of a country ("US") by zone.tab, NULL-terminated; NULL: none is known. */
const char *const *zone_country(const char *country);
