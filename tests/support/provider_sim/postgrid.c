/* postgrid.c - plays PostGrid's letters: create without idempotency, search, cancel, webhooks as
 * signed JSON or JWT. Magic as Lob's: addressLine1 RETURN, RENDERFAIL; postalOrZip 00000. */

/* System. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Base. */
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "channels/common/wire.h"
#include "tocsin/clock.h"

/* This module. */
#include "sim.h"

static void refuse(struct sim_reply *reply, unsigned status, const char *type, const char *message)
{
    reply->status = status;
    buf_printf(&reply->body,
               "{\"object\":\"error\",\"error\":{\"type\":\"%s\",\"message\":\"%s\"}}", type,
               message);
}

static bool logged_in(const struct sim_request *request)
{
    char keys[256], *rest = keys, *key;
    const char *given = request_header(request, "x-api-key");

    str_copy(keys, sizeof keys, options.postgrid_key);
    while ((key = strsep(&rest, ",")))
        if (str_equal(key, given))
            return true;
    return false;
}

static bool refuse_fields(struct sim_reply *reply, const struct form *form)
{
    const char *zip = str_or(form_get(form, "to[postalOrZip]"), "");

    if (!form_get(form, "to[firstName]") && !form_get(form, "to[companyName]"))
        refuse(reply, 400, "validation_error", "to needs firstName or companyName");
    else if (!form_get(form, "to[addressLine1]") || !form_get(form, "to[countryCode]"))
        refuse(reply, 400, "validation_error", "to: addressLine1 and countryCode are required");
    else if (str_equal(zip, "00000"))
        refuse(reply, 400, "validation_error", "to: the address can't be verified (postalOrZip)");
    else if (!form_get(form, "from") && !form_get(form, "from[addressLine1]"))
        refuse(reply, 400, "validation_error", "from is required");
    else if (!form_get(form, "html") && !form_get(form, "template"))
        refuse(reply, 400, "validation_error", "html or template is required");
    else
        return false;
    return true;
}

struct state {
    const char *status, *imb, *reason;
};

static char *letter_json(const char *ref, const char *token, const char *key,
                         const struct state *state)
{
    struct buf json;
    char at[TIME_TEXT_SIZE];

    buf_init(&json, SIZE_MAX);
    buf_putc(&json, '{');
    wire_json_add(&json, "id", ref);
    wire_json_add(&json, "object", "letter");
    wire_json_add(&json, "status", state->status);
    wire_json_add(&json, "imbStatus", state->imb);
    wire_json_add(&json, "description", key);
    wire_json_add(&json, "updatedAt", time_format(at, clock_now(clock_system())));
    if (state->reason)
        buf_printf(&json, ",\"cancellation\":{\"reason\":\"%s\"}", state->reason);
    buf_puts(&json, ",\"metadata\":{");
    wire_json_add(&json, "token", token);
    wire_json_add(&json, "key", key);
    buf_puts(&json, "}}");
    return buf_take(&json);
}

static void base64url_add(struct buf *to, const void *bytes, size_t length)
{
    char *at = buf_reserve(to, (length + 2) / 3 * 4 + 1);

    base64url_encode(at, bytes, length);
    to->length += strlen(at);
}

