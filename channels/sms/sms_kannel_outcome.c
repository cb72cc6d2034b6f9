/* sms_kannel_outcome.c - what smsbox answers (user guide, "sendsms response codes") and its
 * delivery reports. Pure. The answer is 202 with "0: Accepted for delivery" or "3: Queued for later
 * delivery", or an error in words. */

/* System. */
#include <string.h>

/* Base. */
#include "base/hash.h"
#include "base/str.h"

/* This module. */
#include "channels/common/reports.h"
#include "sms_kannel.h"

void kannel_read_send(const struct wire_reply *reply, struct outcome *ret)
{
    outcome_of_http(ret, reply);
    if (reply->status == 503) { /* smsbox itself: "Temporal failure, try again later." */
        outcome_set(ret, OUTCOME_DEFERRED, BLAME_PROVIDER, "4.3.2");
        ret->retry_after_ms = reply->retry_after_ms;
        ret->code = 503;
    } else if (ret->kind == OUTCOME_ACCEPTED && !str_starts(reply->body, "0:") &&
               !str_starts(reply->body, "3:")) {
        outcome_set(ret, OUTCOME_UNCERTAIN, BLAME_NONE, "4.5.0");
        ret->code = (int)reply->status;
    } else if (reply->status == 400 && strcasestr(reply->body, "receiver")) {
        outcome_set(ret, OUTCOME_REJECTED, BLAME_ADDRESS, "5.1.3");
        ret->code = 400;
    }
    if (ret->kind != OUTCOME_ACCEPTED)
        outcome_say(ret, reply->body);
}

static const struct report_word words[] = {
    {"1", REPORT_EVIDENCE, EVIDENCE_DELIVERED, BLAME_NONE, "2.1.5"},
    {"2", REPORT_EVIDENCE, EVIDENCE_BOUNCED, BLAME_RECIPIENT, "5.0.0"},
    {"4", REPORT_PROGRESS, EVIDENCE_ACCEPTED, BLAME_NONE, "2.0.0"},
    {"8", REPORT_PROGRESS, EVIDENCE_ACCEPTED, BLAME_NONE, "2.0.0"},
    {"16", REPORT_EVIDENCE, EVIDENCE_FAILED, BLAME_NONE, "5.0.0"},
    {"32", REPORT_PROGRESS, EVIDENCE_ACCEPTED, BLAME_NONE, "2.0.0"},
    {NULL, REPORT_PROGRESS, EVIDENCE_NONE, BLAME_NONE, NULL},
};

static bool secret_fits(const struct secrets *secrets, const char *given)
{
    bool ok = false;

    for (size_t i = 0; i < secrets->n; i++)
        ok |= secret_equal_text(secrets->values[i], given);
    return ok;
}

enum result kannel_report(const struct kannel_settings *settings,
                          const struct channel_report *report, struct arena *arena,
                          struct report_result *ret, struct error *error)
{
    const char *token = report_query(report, "t"), *type = report_query(report, "d");

    if (settings->report.n &&
        !secret_fits(&settings->report, str_or(report_query(report, "s"), "")))
        return report_denied(error);
    if (str_empty(token) || strlen(token) != TOKEN_TEXT_SIZE - 1 || str_empty(type))
        return report_malformed(error);
    const struct report_word *word = report_word_find(words, type);
    if (!word)
        return report_malformed(error);
    struct report_result result = {.reply_status = 200,
                                   .event_id = arena_printf(arena, "%s/%s", token, word->word)};
    struct report_fact *fact = report_one(&result, arena, word, token);
    if (!fact)
        return report_malformed(error);
    text_cut(fact->diagnostic, sizeof fact->diagnostic, report_query(report, "r"));
    *ret = result;
    return RESULT_OK;
}
