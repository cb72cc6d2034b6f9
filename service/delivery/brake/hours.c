/* hours.c - see the header. Happy path of hours_opens: the longest wait of any zone is jumped over,
 * but for the last hour and a bit, which is walked in minutes, so that a change of the clocks in
 * between is met exactly. */
/* System. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* This module. */
#include "service/delivery/brake/hours.h"
#include "service/delivery/brake/zone.h"

#define MINUTE INT64_C(60000)

enum { DAY_MINUTES = 24 * 60, WALK = 65, LOOK_DAYS = 8 };

/* ---- Text. ---- */

static int day_number(const char *text)
{
    static const char names[7][4] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    for (int i = 0; i < 7; i++)
        if (strncasecmp(text, names[i], 3) == 0)
            return i;
    return -1;
}

/* "mon-fri", "mon,wed,sun-tue"; the end, or NULL. */
static const char *days_parse(const char *at, unsigned *ret_days)
{
    unsigned days = 0;
    for (;;) {
        int from = day_number(at), to = from;
        if (from < 0)
            return NULL;
        at += 3;
        if (*at == '-') {
            to = day_number(at + 1);
            if (to < 0)
                return NULL;
            at += 4;
        }
        for (int day = from;; day = (day + 1) % 7) {
            days |= 1u << day;
            if (day == to)
                break;
        }
        if (*at != ',')
            break;
        at++;
    }
    *ret_days = days;
    return at;
}

static bool clock_parse(const char *at, int *ret_minutes)
{
    for (int i = 0; i < 5; i++)
        if (i == 2 ? at[i] != ':' : at[i] < '0' || at[i] > '9')
            return false;
    *ret_minutes = ((at[0] - '0') * 10 + at[1] - '0') * 60 + (at[3] - '0') * 10 + at[4] - '0';
    return *ret_minutes <= DAY_MINUTES && at[3] < '6';
}

bool hours_parse(const char *text, struct hours *ret_hours)
{
    struct hours hours = {0};
    const char *at = text;
    if (day_number(at) >= 0) {
        at = days_parse(at, &hours.days);
        if (at == NULL || *at != ' ')
            return false;
        at++;
    }
    if (strlen(at) != 11 || at[5] != '-' || !clock_parse(at, &hours.from) ||
        !clock_parse(at + 6, &hours.to))
        return false;
    *ret_hours = hours;
    return true;
}

/* ---- Time. ---- */

struct local {
    int minute, day; /* of the day; 0 = Monday */
};

static struct local local_of(const char *zone, time_ms at)
{
    int offset = 0;
    zone_offset(zone, at, &offset);
    int64_t minutes = at / MINUTE + offset;
    /* 1970-01-01 was a Thursday. */
    return (struct local){(int)(minutes % DAY_MINUTES), (int)((minutes / DAY_MINUTES + 3) % 7)};
}

static bool has_day(const struct hours *hours, int day)
{
    return hours->days == 0 || (hours->days >> day & 1) != 0;
}

static bool open_local(const struct hours *hours, struct local local)
{
    if (hours->from == hours->to)
        return has_day(hours, local.day);
    if (hours->from < hours->to)
        return has_day(hours, local.day) && local.minute >= hours->from && local.minute < hours->to;
    if (local.minute >= hours->from) /* over midnight: the day it began */
        return has_day(hours, local.day);
    return local.minute < hours->to && has_day(hours, (local.day + 6) % 7);
}

bool hours_open(const struct hours *hours, const char *zone, time_ms at)
{
    return open_local(hours, local_of(zone, at));
}

/* Minutes until the wall's clock shows the opening, whatever the day. */
static int wait_of(const struct hours *hours, const char *zone, time_ms at)
{
    int minute = local_of(zone, at).minute;
    return (hours->from - minute + DAY_MINUTES) % DAY_MINUTES;
}

static bool open_all(const struct hours *hours, const char *const *zones, size_t n, time_ms at,
                     int *ret_wait)
{
    bool open = true;
    *ret_wait = 0;
    for (size_t i = 0; i < n; i++) {
        if (hours_open(hours, zones[i], at))
            continue;
        int wait = wait_of(hours, zones[i], at);
        open = false;
        *ret_wait = wait > *ret_wait ? wait : *ret_wait;
    }
    return open;
}

time_ms hours_opens(const struct hours *hours, const char *const *zones, size_t n, time_ms at)
{
    time_ms end = at + (int64_t)LOOK_DAYS * DAY_MINUTES * MINUTE, t = at;
    int wait;
    while (t < end) {
        if (open_all(hours, zones, n, t, &wait))
            return t;
        t = (t / MINUTE + (wait > WALK ? wait - WALK : 1)) * MINUTE;
    }
    return n > 1 ? hours_opens(hours, zones, 1, at) : at;
}

int64_t hours_open_ms(const struct hours *hours, const char *const *zones, size_t n, time_ms at,
                      int64_t most)
{
    int wait;
    for (int64_t ms = 0; ms < most; ms = (at + ms) / MINUTE * MINUTE + MINUTE - at)
        if (!open_all(hours, zones, n, at + ms, &wait))
            return ms;
    return most;
}
