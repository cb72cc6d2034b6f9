/* postal_lob_wire.c - requests of Lob's letters (lob-openapi, /letters). Pure. A short letter is
 * JSON; a long one is multipart/form-data (RFC 7578) with the HTML as a file. The key of the
 * attempt group is the idempotency key (kept 24 hours); token and key are metadata, so that events
 * and queries find their attempt. */

/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/hash.h"
#include "base/str.h"

/* This module. */
#include "postal_lob.h"

struct pair {
    const char *name, *value;
};
enum { ADDRESS_PAIRS = 7, OPTION_PAIRS = 4 };

static void log_in(const struct lob_settings *settings, bool test, struct wire_request *to)
{
    const struct secrets *key = test ? &settings->keys.test_api_key : &settings->keys.api_key;

    to->user = key->values[0];
    to->password = "";
    if (!key->n) {
        to->refusal = "no key of the provider's test mode is configured";
        to->blame = BLAME_PROVIDER;
    }
}

static void address_pairs(struct pair pairs[ADDRESS_PAIRS], const char *name,
                          const struct postal_address *address)
{
    const struct pair all[ADDRESS_PAIRS] = {
        {"name", name},
        {"address_line1", address->line1},
        {"address_line2", address->line2},
        {"address_city", address->city},
        {"address_state", address->region},
        {"address_zip", address->postal_code},
        {"address_country", address->country},
    };
    memcpy(pairs, all, sizeof all);
}

static void from_pairs(struct pair pairs[ADDRESS_PAIRS], const struct lob_settings *settings)
{
    const struct sender *from = &settings->from;
    const struct postal_address address = {from->line1,  from->line2,       from->city,
                                           from->region, from->postal_code, from->country};
    address_pairs(pairs, from->name, &address);
}

static void option_pairs(struct pair pairs[OPTION_PAIRS], const struct lob_settings *settings)
{
    const struct pair all[OPTION_PAIRS] = {
        {"use_type", "operational"}, /* a breach notice is no marketing */
        {"mail_type", settings->mail_type},
        {"extra_service", settings->extra_service},
        {"address_placement", "top_first_page"},
    };
    memcpy(pairs, all, sizeof all);
}

/* Lob fills in {{name}} from merge variables, which we don't use: a person whose data holds "{{"
 * would have the letter refused. The second brace as a character reference prints the same. */
static void html_add(struct buf *to, const struct channel_notice *notice)
{
    const char *at = notice->html, *end = at + notice->html_length, *brace;

    while ((brace = memmem(at, (size_t)(end - at), "{{", 2))) {
        buf_add(to, at, (size_t)(brace - at) + 1);
        buf_puts(to, "&#123;");
        at = brace + 2;
    }
    buf_add(to, at, (size_t)(end - at));
}

static void json_object_add(struct buf *body, const char *name, const struct pair *pairs, size_t n)
{
    buf_printf(body, ",\"%s\":{", name);
    for (size_t i = 0; i < n; i++)
        wire_json_add(body, pairs[i].name, pairs[i].value);
    buf_putc(body, '}');
}

static void write_json(const struct lob_settings *settings, const struct channel_send *send,
                       const char *html, struct wire_request *to)
{
    struct pair pairs[ADDRESS_PAIRS], options[OPTION_PAIRS];
    const struct pair metadata[] = {{"token", send->token}, {"key", send->key}};
    struct buf *body = &to->body;

    wire_header(to, "Content-Type", "application/json");
    buf_putc(body, '{');
    option_pairs(options, settings);
    for (size_t i = 0; i < OPTION_PAIRS; i++)
        wire_json_add(body, options[i].name, options[i].value);
    buf_printf(body, ",\"color\":%s,\"double_sided\":%s", settings->color ? "true" : "false",
               settings->double_sided ? "true" : "false");
    address_pairs(pairs, send->name, send->postal);
    json_object_add(body, "to", pairs, ADDRESS_PAIRS);
    from_pairs(pairs, settings);
    if (settings->from_id)
        wire_json_add(body, "from", settings->from_id);
    else
        json_object_add(body, "from", pairs, ADDRESS_PAIRS);
    json_object_add(body, "metadata", metadata, 2);
    wire_json_add(body, "file", html);
    buf_putc(body, '}');
}

