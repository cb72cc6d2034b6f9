/* postal_lob_outcome.c - what Lob's answers and events mean (lob-openapi: errors, event types).
 * Pure. */

/* System. */
#include <string.h>

/* Base. */
#include "base/json.h"
#include "base/str.h"

/* This module. */
#include "channels/common/reports.h"
#include "channels/common/signature.h"
#include "postal_lob.h"

/* US limits of Lob: the lines joined hold 50 characters, each at most 64; abroad 200 a line. */
enum result lob_check_address(const struct recipient *recipient, struct error *error)
{
    const struct postal_address *address = &recipient->address;
    bool us = str_equal(address->country, "US");
    enum result result;

    if (!recipient->has_address || str_empty(recipient->name))
        return error_set(error, RESULT_INVALID, "address",
                         "a letter needs a name, line1, city and country: add them");
    if ((result = length_check(recipient->name, 40, "name", error)) != RESULT_OK ||
        (result = length_check(address->line1, us ? 64 : 200, "address.line1", error)) ||
        (result = length_check(address->line2, us ? 64 : 200, "address.line2", error)) ||
        (result = length_check(address->city, 200, "address.city", error)))
        return result;
    if (!us)
        return RESULT_OK;
    if (text_points(address->line1) + text_points(address->line2) > 50)
        return error_set(error, RESULT_INVALID, "address.line1",
                         "line1 and line2 together have over 50 characters: shorten them");
    if (!address->region || strlen(address->region) != 2)
        return error_set(error, RESULT_INVALID, "address.region",
                         "a US address needs its state: two letters");
    size_t digits = strspn(str_or(address->postal_code, ""), "0123456789");
    if (digits != 5 || (address->postal_code[5] &&
                        (address->postal_code[5] != '-' || strlen(address->postal_code) != 10 ||
                         strspn(address->postal_code + 6, "0123456789") != 4)))
        return error_set(error, RESULT_INVALID, "address.postal_code",
                         "not a ZIP code: write 12345 or 12345-6789");
    return RESULT_OK;
}

static const struct code {
    const char *code;
    enum outcome_kind kind;
    enum blame blame;
    const char *status;
} codes[] = {
    {"failed_deliverability_strictness", OUTCOME_REJECTED, BLAME_ADDRESS, "5.1.2"},
    {"address_length_exceeds_limit", OUTCOME_REJECTED, BLAME_ADDRESS, "5.1.3"},
    {"invalid_address", OUTCOME_REJECTED, BLAME_ADDRESS, "5.1.3"},
    {"file_pages_exceed_max", OUTCOME_REJECTED, BLAME_CONTENT, "5.3.4"},
    {"merge_variable_required", OUTCOME_REJECTED, BLAME_CONTENT, "5.6.0"},
    {"pdf_encrypted", OUTCOME_REJECTED, BLAME_CONTENT, "5.6.0"},
    {"unembedded_fonts", OUTCOME_REJECTED, BLAME_CONTENT, "5.6.0"},
    {"invalid_api_key", OUTCOME_DEFERRED, BLAME_PROVIDER, "4.7.8"},
    {"payment_method_unverified", OUTCOME_DEFERRED, BLAME_PROVIDER, "4.7.0"},
    {"mail_use_type_can_not_be_null", OUTCOME_DEFERRED, BLAME_PROVIDER, "4.3.5"},
    {"unsupported_lob_version", OUTCOME_DEFERRED, BLAME_PROVIDER, "4.3.5"},
    {"rate_limit_exceeded", OUTCOME_DEFERRED, BLAME_NONE, "4.4.5"},
};

static void outcome_of_error(struct json_object *json, const struct wire_reply *reply,
                             struct outcome *ret)
{
    struct json_object *error = json_get(json, "error");
    const char *code = json_get_string(error, "code");

    for (size_t i = 0; code && reply->status < 500 && i < sizeof codes / sizeof *codes; i++) {
        if (!str_equal(code, codes[i].code))
            continue;
        outcome_set(ret, codes[i].kind, codes[i].blame, codes[i].status);
        ret->code = (int)reply->status;
        ret->retry_after_ms = ret->kind == OUTCOME_DEFERRED ? reply->retry_after_ms : -1;
    }
    outcome_say(ret, json_get_string(error, "message"));
}