static void to_jwt(struct buf *body)
{
    static const char header[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";
    struct buf token;
    uint8_t digest[DIGEST_SIZE];

    buf_init(&token, SIZE_MAX);
    base64url_add(&token, header, sizeof header - 1);
    buf_putc(&token, '.');
    base64url_add(&token, body->data, body->length);
    hmac_sha256(digest, options.postgrid_secret, strlen(options.postgrid_secret), token.data,
                token.length);
    digest[0] ^= options.bad_signature;
    buf_putc(&token, '.');
    base64url_add(&token, digest, sizeof digest);
    buf_free(body);
    *body = token;
}

static void tell(const char *letter, unsigned step)
{
    static unsigned long events;
    long long now = clock_now(clock_system()) / 1000 - (options.stale_signature ? 36000 : 0);
    struct buf body;
    char url[1024];

    if (!options.callback_url)
        return;
    buf_init(&body, SIZE_MAX);
    buf_printf(&body,
               "{\"id\":\"event_%lu\",\"object\":\"event\",\"type\":\"letter.%s\",\"iat\":%lld,"
               "\"data\":%s}",
               ++events, step ? "updated" : "created", now, letter);
    if (options.jwt)
        to_jwt(&body);
    snprintf(url, sizeof url, "%s/v1/reports/postal/postgrid", options.callback_url);
    callback_add(&(struct callback){.url = url,
                                    .type = options.jwt ? "text/plain" : "application/json",
                                    .body = body.data,
                                    .sign = SIGN_POSTGRID,
                                    .delay_ms = step_delay(step, 4)});
    buf_free(&body);
}

static void tell_all(const struct form *form, const char *ref)
{
    static const struct state life[] = {{"ready", NULL, NULL},
                                        {"printing", NULL, NULL},
                                        {"completed", "out_for_delivery", NULL},
                                        {"completed", "returned_to_sender", NULL}};
    static const struct state failed = {"cancelled", NULL, "invalid_content"};
    const char *line1 = str_or(form_get(form, "to[addressLine1]"), "");
    bool fails = strstr(line1, "RENDERFAIL"), returns = strstr(line1, "RETURN");
    unsigned n = fails ? 2 : returns ? 4 : 3;

    for (unsigned i = 0; i < n; i++) {
        char *letter =
            letter_json(ref, form_get(form, "metadata[token]"), form_get(form, "metadata[key]"),
                        fails && i == 1 ? &failed : &life[i]);
        tell(letter, i);
        mem_free(letter);
    }
}

static void create(struct sim_request *request, struct sim_reply *reply)
{
    static const struct state ready = {"ready", NULL, NULL};
    struct form form;
    char ref[40];

    if (fields_read(request, &form) != RESULT_OK) {
        refuse(reply, 400, "validation_error", "the body can't be read");
        return;
    }
    if (refuse_fields(reply, &form))
        return;
    const char *key = form_get(&form, "metadata[key]");
    snprintf(ref, sizeof ref, "letter_%016llx", (unsigned long long)record_next_number());
    struct record *record = record_add(
        'p', str_or(key, ref), letter_json(ref, form_get(&form, "metadata[token]"), key, &ready));
    ledger_add(&(struct ledger_line){.vendor = "postgrid",
                                     .ref = ref,
                                     .key = key,
                                     .token = form_get(&form, "metadata[token]"),
                                     .to = form_get(&form, "to[firstName]")});
    const char *html = form_get(&form, "html");
    if (html)
        ledger_letter(ref, html, strlen(html));
    reply->status = 201;
    buf_puts(&reply->body, record->json);
    tell_all(&form, ref);
}

static void list(struct sim_request *request, struct sim_reply *reply)
{
    const char *key = request_query(request, "search");
    const struct record *record = NULL;
    unsigned n = 0;

    buf_puts(&reply->body, "{\"object\":\"list\",\"data\":[");
    while (key && (record = record_find('p', key, record))) {
        buf_puts(&reply->body, n++ ? "," : "");
        buf_puts(&reply->body, record->json);
    }
    buf_printf(&reply->body, "],\"totalCount\":%u}", n);
    reply->status = 200;
}

static void one(struct sim_request *request, struct sim_reply *reply, const char *ref)
{
    static const struct state cancelled = {"cancelled", NULL, "user_initiated"};
    struct record *record =
        str_starts(ref, "letter_") ? record_get('p', strtoull(ref + 7, NULL, 16)) : NULL;

    if (!record) {
        refuse(reply, 404, "not_found_error", "letter not found");
        return;
    }
    if (str_equal(request->method, "DELETE")) {
        mem_free(record->json);
        record->json = letter_json(ref, NULL, record->key, &cancelled);
    }
    reply->status = 200;
    buf_puts(&reply->body, record->json);
}

void postgrid_handle(struct sim_request *request, struct sim_reply *reply)
{
    const char *rest = request->path + strlen("/print-mail/v1/letters");

    if (!logged_in(request))
        refuse(reply, 401, "invalid_api_key_error", "Invalid API key");
    else if (*rest == '/')
        one(request, reply, rest + 1);
    else if (str_equal(request->method, "POST"))
        create(request, reply);
    else
        list(request, reply);
}
