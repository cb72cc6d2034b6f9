/* time.h - instants are int64 milliseconds since 1970 UTC; pure. The clock is a seam:
 * tocsin/clock.h. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

typedef int64_t time_ms; /* milliseconds UTC; TIME_NONE = not known */
#define TIME_NONE INT64_MIN

enum { TIME_TEXT_SIZE = 32, DAY_TEXT_SIZE = 11 };

/* "2026-11-23T16:45:00.123Z" (RFC 3339). Returns `to`. */
char *time_format(char to[TIME_TEXT_SIZE], time_ms at);
/* "2026-11-23", the UTC day. */
char *day_format(char to[DAY_TEXT_SIZE], time_ms at);
/* RFC 3339 date-time with any offset, seconds 00-59, up to 9 fraction digits; false on anything
 * else (impossible dates too). */
bool time_parse(const char *text, time_ms *ret_at);
/* "2026-11-23" -> 00:00 UTC of that day. */
bool day_parse(const char *text, time_ms *ret_at);
/* A date-time or a bare date. */
bool time_or_day_parse(const char *text, time_ms *ret_at);
/* "5s", "10m", "72h", "21d", "250ms" -> milliseconds; false otherwise or past 100 years. */
bool duration_parse(const char *text, int64_t *ret_ms);
/* RFC 5322 date, UTC: "Mon, 23 Nov 2026 16:45:00 +0000"; `to` holds 40 bytes. */
char *time_format_rfc5322(char to[40], time_ms at);