void lob_read_send(const struct wire_reply *reply, struct outcome *ret)
{
    struct json_object *json = NULL;

    outcome_of_http(ret, reply);
    if (reply->status ==
        409) { /* The same key is being worked on, or was used with another body. */
        outcome_set(ret, OUTCOME_UNCERTAIN, BLAME_NONE, "4.4.5");
        ret->code = 409;
    }
    if (json_read(reply->body, reply->length, &json, NULL) != RESULT_OK)
        return;
    if (ret->kind == OUTCOME_ACCEPTED)
        str_copy(ret->provider_ref, sizeof ret->provider_ref,
                 str_or(json_get_string(json, "id"), ""));
    else
        outcome_of_error(json, reply, ret);
    json_object_put(json);
}

/* A deleted letter was never printed. */
static struct json_object *letter_find(struct json_object *list, const char *key, bool *ret_deleted)
{
    *ret_deleted = false;
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *letter = json_object_array_get_idx(list, i);
        if (!str_equal(json_get_string(json_get(letter, "metadata"), "key"), key))
            continue;
        if (!json_get_bool(letter, "deleted", false))
            return letter;
        *ret_deleted = true;
    }
    return NULL;
}

void lob_read_query(const struct channel_send *send, const struct wire_reply *reply,
                    struct outcome *ret)
{
    struct json_object *json = NULL;
    bool deleted;

    outcome_set(ret, OUTCOME_DEFERRED, BLAME_NONE, "4.4.5");
    ret->code = (int)reply->status;
    ret->retry_after_ms = reply->retry_after_ms;
    if (reply->status != 200)
        return;
    outcome_set(ret, OUTCOME_UNCERTAIN, BLAME_NONE, "4.4.2");
    if (json_read(reply->body, reply->length, &json, NULL) != RESULT_OK)
        return;
    struct json_object *list = json_get(json, "data");
    if (list && json_object_is_type(list, json_type_array)) {
        struct json_object *letter = letter_find(list, send->key, &deleted);
        outcome_set(ret, letter ? OUTCOME_ACCEPTED : OUTCOME_CANCELED, BLAME_NONE,
                    letter ? "2.0.0" : "4.4.2");
        str_copy(ret->provider_ref, sizeof ret->provider_ref,
                 str_or(json_get_string(letter, "id"), ""));
    }
    json_object_put(json);
}

bool lob_read_undo(const struct wire_reply *reply)
{
    struct json_object *json = NULL;

    if (reply->status != 200 || json_read(reply->body, reply->length, &json, NULL) != RESULT_OK)
        return false;
    bool deleted = json_get_bool(json, "deleted", false);
    json_object_put(json);
    return deleted;
}

/* -- Events -- */

#define PROGRESS(word)                                                                             \
    {                                                                                              \
        word, REPORT_PROGRESS, EVIDENCE_ACCEPTED, BLAME_NONE, "2.0.0"                              \
    }
static const struct report_word events[] = {
    PROGRESS("letter.created"),
    PROGRESS("letter.rendered_pdf"),
    PROGRESS("letter.rendered_thumbnails"),
    {"letter.mailed", REPORT_EVIDENCE, EVIDENCE_ACCEPTED, BLAME_NONE, "2.0.0"},
    {"letter.certified.mailed", REPORT_EVIDENCE, EVIDENCE_ACCEPTED, BLAME_NONE, "2.0.0"},
    PROGRESS("letter.in_transit"),
    PROGRESS("letter.in_local_area"),
    PROGRESS("letter.processed_for_delivery"),
    PROGRESS("letter.re-routed"),
    PROGRESS("letter.international_exit"),
    PROGRESS("letter.viewed"),
    PROGRESS("letter.certified.in_transit"),
    PROGRESS("letter.certified.in_local_area"),
    PROGRESS("letter.certified.processed_for_delivery"),
    PROGRESS("letter.certified.re-routed"),
    PROGRESS("letter.certified.pickup_available"),
    PROGRESS("letter.certified.issue"),
    {"letter.delivered", REPORT_EVIDENCE, EVIDENCE_DELIVERED, BLAME_NONE, "2.1.5"},
    {"letter.certified.delivered", REPORT_EVIDENCE, EVIDENCE_DELIVERED, BLAME_NONE, "2.1.5"},
    {"letter.returned_to_sender", REPORT_EVIDENCE, EVIDENCE_RETURNED, BLAME_ADDRESS, "5.1.0"},
    {"letter.certified.returned_to_sender", REPORT_EVIDENCE, EVIDENCE_RETURNED, BLAME_ADDRESS,
     "5.1.0"},
    {"letter.rejected", REPORT_EVIDENCE, EVIDENCE_FAILED, BLAME_CONTENT, "5.6.0"},
    {"letter.failed", REPORT_EVIDENCE, EVIDENCE_FAILED, BLAME_CONTENT, "5.6.0"},
    {"letter.deleted", REPORT_EVIDENCE, EVIDENCE_FAILED, BLAME_NONE, "5.0.0"},
    {NULL, REPORT_PROGRESS, EVIDENCE_NONE, BLAME_NONE, NULL},
};

