/* time.c - instants as text and back. Pure: no clock, no time zone data, no locale. Happy path:
 * format and parse are inverse for years 0000-9999. Failure modes: parse refuses what RFC 3339 does
 * not allow, and leap seconds. */
/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/time.h"

#define SECOND_MS    INT64_C(1000)
#define DAY_MS       (INT64_C(86400) * SECOND_MS)
/* 0000-01-01T00:00:00.000Z and 9999-12-31T23:59:59.999Z */
#define YEAR_0_MS    (INT64_C(-719528) * DAY_MS)
#define YEAR_9999_MS (INT64_C(2932897) * DAY_MS - 1)

struct civil {
    int year, month, day, hour, minute, second, ms, weekday; /* weekday: 0 = Sunday */
};

/* Days since 1970-01-01 in the proleptic Gregorian calendar; years start in March, so that leap
 * days come last (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil).
 */
static int64_t days_of(int year, int month, int day)
{
    int64_t y = (int64_t)year - (month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

/* civil_from_days of the same source; an instant out of range is moved to its nearest end. */
static struct civil civil_of(time_ms at)
{
    at = at < YEAR_0_MS ? YEAR_0_MS : at > YEAR_9999_MS ? YEAR_9999_MS : at;
    int64_t days = (at - (at < 0 ? DAY_MS - 1 : 0)) / DAY_MS;
    int64_t rest = at - days * DAY_MS;
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t doe = shifted - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    struct civil civil = {.day = (int)(doy - (153 * mp + 2) / 5 + 1),
                          .month = (int)(mp < 10 ? mp + 3 : mp - 9),
                          .hour = (int)(rest / 3600000),
                          .minute = (int)(rest / 60000 % 60),
                          .second = (int)(rest / 1000 % 60),
                          .ms = (int)(rest % 1000),
                          .weekday = (int)(((days + 4) % 7 + 7) % 7)};
    civil.year = (int)(yoe + era * 400 + (civil.month <= 2));
    return civil;
}

/* `n` decimal digits of a value in range; snprintf would be told of widths it cannot know. */
static char *put_digits(char *to, int value, int n)
{
    for (int i = n - 1; i >= 0; i--, value /= 10)
        to[i] = (char)('0' + value % 10);
    return to + n;
}

static char *put_day(char *to, const struct civil *civil)
{
    to = put_digits(to, civil->year, 4);
    *to++ = '-';
    to = put_digits(to, civil->month, 2);
    *to++ = '-';
    return put_digits(to, civil->day, 2);
}

static char *put_clock(char *to, const struct civil *civil)
{
    to = put_digits(to, civil->hour, 2);
    *to++ = ':';
    to = put_digits(to, civil->minute, 2);
    *to++ = ':';
    return put_digits(to, civil->second, 2);
}

char *time_format(char to[TIME_TEXT_SIZE], time_ms at)
{
    struct civil civil = civil_of(at);
    char *end = put_day(to, &civil);
    *end++ = 'T';
    end = put_clock(end, &civil);
    *end++ = '.';
    end = put_digits(end, civil.ms, 3);
    *end++ = 'Z';
    *end = 0;
    return to;
}

char *day_format(char to[DAY_TEXT_SIZE], time_ms at)
{
    struct civil civil = civil_of(at);
    *put_day(to, &civil) = 0;
    return to;
}

char *time_format_rfc5322(char to[40], time_ms at)
{
    static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct civil civil = civil_of(at);
    char clock[9];
    *put_clock(clock, &civil) = 0;
    snprintf(to, 40, "%s, %02d %s %04d %s +0000", days[civil.weekday], civil.day,
             months[civil.month - 1], civil.year, clock);
    return to;
}

/* Exactly `n` digits at *at, in [least, most]; moves on. */
static bool take_digits(const char **at, int n, int least, int most, int *ret_value)
{
    int value = 0;
    for (int i = 0; i < n; i++) {
        char c = (*at)[i];
        if (c < '0' || c > '9')
            return false;
        value = value * 10 + (c - '0');
    }
    if (value < least || value > most)
        return false;
    *at += n;
    *ret_value = value;
    return true;
}

static bool take_char(const char **at, const char *allowed)
{
    if (**at == 0 || strchr(allowed, **at) == NULL)
        return false;
    ++*at;
    return true;
}

static int month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

static bool take_day(const char **at, time_ms *ret_at)
{
    int year, month, day;
    if (!take_digits(at, 4, 0, 9999, &year) || !take_char(at, "-") ||
        !take_digits(at, 2, 1, 12, &month) || !take_char(at, "-") ||
        !take_digits(at, 2, 1, month_days(year, month), &day))
        return false;
    *ret_at = days_of(year, month, day) * DAY_MS;
    return true;
}

static bool take_clock(const char **at, int64_t *ret_ms)
{
    int hour, minute, second, ms = 0;
    if (!take_digits(at, 2, 0, 23, &hour) || !take_char(at, ":") ||
        !take_digits(at, 2, 0, 59, &minute) || !take_char(at, ":") ||
        !take_digits(at, 2, 0, 59, &second))
        return false;
    if (take_char(at, ".")) {
        int n = 0, digit, weight = 100;
        for (; n < 9 && take_digits(at, 1, 0, 9, &digit); n++, weight /= 10)
            ms += digit * weight;
        if (n == 0)
            return false;
    }
    *ret_ms = ((hour * 60 + minute) * 60 + second) * SECOND_MS + ms;
    return true;
}

static bool take_offset(const char **at, int64_t *ret_ms)
{
    if (take_char(at, "Zz")) {
        *ret_ms = 0;
        return true;
    }
    bool west = **at == '-';
    int hour, minute;
    if (!take_char(at, "+-") || !take_digits(at, 2, 0, 23, &hour) || !take_char(at, ":") ||
        !take_digits(at, 2, 0, 59, &minute))
        return false;
    *ret_ms = (hour * 60 + minute) * 60 * SECOND_MS * (west ? -1 : 1);
    return true;
}

bool time_parse(const char *text, time_ms *ret_at)
{
    time_ms day;
    int64_t clock, offset;
    if (text == NULL || !take_day(&text, &day) || !take_char(&text, "Tt") ||
        !take_clock(&text, &clock) || !take_offset(&text, &offset) || *text != 0)
        return false;
    time_ms at = day + clock - offset;
    if (at < YEAR_0_MS || at > YEAR_9999_MS)
        return false;
    *ret_at = at;
    return true;
}

bool day_parse(const char *text, time_ms *ret_at)
{
    time_ms at;
    if (text == NULL || !take_day(&text, &at) || *text != 0)
        return false;
    *ret_at = at;
    return true;
}

bool time_or_day_parse(const char *text, time_ms *ret_at)
{
    return time_parse(text, ret_at) || day_parse(text, ret_at);
}

bool duration_parse(const char *text, int64_t *ret_ms)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {
        {"ms", 1}, {"s", SECOND_MS}, {"m", 60 * SECOND_MS}, {"h", 3600 * SECOND_MS}, {"d", DAY_MS}};
    const int64_t most = 36525 * DAY_MS; /* 100 years */
    int64_t n = 0;
    const char *at = text;
    for (; at != NULL && *at >= '0' && *at <= '9'; at++) {
        n = n * 10 + (*at - '0');
        if (n > most)
            return false;
    }
    if (at == text)
        return false;
    for (unsigned i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(at, units[i].name) == 0 && n <= most / units[i].ms) {
            *ret_ms = n * units[i].ms;
            return true;
        }
    }
    return false;
}
