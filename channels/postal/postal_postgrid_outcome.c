/* postal_postgrid_outcome.c - what PostGrid's answers and webhooks mean (postgrid-node;
 * postgrid.readme.io, "webhooks"). Pure. Callbacks come as JSON with PostGrid-Signature or as a
 * JWT; a leading '{' tells. */

/* System. */
#include <string.h>

/* Base. */
#include "base/json.h"
#include "base/str.h"

/* This module. */
#include "channels/common/reports.h"
#include "channels/common/signature.h"
#include "postal_postgrid.h"

void postgrid_read_send(const struct wire_reply *reply, struct outcome *ret)
{
    struct json_object *json = NULL;

    outcome_of_http(ret, reply);
    if (json_read(reply->body, reply->length, &json, NULL) != RESULT_OK)
        return;
    struct json_object *error = json_get(json, "error");
    if (ret->kind == OUTCOME_ACCEPTED) {
        str_copy(ret->provider_ref, sizeof ret->provider_ref,
                 str_or(json_get_string(json, "id"), ""));
    } else {
        const char *message = json_get_string(error, "message");
        if (ret->kind == OUTCOME_REJECTED && message &&
            (strcasestr(message, "address") || strcasestr(message, "postalOrZip"))) {
            outcome_set(ret, OUTCOME_REJECTED, BLAME_ADDRESS, "5.1.3");
            ret->code = (int)reply->status;
        }
        outcome_say(ret, message);
    }
    json_object_put(json);
}

/* A cancelled letter is as good as never taken. */
static struct json_object *letter_find(struct json_object *list, const char *key)
{
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *letter = json_object_array_get_idx(list, i);
        if (str_equal(json_get_string(json_get(letter, "metadata"), "key"), key) &&
            !str_equal(json_get_string(letter, "status"), "cancelled"))
            return letter;
    }
    return NULL;
}

/* The search runs over an index that may lag: not to find it proves nothing, and a person decides.
 */
void postgrid_read_query(const struct channel_send *send, const struct wire_reply *reply,
                         struct outcome *ret)
{
    struct json_object *json = NULL;

    outcome_set(ret, OUTCOME_DEFERRED, BLAME_NONE, "4.4.5");
    ret->code = (int)reply->status;
    ret->retry_after_ms = reply->retry_after_ms;
    if (reply->status != 200)
        return;
    outcome_set(ret, OUTCOME_UNCERTAIN, BLAME_NONE, "4.4.2");
    if (json_read(reply->body, reply->length, &json, NULL) != RESULT_OK)
        return;
    struct json_object *list = json_get(json, "data");
    struct json_object *letter = NULL;
    if (list && json_object_is_type(list, json_type_array))
        letter = letter_find(list, send->key);
    if (letter) {
        outcome_set(ret, OUTCOME_ACCEPTED, BLAME_NONE, "2.0.0");
        str_copy(ret->provider_ref, sizeof ret->provider_ref,
                 str_or(json_get_string(letter, "id"), ""));
    }
    json_object_put(json);
}

bool postgrid_read_undo(const struct wire_reply *reply)
{
    struct json_object *json = NULL;

    if (reply->status != 200 || json_read(reply->body, reply->length, &json, NULL) != RESULT_OK)
        return false;
    bool gone = str_equal(json_get_string(json, "status"), "cancelled") ||
                json_get_bool(json, "deleted", false);
    json_object_put(json);
    return gone;
}

/* -- Webhooks -- */

static const struct report_word statuses[] = {
    {"ready", REPORT_PROGRESS, EVIDENCE_ACCEPTED, BLAME_NONE, "2.0.0"},
    {"printing", REPORT_PROGRESS, EVIDENCE_ACCEPTED, BLAME_NONE, "2.0.0"},
    {"processed_for_delivery", REPORT_PROGRESS, EVIDENCE_ACCEPTED, BLAME_NONE, "2.0.0"},
    /* "completed" means handed over to the post, no more. */
    {"completed", REPORT_EVIDENCE, EVIDENCE_ACCEPTED, BLAME_NONE, "2.0.0"},
    {"cancelled", REPORT_EVIDENCE, EVIDENCE_FAILED, BLAME_NONE, "5.0.0"},
    {NULL, REPORT_PROGRESS, EVIDENCE_NONE, BLAME_NONE, NULL},
};
static const struct report_word returned = {"returned_to_sender", REPORT_EVIDENCE,
                                            EVIDENCE_RETURNED, BLAME_ADDRESS, "5.1.0"};
static const struct report_word invalid = {"invalid", REPORT_EVIDENCE, EVIDENCE_FAILED,
                                           BLAME_CONTENT, "5.6.0"};

