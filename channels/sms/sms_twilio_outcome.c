/* sms_twilio_outcome.c - what Twilio's answers and callbacks mean (twilio.com/docs/api/errors and
 * /docs/usage/security). Pure. Codes may be added at any time: each table has a default. */

/* System. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Base. */
#include "base/hash.h"
#include "base/json.h"
#include "base/str.h"

/* This module. */
#include "channels/common/form.h"
#include "channels/common/reports.h"
#include "sms_twilio.h"

static const struct code {
    int code;
    enum outcome_kind kind;
    enum blame blame;
    const char *status;
} codes[] = {
    {20003, OUTCOME_DEFERRED, BLAME_PROVIDER, "4.7.8"},  /* authentication */
    {20005, OUTCOME_DEFERRED, BLAME_PROVIDER, "4.7.0"},  /* account not active */
    {20429, OUTCOME_DEFERRED, BLAME_NONE, "4.4.5"},      /* too many requests: not processed */
    {21211, OUTCOME_REJECTED, BLAME_ADDRESS, "5.1.3"},   /* invalid To */
    {21217, OUTCOME_REJECTED, BLAME_ADDRESS, "5.1.3"},   /* invalid phone number */
    {21408, OUTCOME_DEFERRED, BLAME_PROVIDER, "4.7.1"},  /* region not enabled */
    {21606, OUTCOME_DEFERRED, BLAME_PROVIDER, "4.7.1"},  /* bad From */
    {21610, OUTCOME_REJECTED, BLAME_STOPPED, "5.7.1"},   /* STOP */
    {21611, OUTCOME_DEFERRED, BLAME_NONE, "4.4.5"},      /* the sender's queue is full */
    {21612, OUTCOME_REJECTED, BLAME_ADDRESS, "5.4.4"},   /* unroutable */
    {21614, OUTCOME_REJECTED, BLAME_RECIPIENT, "5.1.3"}, /* not a mobile */
    {21617, OUTCOME_REJECTED, BLAME_CONTENT, "5.3.4"},   /* too long */
    {30001, OUTCOME_REJECTED, BLAME_PROVIDER, "4.4.5"},  /* queue overflow */
    {30002, OUTCOME_REJECTED, BLAME_PROVIDER, "5.7.0"},  /* account suspended */
    {30003, OUTCOME_REJECTED, BLAME_RECIPIENT, "4.4.1"}, /* unreachable handset */
    {30004, OUTCOME_REJECTED, BLAME_RECIPIENT, "5.7.1"}, /* blocked */
    {30005, OUTCOME_REJECTED, BLAME_ADDRESS, "5.1.1"},   /* unknown handset */
    {30006, OUTCOME_REJECTED, BLAME_RECIPIENT, "5.1.3"}, /* landline */
    {30007, OUTCOME_REJECTED, BLAME_PROVIDER, "5.7.0"},  /* filtered */
    {30008, OUTCOME_REJECTED, BLAME_NONE, "5.0.0"},      /* unknown */
};

static const struct code *code_find(int code)
{
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i].code == code)
            return &codes[i];
    return NULL;
}

/* Whose fault a vendor's error code is and what follows; false when the code is not in the table.
 */
static bool twilio_code(int code, struct outcome *ret)
{
    const struct code *row = code_find(code);

    if (!row)
        return false;
    outcome_set(ret, row->kind, row->blame, row->status);
    ret->code = code;
    return true;
}

/* A taken message's own state: delivered or failed even now? */
static void outcome_of_message(struct json_object *message, struct outcome *ret)
{
    const char *status = str_or(json_get_string(message, "status"), "");
    bool there = str_equal(status, "delivered") || str_equal(status, "read");

    outcome_set(ret, there ? OUTCOME_DELIVERED : OUTCOME_ACCEPTED, BLAME_NONE,
                there ? "2.1.5" : "2.0.0");
    str_copy(ret->provider_ref, sizeof ret->provider_ref,
             str_or(json_get_string(message, "sid"), ""));
}

void twilio_read_send(const struct wire_reply *reply, struct outcome *ret)
{
    struct json_object *json = NULL;
    int64_t code = 0;

    outcome_of_http(ret, reply);
    if (json_read(reply->body, reply->length, &json, NULL) != RESULT_OK)
        return;
    code = json_get_int(json, "code", 0);
    if (ret->kind == OUTCOME_ACCEPTED)
        outcome_of_message(json, ret);
    else if (reply->status < 500 && code > 0 && code < INT32_MAX && twilio_code((int)code, ret))
        ret->retry_after_ms = ret->kind == OUTCOME_DEFERRED ? reply->retry_after_ms : -1;
    if (ret->kind != OUTCOME_ACCEPTED)
        outcome_say(ret, json_get_string(json, "message"));
    json_object_put(json);
}

