/* hours.h - when the clock on the wall lets us: the recipient's night, the call centre's hours. By
 * local time, so that a change of the clocks moves neither. */
#pragma once
#include <stdbool.h>

#include "base/time.h"

/* Minutes of the day; from == to: always open. `from` > `to` is open over midnight. */
struct hours {
    int from, to;  /* open from, closed from */
    unsigned days; /* bit mask, bit 0 = Monday; 0: every day */
};

/* "08:00-21:00", "mon-fri 09:00-17:00", "mon,wed 10:00-12:30"; false: malformed. */
bool hours_parse(const char *text, struct hours *ret_hours);
/* Is it open by this zone's clock? An unknown zone counts as UTC. */
bool hours_open(const struct hours *hours, const char *zone, time_ms at);
/* The first moment from `at` on when it is open in all zones; when there is none within eight days
 * (the zones lie too far apart), in the first one. `at` itself when it is open now. */
time_ms hours_opens(const struct hours *hours, const char *const *zones, size_t n, time_ms at);
/* Until when it stays open in all zones, at most `most` milliseconds from `at`. */
int64_t hours_open_ms(const struct hours *hours, const char *const *zones, size_t n, time_ms at,
                      int64_t most);