/* The letter's state; what the post's own scans (imbStatus) say comes first. */
static const struct report_word *word_of(struct json_object *letter)
{
    const char *reason = json_get_string(json_get(letter, "cancellation"), "reason");

    if (str_equal(json_get_string(letter, "imbStatus"), "returned_to_sender"))
        return &returned;
    if (reason && str_starts(reason, "invalid_"))
        return &invalid;
    return report_word_find(statuses, json_get_string(letter, "status"));
}

static enum result read_event(struct json_object *json, struct arena *arena,
                              struct report_result *ret)
{
    struct json_object *letter = json_get(json, "data");
    const char *type = json_get_string(json, "type"), *event = json_get_string(json, "id");
    const char *id = json_get_string(letter, "id"), *at = json_get_string(letter, "updatedAt");
    const struct report_word *word = word_of(letter);
    time_ms when;

    if (!type || str_empty(event))
        return RESULT_INVALID;
    ret->event_id = arena_strdup(arena, event);
    if (!str_starts(type, "letter.") || !word)
        return RESULT_OK;
    struct report_fact *fact =
        report_one(ret, arena, word, json_get_string(json_get(letter, "metadata"), "token"));
    if (!fact || str_empty(id))
        return RESULT_INVALID;
    str_copy(fact->provider_ref, sizeof fact->provider_ref, id);
    if (at && time_parse(at, &when))
        fact->at = when;
    return RESULT_OK;
}

/* "t=1700000000,v1=<hex>" -> both parts; false when it has another form. */
static bool signature_split(const char *header, char t[24], const char **ret_v1)
{
    const char *comma = header ? strchr(header, ',') : NULL;
    size_t n;

    if (!comma || !str_starts(header, "t=") || !str_starts(comma, ",v1="))
        return false;
    n = (size_t)(comma - header) - 2;
    if (!n || n >= 24)
        return false;
    memcpy(t, header + 2, n);
    t[n] = '\0';
    *ret_v1 = comma + 4;
    return true;
}

static enum result open_json(const struct postgrid_settings *settings,
                             const struct channel_report *report, struct json_object **ret_json,
                             struct error *error)
{
    char t[24];
    const char *v1;

    if (!signature_split(report_header(report, "PostGrid-Signature"), t, &v1) ||
        !signature_hex_ok(&settings->keys.webhook, t,
                          (struct slice){report->body, report->body_length}, v1))
        return report_denied(error);
    if (!signature_fresh(report->now, signature_time(t), POSTGRID_TOLERANCE_MS))
        return report_stale(error);
    if (json_read(report->body, report->body_length, ret_json, NULL) != RESULT_OK)
        return report_malformed(error);
    return RESULT_OK;
}

static enum result open_jwt(const struct postgrid_settings *settings,
                            const struct channel_report *report, struct arena *arena,
                            struct json_object **ret_json)
{
    char *payload = arena_alloc(arena, report->body_length + 1);
    struct slice token = {report->body, report->body_length};

    while (token.length && strchr("\r\n ", token.data[token.length - 1]))
        token.length--;
    if (!payload)
        return RESULT_INVALID;
    long n = jwt_open(&settings->keys.webhook, token, payload, report->body_length + 1);
    if (n < 0)
        return RESULT_DENIED;
    if (json_read(payload, (size_t)n, ret_json, NULL) != RESULT_OK)
        return RESULT_INVALID;
    int64_t iat = json_get_int(*ret_json, "iat", -1);
    if (iat >= 0 && iat < INT64_C(100000000000) &&
        signature_fresh(report->now, iat * 1000, POSTGRID_JWT_TOLERANCE_MS))
        return RESULT_OK;
    json_object_put(*ret_json);
    return RESULT_TIMEOUT;
}

enum result postgrid_report(const struct postgrid_settings *settings,
                            const struct channel_report *report, struct arena *arena,
                            struct report_result *ret, struct error *error)
{
    struct report_result result = {.reply_status = 200};
    struct json_object *json = NULL;
    enum result code;

    if (!settings->keys.webhook.n)
        return report_no_secret(error, "webhook_secret_file");
    if (report->body_length && report->body[0] == '{') {
        if ((code = open_json(settings, report, &json, error)) != RESULT_OK)
            return code;
    } else if ((code = open_jwt(settings, report, arena, &json)) != RESULT_OK) {
        return code == RESULT_DENIED    ? report_denied(error)
               : code == RESULT_TIMEOUT ? report_stale(error)
                                        : report_malformed(error);
    }
    code = read_event(json, arena, &result);
    json_object_put(json);
    if (code != RESULT_OK)
        return report_malformed(error);
    *ret = result;
    return RESULT_OK;
}