/* A message that failed is as good as never taken: the same text may be sent again. */
static bool is_ours(struct json_object *message, const struct channel_send *send)
{
    const char *status = str_or(json_get_string(message, "status"), "");

    return str_equal(json_get_string(message, "body"), send->notice.text) &&
           str_equal(json_get_string(message, "to"), send->phone) && !str_equal(status, "failed") &&
           !str_equal(status, "undelivered") && !str_equal(status, "canceled");
}

static void outcome_of_list(struct json_object *json, const struct channel_send *send,
                            struct outcome *ret)
{
    struct json_object *list = json_get(json, "messages");

    if (!list || !json_object_is_type(list, json_type_array))
        return;
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *message = json_object_array_get_idx(list, i);
        if (!is_ours(message, send))
            continue;
        outcome_of_message(message, ret);
        return;
    }
    /* Only a whole list proves that it isn't there. */
    if (str_empty(json_get_string(json, "next_page_uri")))
        outcome_set(ret, OUTCOME_CANCELED, BLAME_NONE, "4.4.2");
}

void twilio_read_query(const struct channel_send *send, const struct wire_reply *reply,
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
    outcome_of_list(json, send, ret);
    json_object_put(json);
}

/* -- Callbacks -- */

static const struct report_word words[] = {
    {"accepted", REPORT_PROGRESS, EVIDENCE_ACCEPTED, BLAME_NONE, "2.0.0"},
    {"scheduled", REPORT_PROGRESS, EVIDENCE_ACCEPTED, BLAME_NONE, "2.0.0"},
    {"queued", REPORT_PROGRESS, EVIDENCE_ACCEPTED, BLAME_NONE, "2.0.0"},
    {"sending", REPORT_PROGRESS, EVIDENCE_ACCEPTED, BLAME_NONE, "2.0.0"},
    {"sent", REPORT_PROGRESS, EVIDENCE_ACCEPTED, BLAME_NONE, "2.0.0"},
    {"delivered", REPORT_EVIDENCE, EVIDENCE_DELIVERED, BLAME_NONE, "2.1.5"},
    {"read", REPORT_EVIDENCE, EVIDENCE_DISPLAYED, BLAME_NONE, "2.1.5"},
    {"partially_delivered", REPORT_PROGRESS, EVIDENCE_ACCEPTED, BLAME_NONE, "2.0.0"},
    {"undelivered", REPORT_EVIDENCE, EVIDENCE_BOUNCED, BLAME_RECIPIENT, "5.0.0"},
    {"failed", REPORT_EVIDENCE, EVIDENCE_FAILED, BLAME_NONE, "5.0.0"},
    {"canceled", REPORT_EVIDENCE, EVIDENCE_FAILED, BLAME_PROVIDER, "5.0.0"},
    {NULL, REPORT_PROGRESS, EVIDENCE_NONE, BLAME_NONE, NULL},
};

static int by_name(const void *a, const void *b)
{
    const struct form_field *x = a, *y = b;
    int order = strcmp(x->name, y->name);

    return order ? order : strcmp(x->value, y->value);
}

static bool signed_url(const struct twilio_settings *settings, const char *url,
                       const struct form *form, const char *signature)
{
    struct buf text;
    bool ok = false;

    buf_init(&text, 256 * 1024);
    buf_puts(&text, url);
    for (size_t i = 0; i < form->n; i++) {
        buf_puts(&text, form->fields[i].name);
        buf_puts(&text, form->fields[i].value);
    }
    for (size_t i = 0; i < settings->auth_tokens.n && !text.failed; i++) {
        const char *secret = settings->auth_tokens.values[i];
        uint8_t digest[20];
        char good[29];
        hmac_sha1(digest, secret, strlen(secret), text.data, text.length);
        base64_encode(good, digest, sizeof digest);
        ok |= secret_equal_text(good, signature);
    }
    buf_wipe(&text);
    return ok;
}

/* The URL with the default port put in or taken out, as Twilio's own validators do; NULL when
 * another is there. */
static const char *other_port(struct arena *arena, const char *url)
{
    bool https = str_starts(url, "https://");
    const char *port = https ? ":443" : ":80";
    const char *host = strstr(url, "://");

    if (!host)
        return NULL;
    host += 3;
    size_t head = (size_t)(host - url) + strcspn(host, ":/?");
    if (host[0] == '[')
        head = (size_t)(host - url) + strcspn(host, "]") + 1;
    const char *rest = url + head;
    if (*rest != ':')
        return arena_printf(arena, "%.*s%s%s", (int)head, url, port, rest);
    size_t length = strlen(port);
    if (strncmp(rest, port, length) != 0 || (rest[length] && !strchr("/?", rest[length])))
        return NULL;
    return arena_printf(arena, "%.*s%s", (int)head, url, rest + length);
}

static bool report_signed(const struct twilio_settings *settings,
                          const struct channel_report *report, const struct form *form,
                          struct arena *arena)
{
    const char *signature = report_header(report, "X-Twilio-Signature");
    const char *other = other_port(arena, report->url);

