/* reports.c - see reports.h. */

/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "reports.h"

const struct report_word *report_word_find(const struct report_word *table, const char *word)
{
    for (; word && table->word; table++)
        if (str_equal(table->word, word))
            return table;
    return NULL;
}

struct report_fact *report_one(struct report_result *ret, struct arena *arena,
                               const struct report_word *word, const char *token)
{
    struct report_fact *fact = arena_new(arena, struct report_fact);

    if (!fact)
        return NULL;
    fact->kind = word->kind;
    fact->evidence = word->evidence;
    fact->blame = word->blame;
    fact->at = TIME_NONE;
    str_copy(fact->status, sizeof fact->status, str_or(word->status, ""));
    str_copy(fact->token, sizeof fact->token, str_or(token, ""));
    ret->facts = fact;
    ret->n = 1;
    return fact;
}

enum result report_denied(struct error *error)
{
    return error_set(
        error, RESULT_DENIED, "signature",
        "the signature does not fit: check that the configured secret is the provider's");
}

enum result report_stale(struct error *error)
{
    return error_set(error, RESULT_DENIED, "timestamp",
                     "the callback's time is missing or too far from ours: check both clocks");
}

enum result report_malformed(struct error *error)
{
    return error_set(error, RESULT_INVALID, "body",
                     "the callback is not in the provider's documented form: check who sends it");
}

enum result report_no_secret(struct error *error, const char *field)
{
    return error_set(error, RESULT_DENIED, field,
                     "callbacks can't be verified without this secret: configure it");
}

enum result text_check(const char *text, size_t max, const char *field, struct error *error)
{
    if (str_empty(text))
        return error_set(error, RESULT_INVALID, field, "the setting is missing: add it");
    if (strlen(text) > max || !text_is_line(text, strlen(text)))
        return error_set(error, RESULT_INVALID, field,
                         "the setting is longer than %zu bytes or no plain line: correct it", max);
    return RESULT_OK;
}

enum result url_check(const char *url, bool plain, const char *field, struct error *error)
{
    enum result result = text_check(url, 1000, field, error);

    if (result != RESULT_OK)
        return result;
    bool https = str_starts(url, "https://"), http = str_starts(url, "http://");
    const char *host = url + (https ? 8 : 7);
    if ((!https && !http) || !*host || *host == '/' || *host == ':' || strpbrk(host, "@?# %"))
        return error_set(error, RESULT_INVALID, field,
                         "not a plain URL: write https://host[:port][/path]");
    if (http && !plain)
        return error_set(error, RESULT_INVALID, field,
                         "http: would send personal data in the clear: use https:, or set "
                         "plain_http: true for a peer on this host");
    if (strcspn(host, ":/") > 253)
        return error_set(error, RESULT_INVALID, field, "the host name is too long: check it");
    return RESULT_OK;
}
