/* reports.h - small helpers for parse_report and check_config, shared by the drivers. Pure. */
#pragma once
#include <stdbool.h>

#include "tocsin/channel.h"

static inline const char *report_header(const struct channel_report *report, const char *name)
{
    return report->header ? report->header(report->context, name) : NULL;
}
static inline const char *report_query(const struct channel_report *report, const char *name)
{
    return report->query ? report->query(report->context, name) : NULL;
}

/* What a vendor's word means. */
struct report_word {
    const char *word;
    enum report_kind kind;
    enum evidence evidence;
    enum blame blame;
    const char *status; /* RFC 3463 */
};
/* NULL when the table, which ends in a NULL word, has none of this name. */
const struct report_word *report_word_find(const struct report_word *table, const char *word);

/* A result with one fact from the row; NULL when the arena is full. Text that is no token is left
 * out. */
struct report_fact *report_one(struct report_result *ret, struct arena *arena,
                               const struct report_word *word, const char *token);

/* Refusals, in one wording for all drivers. */
enum result report_denied(struct error *error);
enum result report_stale(struct error *error);
enum result report_malformed(struct error *error);
enum result report_no_secret(struct error *error, const char *field);

/* An http(s) URL without user, query or fragment; http: only when `plain` says so. */
enum result url_check(const char *url, bool plain, const char *field, struct error *error);
/* Absent text is refused; so are control characters and more than `max` bytes. */
enum result text_check(const char *text, size_t max, const char *field, struct error *error);