    if (!signature)
        return false;
    bool ok = signed_url(settings, report->url, form, signature);
    return ok | (other && signed_url(settings, other, form, signature));
}

static void fact_fill(struct report_fact *fact, const struct form *form)
{
    int64_t code = 0;
    const struct code *row = NULL;

    str_copy(fact->provider_ref, sizeof fact->provider_ref,
             str_or(form_get(form, "MessageSid"), ""));
    if (parse_i64(str_or(form_get(form, "ErrorCode"), ""), &code) && code > 0 && code < INT32_MAX)
        row = code_find((int)code);
    fact->code = row ? row->code : code > 0 && code < INT32_MAX ? (int)code : 0;
    if (row && fact->kind == REPORT_EVIDENCE && evidence_negative(fact->evidence)) {
        fact->blame = row->blame;
        str_copy(fact->status, sizeof fact->status, row->status);
    }
}

/* The words after which Twilio itself lets no more through (twilio.com/docs/messaging, "opt-out
 * keywords"). */
static bool says_stop(const struct form *form)
{
    static const char *const stops[] = {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL",
                                        "END",  "QUIT",    "REVOKE",      "OPTOUT"};
    const char *text = str_or(form_get(form, "Body"), "");

    if (str_equal(form_get(form, "OptOutType"), "STOP"))
        return true;
    text += strspn(text, " \t\r\n");
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++)
        if (strcspn(text, " \t\r\n.!") == strlen(stops[i]) &&
            strncasecmp(text, stops[i], strlen(stops[i])) == 0)
            return true;
    return false;
}

/* A message from a person: of all it may say, STOP is heard. */
static enum result read_reply(const struct form *form, struct arena *arena,
                              struct report_result *ret, struct error *error)
{
    static const struct report_word stop = {"stop", REPORT_STOP, EVIDENCE_NONE, BLAME_STOPPED, ""};
    const char *from = form_get(form, "From"), *sid = form_get(form, "MessageSid");
    struct report_result result = {.reply_status = 204,
                                   .event_id = arena_printf(arena, "%s/received", sid)};

    if (!address_check_phone(str_or(from, "")))
        return report_malformed(error);
    if (says_stop(form)) {
        struct report_fact *fact = report_one(&result, arena, &stop, NULL);
        if (!fact)
            return report_malformed(error);
        str_copy(fact->phone, sizeof fact->phone, from);
    }
    *ret = result;
    return RESULT_OK;
}

enum result twilio_report(const struct twilio_settings *settings,
                          const struct channel_report *report, struct arena *arena,
                          struct report_result *ret, struct error *error)
{
    struct form *form = arena_new(arena, struct form);

    if (!form || form_read(report->body, report->body_length, arena, form) != RESULT_OK)
        return report_malformed(error);
    qsort(form->fields, form->n, sizeof *form->fields, by_name);
    if (!report_signed(settings, report, form, arena))
        return report_denied(error);

    const char *sid = form_get(form, "MessageSid"), *status = form_get(form, "MessageStatus");
    if (!str_empty(sid) && str_empty(status) && form_get(form, "Body"))
        return read_reply(form, arena, ret, error);
    if (str_empty(sid) || str_empty(status))
        return report_malformed(error);
    struct report_result result = {.reply_status = 204,
                                   .event_id = arena_printf(arena, "%s/%s", sid, status)};
    const struct report_word *word = report_word_find(words, status);
    if (word) {
        struct report_fact *fact = report_one(&result, arena, word, report_query(report, "t"));
        if (!fact)
            return report_malformed(error);
        fact_fill(fact, form);
    }
    *ret = result;
    return RESULT_OK;
}

bool twilio_sample(const struct twilio_settings *settings, const char *token, const char *url,
                   struct arena *arena, struct channel_sample *ret)
{
    static const char sid[] = "SM00000000000000000000000000000000";
    uint8_t digest[20];
    char signature[29];
    const char *query = arena_printf(arena, "?t=%s", token);
    const char *text = arena_printf(arena, "%s%sMessageSid%sMessageStatussent", url, query, sid);
    const char *body = arena_printf(arena, "MessageSid=%s&MessageStatus=sent", sid);

    if (settings->auth_tokens.n == 0 || query == NULL || text == NULL || body == NULL)
        return false;
    const char *secret = settings->auth_tokens.values[0];
    hmac_sha1(digest, secret, strlen(secret), text, strlen(text));
    base64_encode(signature, digest, sizeof digest);
    *ret =
        (struct channel_sample){.query = query,
                                .type = "application/x-www-form-urlencoded",
                                .body = body,
                                .body_length = strlen(body),
                                .headers = {{"X-Twilio-Signature", arena_strdup(arena, signature)}},
                                .n_headers = 1};
    return ret->headers[0].value != NULL;
}