static enum result verify(const struct lob_settings *settings, const struct channel_report *report,
                          struct error *error)
{
    const char *signature = report_header(report, "Lob-Signature");
    const char *timestamp = report_header(report, "Lob-Signature-Timestamp");

    if (!settings->keys.webhook.n)
        return report_no_secret(error, "webhook_secret_file");
    if (!signature || !timestamp || strlen(timestamp) > 20 ||
        !signature_hex_ok(&settings->keys.webhook, timestamp,
                          (struct slice){report->body, report->body_length}, signature))
        return report_denied(error);
    if (!signature_fresh(report->now, signature_time(timestamp), LOB_TOLERANCE_MS))
        return report_stale(error);
    return RESULT_OK;
}

static enum result read_event(struct json_object *json, struct arena *arena,
                              struct report_result *ret)
{
    struct json_object *letter = json_get(json, "body");
    const char *type = json_get_string(json_get(json, "event_type"), "id");
    const char *id = json_get_string(letter, "id"), *event = json_get_string(json, "id");
    const char *at = json_get_string(json, "date_created");
    const struct report_word *word = report_word_find(events, type);
    time_ms when;

    if (!type || str_empty(event))
        return RESULT_INVALID;
    ret->event_id = arena_strdup(arena, event);
    if (!word) /* Other resources and new kinds of events: heard, no fact. */
        return RESULT_OK;
    struct report_fact *fact =
        report_one(ret, arena, word, json_get_string(json_get(letter, "metadata"), "token"));
    if (!fact || str_empty(id))
        return RESULT_INVALID;
    str_copy(fact->provider_ref, sizeof fact->provider_ref, id);
    text_cut(fact->diagnostic, sizeof fact->diagnostic, json_get_string(letter, "failure_reason"));
    if (at && time_parse(at, &when))
        fact->at = when;
    return RESULT_OK;
}

enum result lob_report(const struct lob_settings *settings, const struct channel_report *report,
                       struct arena *arena, struct report_result *ret, struct error *error)
{
    struct report_result result = {.reply_status = 200};
    struct json_object *json = NULL;
    enum result code = verify(settings, report, error);

    if (code != RESULT_OK)
        return code;
    if (json_read(report->body, report->body_length, &json, NULL) != RESULT_OK)
        return report_malformed(error);
    code = read_event(json, arena, &result);
    json_object_put(json);
    if (code != RESULT_OK)
        return report_malformed(error);
    *ret = result;
    return RESULT_OK;
}

bool lob_sample(const struct lob_settings *settings, const char *token, time_ms now,
                struct arena *arena, struct channel_sample *ret)
{
    char signature[SIGNATURE_TEXT_SIZE];
    const char *at = arena_printf(arena, "%lld", (long long)now);
    const char *body = arena_printf(arena,
                                    "{\"body\":{\"id\":\"ltr_preflight\",\"metadata\":{\"token\":"
                                    "\"%s\"}},\"event_type\":{\"id\":\"letter.created\"},"
                                    "\"id\":\"evt_preflight_%s\"}",
                                    token, token);

    if (settings->keys.webhook.n == 0 || !at || !body)
        return false;
    signature_hex(signature, settings->keys.webhook.values[0], at, slice_of(body));
    *ret = (struct channel_sample){.type = "application/json",
                                   .body = body,
                                   .body_length = strlen(body),
                                   .headers = {{"Lob-Signature-Timestamp", at},
                                               {"Lob-Signature", arena_strdup(arena, signature)}},
                                   .n_headers = 2};
    return ret->headers[1].value != NULL;
}
