/* lob.c - plays Lob's letters: create (JSON, form, multipart) with idempotent replay and conflict,
 * get, list by metadata, delete, signed events. Magic: line1 NCOA, RETURN, RENDERFAIL, HANG; zip
 * 00000 is undeliverable. */

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

static void refuse(struct sim_reply *reply, unsigned status, const char *code, const char *message)
{
    reply->status = status;
    buf_printf(&reply->body, "{\"error\":{\"message\":\"%s\",\"status_code\":%u,\"code\":\"%s\"}}",
               message, status, code);
}

static bool logged_in(const struct sim_request *request)
{
    char keys[256], *rest = keys, *key;

    str_copy(keys, sizeof keys, options.lob_key);
    while ((key = strsep(&rest, ",")))
        if (request_basic(request, key, ""))
            return true;
    return false;
}

static size_t points(const char *text)
{
    return text ? utf8_length(text) : 0;
}

static bool zip_ok(const char *zip)
{
    size_t digits = zip ? strspn(zip, "0123456789") : 0;
    return digits == 5 &&
           (!zip[5] || (zip[5] == '-' && strspn(zip + 6, "0123456789") == 4 && strlen(zip) == 10));
}

static bool refuse_address(struct sim_reply *reply, const struct form *form)
{
    const char *line1 = form_get(form, "to[address_line1]");
    const char *line2 = form_get(form, "to[address_line2]");
    const char *country = str_or(form_get(form, "to[address_country]"), "US");
    const char *zip = form_get(form, "to[address_zip]");

    if (points(form_get(form, "to[name]")) > 40 || !form_get(form, "to[name]") || !line1)
        refuse(reply, 422, "invalid", "to.name (at most 40) and to.address_line1 are required");
    else if (!str_equal(country, "US"))
        return points(line1) > 200 ? refuse(reply, 422, "address_length_exceeds_limit", "too long"),
               true                : false;
    else if (points(line1) > 64 || points(line2) > 64 || points(line1) + points(line2) > 50)
        refuse(reply, 422, "address_length_exceeds_limit", "the lines have over 50 characters");
    else if (points(form_get(form, "to[address_state]")) != 2 || !zip_ok(zip))
        refuse(reply, 422, "invalid", "address_state or address_zip is invalid");
    else if (str_equal(zip, "00000"))
        refuse(reply, 422, "failed_deliverability_strictness", "the address is undeliverable");
    else
        return false;
    return true;
}

static bool refuse_fields(struct sim_request *request, struct sim_reply *reply,
                          const struct form *form)
{
    const char *use = form_get(form, "use_type"), *file = form_get(form, "file");
    const char *type = str_or(request_header(request, "Content-Type"), "");

    if (!form_get(form, "color") || str_empty(file))
        refuse(reply, 422, "invalid", "file and color are required");
    else if (!str_equal(use, "operational") && !str_equal(use, "marketing"))
        refuse(reply, 422, "mail_use_type_can_not_be_null", "use_type is required");
    else if (!str_starts(type, "multipart/") && points(file) >= 10000)
        refuse(reply, 422, "invalid", "file must have fewer than 10,000 characters");
    else if (!form_get(form, "from") && !form_get(form, "from[address_line1]"))
        refuse(reply, 422, "invalid", "from is required");
    else if (!form_get(form, "from") &&
             !str_equal(str_or(form_get(form, "from[address_country]"), "US"), "US"))
        refuse(reply, 422, "foreign_return_address", "from must be in the US");
    else if (strlen(str_or(form_get(form, "metadata[token]"), "")) > 500)
        refuse(reply, 422, "invalid", "a metadata value is over 500 characters");
    else
        return refuse_address(reply, form);
    return true;
}

static char *letter_json(const struct form *form, const char *ref)
{
    struct buf json;
    char at[TIME_TEXT_SIZE];

    buf_init(&json, SIZE_MAX);
    buf_putc(&json, '{');
    wire_json_add(&json, "id", ref);
    wire_json_add(&json, "object", "letter");
    wire_json_add(&json, "carrier", "USPS");
    wire_json_add(&json, "status", "processed");
    wire_json_add(&json, "date_created", time_format(at, clock_now(clock_system())));
    wire_json_add(&json, "use_type", form_get(form, "use_type"));
    buf_puts(&json, ",\"tracking_events\":[],\"metadata\":{");
    wire_json_add(&json, "token", form_get(form, "metadata[token]"));
    wire_json_add(&json, "key", form_get(form, "metadata[key]"));
    buf_puts(&json, "},\"to\":{");
    wire_json_add(&json, "name", form_get(form, "to[name]"));
    const char *line1 = form_get(form, "to[address_line1]");
    bool moved = str_equal(line1, "NCOA");
    wire_json_add(&json, "address_line1", moved ? NULL : line1);
    buf_printf(&json, ",\"recipient_moved\":%s}}", moved ? "true" : "false");
    return buf_take(&json);
}

static void tell(const char *letter, const char *ref, const char *type, unsigned step)
{
    struct buf body;
    char url[1024], at[TIME_TEXT_SIZE];

    if (!options.callback_url)
        return;
    buf_init(&body, SIZE_MAX);
    buf_printf(&body, "{\"id\":\"evt_%s_%s\",\"object\":\"event\",\"reference_id\":\"%s\"", ref + 4,
               type, ref);
    buf_printf(&body,
               ",\"event_type\":{\"id\":\"letter.%s\",\"resource\":\"letters\","
               "\"enabled_for_test\":true,\"object\":\"event_type\"}",
               type);
    wire_json_add(&body, "date_created", time_format(at, clock_now(clock_system())));
    buf_printf(&body, ",\"body\":%s}", letter);
    snprintf(url, sizeof url, "%s/v1/reports/postal/lob", options.callback_url);
    callback_add(&(struct callback){.url = url,
                                    .type = "application/json",
                                    .body = body.data,
                                    .sign = SIGN_LOB,
                                    .delay_ms = step_delay(step, 6)});
    buf_free(&body);
}

