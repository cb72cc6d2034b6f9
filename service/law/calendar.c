/* calendar.c - days as law counts them: day 0 is the day of the event, weekends and holidays move
 * nothing unless the law says business days. Dates by the proleptic Gregorian calendar (days from
 * civil, as Howard Hinnant describes it); Easter by the anonymous Gregorian algorithm. Pure. */
/* System. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/law/law_private.h"

int64_t calendar_join(int year, int month, int of_month)
{
    int64_t y = year - (month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + of_month - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void calendar_split(int64_t day, int *year, int *month, int *of_month)
{
    day += 719468;
    int64_t era = (day >= 0 ? day : day - 146096) / 146097;
    int64_t of_era = day - era * 146097;
    int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
    int64_t m = (5 * of_year + 2) / 153;
    *of_month = (int)(of_year - (153 * m + 2) / 5 + 1);
    *month = (int)(m < 10 ? m + 3 : m - 9);
    *year = (int)(y + era * 400 + (*month <= 2));
}

/* 0 = Monday. */
static int weekday(int64_t day)
{
    int64_t w = (day + 3) % 7;
    return (int)(w < 0 ? w + 7 : w);
}

static int64_t easter(int year)
{
    int a = year % 19, b = year / 100, c = year % 100;
    int d = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30;
    int e = (32 + 2 * (b % 4) + 2 * (c / 4) - d - c % 4) % 7;
    int f = d + e - 7 * ((a + 11 * d + 22 * e) / 451) + 114;
    return calendar_join(year, f / 31, f % 31 + 1);
}

static int weekday_of(const char *name)
{
    static const char *const names[] = {"monday", "tuesday",  "wednesday", "thursday",
                                        "friday", "saturday", "sunday"};
    for (int i = 0; i < 7; i++)
        if (str_equal(names[i], name))
            return i;
    return -1;
}

/* The nth weekday of a month; -1 is the last. */
static int64_t nth_weekday(int year, int month, int wanted, int nth)
{
    if (nth < 0) {
        int64_t last = calendar_join(month == 12 ? year + 1 : year, month % 12 + 1, 1) - 1;
        return last - (weekday(last) - wanted + 7) % 7;
    }
    int64_t first = calendar_join(year, month, 1);
    return first + (wanted - weekday(first) + 7) % 7 + 7 * (nth - 1);
}

static int64_t holiday_in(struct json_object *entry, int year)
{
    int month = (int)json_get_int(entry, "month", 1);
    if (json_get(entry, "easter") != NULL)
        return easter(year) + json_get_int(entry, "easter", 0);
    if (json_get(entry, "weekday") != NULL)
        return nth_weekday(year, month, weekday_of(json_get_string(entry, "weekday")),
                           (int)json_get_int(entry, "nth", 1));
    return calendar_join(year, month, (int)json_get_int(entry, "day", 1));
}

/* Where the day off is kept when the holiday falls on a weekend (5 USC 6103(b) for the US). */
static int64_t kept_on(int64_t day, const char *observed)
{
    int w = weekday(day);
    if (str_equal(observed, "nearest_weekday"))
        return w == 5 ? day - 1 : w == 6 ? day + 1 : day;
    if (str_equal(observed, "next_weekday"))
        return w == 5 ? day + 2 : w == 6 ? day + 1 : day;
    return day;
}

static bool is_holiday(const struct law_rules *rules, const char *holidays, int64_t day)
{
    struct json_object *table = holidays == NULL ? NULL : json_get(rules->holidays, holidays);
    struct json_object *days = json_get(table, "days");
    int year, month, of_month;
    if (days == NULL)
        return false;
    calendar_split(day, &year, &month, &of_month);
    for (size_t i = 0; i < json_object_array_length(days); i++) {
        struct json_object *entry = json_object_array_get_idx(days, i);
        /* New Year's Day of the next year may be kept on 31 December. */
        for (int y = year; y <= year + 1; y++)
            if (kept_on(holiday_in(entry, y), json_get_string(table, "observed")) == day)
                return true;
    }
    return false;
}

bool calendar_is_business(const struct law_rules *rules, const char *holidays, int64_t day)
{
    return weekday(day) < 5 && !is_holiday(rules, holidays, day);
}

int64_t calendar_add(const struct law_rules *rules, const char *holidays, int64_t day, int n,
                     enum law_unit unit)
{
    if (unit == LAW_DAYS)
        return day + n;
    if (unit == LAW_HOURS) /* of a date: whole days, begun ones count */
        return day + (n + 23) / 24;
    while (n > 0)
        if (calendar_is_business(rules, holidays, ++day))
            n--;
    return day;
}

/* ---- Text. ---- */

bool offset_read(const char *text, int *ret_minutes)
{
    int hours, minutes;
    char sign, rest;
    if (str_equal(text, "Z")) {
        *ret_minutes = 0;
        return true;
    }
    if (text == NULL || strlen(text) != 6 ||
        sscanf(text, "%c%2d:%2d%c", &sign, &hours, &minutes, &rest) != 3 || hours > 23 ||
        minutes > 59 || (sign != '+' && sign != '-'))
        return false;
    *ret_minutes = (sign == '-' ? -1 : 1) * (hours * 60 + minutes);
    return true;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

bool law_time_read(const char *text, struct law_time *ret)
{
    time_ms at;
    if (text == NULL)
        return false;
    if (day_parse(text, &at)) {
        *ret = (struct law_time){.kind = LAW_DATE, .day = floor_div(at, 86400000)};
        return true;
    }
    if (!time_parse(text, &at))
        return false;
    size_t length = strlen(text);
    int offset = 0;
    if (text[length - 1] != 'Z' && text[length - 1] != 'z' &&
        (length < 6 || !offset_read(text + length - 6, &offset)))
        return false;
    int64_t seconds = floor_div(at, 1000);
    *ret = (struct law_time){.kind = LAW_INSTANT,
                             .day = floor_div(seconds + offset * 60, 86400),
                             .seconds = seconds,
                             .offset = offset};
    return true;
}

char *law_time_write(char to[LAW_TIME_TEXT], const struct law_time *time)
{
    int year, month, of_month;
    to[0] = 0;
    if (time->kind == LAW_NEVER)
        return to;
    calendar_split(time->day, &year, &month, &of_month);
    int n = snprintf(to, LAW_TIME_TEXT, "%04d-%02d-%02d", year, month, of_month);
    if (time->kind == LAW_DATE || n != 10)
        return to;
    int64_t of_day = time->seconds + time->offset * 60 - time->day * 86400;
    unsigned east = (unsigned)abs(time->offset) % 1440;
    snprintf(to + 10, LAW_TIME_TEXT - 10, "T%02d:%02d:%02d%c%02u:%02u", (int)(of_day / 3600),
             (int)(of_day / 60 % 60), (int)(of_day % 60), time->offset < 0 ? '-' : '+', east / 60,
             east % 60);
    return to;
}

static int64_t end_of(const struct law_time *time, int offset)
{
    return time->kind == LAW_INSTANT ? time->seconds
                                     : time->day * 86400 + 86399 - (int64_t)offset * 60;
}

int law_time_compare(const struct law_time *a, const struct law_time *b)
{
    int64_t x = end_of(a, b->offset), y = end_of(b, a->offset);
    return (x > y) - (x < y);
}
