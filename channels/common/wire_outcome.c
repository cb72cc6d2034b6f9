/* wire_outcome.c - HTTP statuses as outcomes (RFC 9110 section 15), for all providers that speak
 * HTTP. Pure. */

/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "wire.h"

void outcome_set(struct outcome *ret, enum outcome_kind kind, enum blame blame, const char *status)
{
    memset(ret, 0, sizeof *ret);
    ret->kind = kind;
    ret->blame = blame;
    ret->retry_after_ms = -1;
    str_copy(ret->status, sizeof ret->status, status);
}

void text_cut(char *to, size_t size, const char *text)
{
    size_t n = 0, length = text ? strnlen(text, size - 1) : 0;

    for (; n < length; n++)
        to[n] = (unsigned char)text[n] < 0x20 || text[n] == 0x7f ? ' ' : text[n];
    /* Not a half character at the cut; at most three bytes are one. */
    for (int i = 0; i < 4 && n && !utf8_valid(to, n); i++)
        n--;
    to[utf8_valid(to, n) ? n : 0] = '\0';
}

void outcome_say(struct outcome *outcome, const char *words)
{
    if (words)
        text_cut(outcome->diagnostic, sizeof outcome->diagnostic, words);
}

static void outcome_of_4xx(struct outcome *ret, const struct wire_reply *reply)
{
    switch (reply->status) {
    case 401:
    case 402:
    case 403:
        outcome_set(ret, OUTCOME_DEFERRED, BLAME_PROVIDER, "4.7.0");
        break;
    case 404:
    case 405:
    case 410:
        outcome_set(ret, OUTCOME_DEFERRED, BLAME_PROVIDER, "4.3.5");
        break;
    case 408: /* The request was never complete at the server. */
    case 425:
    case 429:
        outcome_set(ret, OUTCOME_DEFERRED, BLAME_NONE, "4.4.5");
        ret->retry_after_ms = reply->retry_after_ms;
        break;
    case 413:
        outcome_set(ret, OUTCOME_REJECTED, BLAME_CONTENT, "5.3.4");
        break;
    default:
        outcome_set(ret, OUTCOME_REJECTED, BLAME_CONTENT, "5.6.0");
    }
}

void outcome_of_http(struct outcome *ret, const struct wire_reply *reply)
{
    if (reply->status >= 200 && reply->status < 300)
        outcome_set(ret, OUTCOME_ACCEPTED, BLAME_NONE, "2.0.0");
    else if (reply->status >= 400 && reply->status < 500)
        outcome_of_4xx(ret, reply);
    else
        outcome_set(ret, OUTCOME_UNCERTAIN, BLAME_NONE, "4.3.0");
    ret->code = (int)reply->status;
}
