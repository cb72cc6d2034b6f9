/* webhook_outcome.c - what the receiver's answer and its signed reports mean (Standard
 * Webhooks 1.0.0). Pure.
 *
 * A report: POST with webhook-id, webhook-timestamp, webhook-signature and
 *   {"type":"message.status","timestamp":"...","data":{"token":"...","status":"delivered","reference":"...","reason":"..."}}
 */

/* System. */
#include <string.h>

/* Base. */
#include "base/json.h"
#include "base/str.h"

/* This module. */
#include "channels/common/reports.h"
#include "channels/common/signature.h"
#include "webhook.h"

/* 410 disables an endpoint, 429, 502 and 504 ask for patience; other failures say only that it
 * failed. */
void webhook_read_send(const struct wire_reply *reply, struct outcome *ret)
{
    struct json_object *json = NULL;

    outcome_of_http(ret, reply);
    if (reply->status == 502 || reply->status == 503 || reply->status == 504) {
        outcome_set(ret, OUTCOME_DEFERRED, BLAME_NONE, "4.3.2");
        ret->code = (int)reply->status;
        ret->retry_after_ms = reply->retry_after_ms;
    } else if (reply->status >= 300 && reply->status < 400) { /* No redirects: nobody took it. */
        outcome_set(ret, OUTCOME_DEFERRED, BLAME_PROVIDER, "4.3.5");
        ret->code = (int)reply->status;
    }
    if (json_read(reply->body, reply->length, &json, NULL) != RESULT_OK)
        return;
    if (ret->kind == OUTCOME_ACCEPTED)
        str_copy(ret->provider_ref, sizeof ret->provider_ref,
                 str_or(json_get_string(json, "reference"), ""));
    else
        outcome_say(ret, json_get_string(json, "message"));
    json_object_put(json);
}

static const struct report_word words[] = {
    {"accepted", REPORT_PROGRESS, EVIDENCE_ACCEPTED, BLAME_NONE, "2.0.0"},
    {"sent", REPORT_PROGRESS, EVIDENCE_ACCEPTED, BLAME_NONE, "2.0.0"},
    {"delivered", REPORT_EVIDENCE, EVIDENCE_DELIVERED, BLAME_NONE, "2.1.5"},
    {"displayed", REPORT_EVIDENCE, EVIDENCE_DISPLAYED, BLAME_NONE, "2.1.5"},
    {"answered", REPORT_EVIDENCE, EVIDENCE_DELIVERED, BLAME_NONE, "2.1.5"},
    {"acknowledged", REPORT_EVIDENCE, EVIDENCE_ACKNOWLEDGED, BLAME_NONE, "2.1.5"},
    {"failed", REPORT_EVIDENCE, EVIDENCE_FAILED, BLAME_NONE, "5.0.0"},
    {"undelivered", REPORT_EVIDENCE, EVIDENCE_BOUNCED, BLAME_RECIPIENT, "5.0.0"},
    {"invalid_address", REPORT_EVIDENCE, EVIDENCE_BOUNCED, BLAME_ADDRESS, "5.1.3"},
    {"refused", REPORT_EVIDENCE, EVIDENCE_BOUNCED, BLAME_RECIPIENT, "5.7.1"},
    {"stop", REPORT_STOP, EVIDENCE_NONE, BLAME_STOPPED, ""},
    {"written_notice", REPORT_REQUEST, EVIDENCE_NONE, BLAME_NONE, ""},
    {NULL, REPORT_PROGRESS, EVIDENCE_NONE, BLAME_NONE, NULL},
};

static enum result verify(const struct webhook_settings *settings,
                          const struct channel_report *report, struct error *error)
{
    struct hook_signed what = {report_header(report, "webhook-id"),
                               report_header(report, "webhook-timestamp"),
                               {report->body, report->body_length}};
    const char *signatures = report_header(report, "webhook-signature");

    if (!settings->report.n)
        return report_no_secret(error, "report_secret_file");
    if (str_empty(what.id) || strlen(what.id) > 128 || !what.timestamp || !signatures)
        return report_denied(error);
    if (!hook_verify(&settings->report, &what, signatures))
        return report_denied(error);
    if (!signature_fresh(report->now, signature_time(what.timestamp), WEBHOOK_TOLERANCE_MS))
        return report_stale(error);
    return RESULT_OK;
}

static enum result read_fact(struct json_object *json, struct arena *arena,
                             struct report_result *ret)
{
    struct json_object *data = json_get(json, "data");
    const char *token = json_get_string(data, "token"), *at = json_get_string(json, "timestamp");
    const struct report_word *word = report_word_find(words, json_get_string(data, "status"));
    time_ms when;

    if (!str_equal(json_get_string(json, "type"), "message.status"))
        return RESULT_OK; /* Other types are none of ours: heard, no fact. */
    if (str_empty(token) || strlen(token) != TOKEN_TEXT_SIZE - 1 || !word)
        return RESULT_INVALID;
    struct report_fact *fact = report_one(ret, arena, word, token);
    if (!fact)
        return RESULT_INVALID;
    if (at && time_parse(at, &when))
        fact->at = when;
    str_copy(fact->provider_ref, sizeof fact->provider_ref,
             str_or(json_get_string(data, "reference"), ""));
    text_cut(fact->diagnostic, sizeof fact->diagnostic, json_get_string(data, "reason"));
    return RESULT_OK;
}

enum result webhook_report(const struct webhook_settings *settings,
                           const struct channel_report *report, struct arena *arena,
                           struct report_result *ret, struct error *error)
{
    struct report_result result = {.reply_status = 204};
    struct json_object *json = NULL;
    enum result code = verify(settings, report, error);

    if (code != RESULT_OK)
        return code;
    if (json_read(report->body, report->body_length, &json, NULL) != RESULT_OK)
        return report_malformed(error);
    code = read_fact(json, arena, &result);
    json_object_put(json);
    if (code != RESULT_OK)
        return report_malformed(error);
    result.event_id = arena_strdup(arena, report_header(report, "webhook-id"));
    *ret = result;
    return RESULT_OK;
}

bool webhook_sample(const struct webhook_settings *settings, const char *token, time_ms now,
                    struct arena *arena, struct channel_sample *ret)
{
    char signature[SIGNATURE_TEXT_SIZE];
    const char *body = arena_printf(
        arena, "{\"data\":{\"status\":\"sent\",\"token\":\"%s\"},\"type\":\"message.status\"}",
        token);
    struct hook_signed what = {arena_printf(arena, "preflight_%s", token),
                               arena_printf(arena, "%lld", (long long)(now / 1000)),
                               {body, body ? strlen(body) : 0}};

    if (settings->report.n == 0 || !body || !what.id || !what.timestamp ||
        !hook_sign(signature, settings->report.values[0], &what))
        return false;
    *ret =
        (struct channel_sample){.type = "application/json",
                                .body = body,
                                .body_length = what.body.length,
                                .headers = {{"webhook-id", what.id},
                                            {"webhook-timestamp", what.timestamp},
                                            {"webhook-signature", arena_strdup(arena, signature)}},
                                .n_headers = 3};
    return ret->headers[2].value != NULL;
}