static void tell_all(const struct form *form, const char *letter, const char *ref)
{
    const char *line1 = str_or(form_get(form, "to[address_line1]"), "");

    tell(letter, ref, "created", 0);
    if (strstr(line1, "RENDERFAIL")) { /* accepted, then dropped */
        tell(letter, ref, "failed", 1);
        return;
    }
    tell(letter, ref, "rendered_pdf", 1);
    tell(letter, ref, "mailed", 2);
    tell(letter, ref, "in_transit", 3);
    tell(letter, ref, "delivered", 4);
    if (strstr(line1, "RETURN"))
        tell(letter, ref, "returned_to_sender", 5);
}

/* The same key again: the first object, or 409 when the body is another one. False: it is new. */
static bool replay(const struct sim_request *request, struct sim_reply *reply, const char *key,
                   const uint8_t digest[32])
{
    const struct record *record = key ? record_find('l', key, NULL) : NULL;

    (void)request;
    if (!record)
        return false;
    stats.repeated++;
    if (memcmp(record->digest, digest, 32) != 0) {
        refuse(reply, 409, "conflict", "the idempotency key was used with another request");
        return true;
    }
    reply->status = 200;
    buf_puts(&reply->body, record->json);
    return true;
}

/* What makes two requests the same: the recipient and the file; the token differs from attempt to
 * attempt. */
static void digest_of(const struct form *form, uint8_t digest[32])
{
    struct sha256_stream *stream = sha256_begin();
    static const char *const names[] = {"to[name]", "to[address_line1]", "to[address_zip]", "file"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = str_or(form_get(form, names[i]), "");
        sha256_add(stream, value, strlen(value) + 1);
    }
    sha256_end(&stream, digest);
}

static void create(struct sim_request *request, struct sim_reply *reply)
{
    const char *header = request_header(request, "Idempotency-Key");
    const char *query = request_query(request, "idempotency_key");
    const char *key = header ? header : query;
    struct form form;
    uint8_t digest[32];
    char ref[40];

    if (fields_read(request, &form) != RESULT_OK) {
        refuse(reply, 422, "invalid", "the body can't be read");
        return;
    }
    if ((header && query) || (key && strlen(key) > 256)) {
        refuse(reply, 422, "invalid", "the idempotency key is given twice or too long");
        return;
    }
    digest_of(&form, digest);
    if (replay(request, reply, key, digest) || refuse_fields(request, reply, &form))
        return;
    snprintf(ref, sizeof ref, "ltr_%016llx", (unsigned long long)record_next_number());
    struct record *record = record_add('l', str_or(key, ref), letter_json(&form, ref));
    memcpy(record->digest, digest, sizeof digest);
    ledger_add(&(struct ledger_line){.vendor = "lob",
                                     .ref = ref,
                                     .key = form_get(&form, "metadata[key]"),
                                     .token = form_get(&form, "metadata[token]"),
                                     .to = form_get(&form, "to[name]")});
    const char *file = form_get(&form, "file");
    ledger_letter(ref, file, strlen(file));
    reply->status = 200;
    buf_puts(&reply->body, record->json);
    reply->hang = strstr(form_get(&form, "to[address_line1]"), "HANG") != NULL;
    tell_all(&form, record->json, ref);
}

/* By metadata[key]; our keys are idempotency keys too, which are indexed. */
static void list(struct sim_request *request, struct sim_reply *reply)
{
    const char *key = request_query(request, "metadata[key]");
    const struct record *record = NULL;
    unsigned n = 0;

    buf_puts(&reply->body, "{\"data\":[");
    while (key && (record = record_find('l', key, record))) {
        if (record->deleted)
            continue;
        buf_puts(&reply->body, n++ ? "," : "");
        buf_puts(&reply->body, record->json);
    }
    buf_printf(&reply->body, "],\"object\":\"list\",\"next_url\":null,\"count\":%u}", n);
    reply->status = 200;
}

static void one(struct sim_request *request, struct sim_reply *reply, const char *ref)
{
    struct record *record =
        str_starts(ref, "ltr_") ? record_get('l', strtoull(ref + 4, NULL, 16)) : NULL;

    if (!record) {
        refuse(reply, 404, "not_found", "letter not found");
        return;
    }
    reply->status = 200;
    if (!str_equal(request->method, "DELETE")) {
        buf_puts(&reply->body, record->json);
        return;
    }
    record->deleted = true;
    buf_printf(&reply->body, "{\"id\":\"%s\",\"deleted\":true}", ref);
    ledger_add(&(struct ledger_line){.vendor = "lob_deleted", .ref = ref, .key = record->key});
    stats.accepted--; /* a deletion is a line of the ledger, but no message */
    tell(record->json, ref, "deleted", 0);
}

void lob_handle(struct sim_request *request, struct sim_reply *reply)
{
    const char *rest = request->path + strlen("/v1/letters");

    if (!logged_in(request))
        refuse(reply, 401, "invalid_api_key", "Your API key is not valid.");
    else if (*rest == '/')
        one(request, reply, rest + 1);
    else if (str_equal(request->method, "POST"))
        create(request, reply);
    else
        list(request, reply);
}