struct parts {
    struct buf *body;
    const char *boundary;
};

static void part_add(const struct parts *parts, const char *group, const char *name,
                     const char *value)
{
    if (!value)
        return;
    buf_printf(parts->body, "--%s\r\nContent-Disposition: form-data; name=\"", parts->boundary);
    buf_printf(parts->body, group ? "%s[%s]" : "%s%s", group ? group : "", name);
    buf_printf(parts->body, "\"\r\n\r\n%s\r\n", value);
}

static void parts_add(const struct parts *parts, const char *group, const struct pair *pairs,
                      size_t n)
{
    for (size_t i = 0; i < n; i++)
        part_add(parts, group, pairs[i].name, pairs[i].value);
}

static void write_multipart(const struct lob_settings *settings, const struct channel_send *send,
                            struct slice html, struct wire_request *to)
{
    struct pair pairs[ADDRESS_PAIRS], options[OPTION_PAIRS];
    const struct pair metadata[] = {{"token", send->token}, {"key", send->key}};
    uint8_t digest[DIGEST_SIZE];
    char boundary[33], type[80];

    /* A digest of the letter can't stand in the letter. */
    sha256(digest, html.data, html.length);
    hex_encode(boundary, digest, 16);
    snprintf(type, sizeof type, "multipart/form-data; boundary=%s", boundary);
    wire_header(to, "Content-Type", type);
    struct parts parts = {&to->body, boundary};
    option_pairs(options, settings);
    parts_add(&parts, NULL, options, OPTION_PAIRS);
    part_add(&parts, NULL, "color", settings->color ? "true" : "false");
    part_add(&parts, NULL, "double_sided", settings->double_sided ? "true" : "false");
    address_pairs(pairs, send->name, send->postal);
    parts_add(&parts, "to", pairs, ADDRESS_PAIRS);
    from_pairs(pairs, settings);
    if (settings->from_id)
        part_add(&parts, NULL, "from", settings->from_id);
    else
        parts_add(&parts, "from", pairs, ADDRESS_PAIRS);
    parts_add(&parts, "metadata", metadata, 2);
    buf_printf(&to->body,
               "--%s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"letter.html\"\r\n"
               "Content-Type: text/html; charset=utf-8\r\n\r\n",
               boundary);
    buf_add(&to->body, html.data, html.length);
    buf_printf(&to->body, "\r\n--%s--\r\n", boundary);
}

void lob_write_send(const void *given, const struct channel_send *send, struct wire_request *to)
{
    const struct lob_settings *settings = given;
    struct buf html;

    buf_printf(&to->url, "%s/v1/letters", settings->base_url);
    log_in(settings, send->test, to);
    wire_header(to, "Idempotency-Key", send->key);
    to->timeout_ms = 60000;
    buf_init(&html, WIRE_BODY_MAX);
    html_add(&html, &send->notice);
    if (html.failed)
        to->refusal = "the letter is too large";
    else if (utf8_length(html.data) < LOB_HTML_MAX)
        write_json(settings, send, html.data, to);
    else
        write_multipart(settings, send, (struct slice){html.data, html.length}, to);
    buf_wipe(&html);
}

void lob_write_query(const void *given, const struct channel_send *send, struct wire_request *to)
{
    const struct lob_settings *settings = given;

    to->method = "GET";
    buf_printf(&to->url, "%s/v1/letters?", settings->base_url);
    wire_form_add(&to->url, "limit", "10");
    wire_form_add(&to->url, "metadata[key]", send->key);
    log_in(settings, send->test, to);
}

void lob_write_undo(const void *given, const struct channel_send *send, const char *provider_ref,
                    struct wire_request *to)
{
    const struct lob_settings *settings = given;

    to->method = "DELETE";
    buf_printf(&to->url, "%s/v1/letters/", settings->base_url);
    wire_escape(&to->url, provider_ref);
    log_in(settings, send->test, to);
}
