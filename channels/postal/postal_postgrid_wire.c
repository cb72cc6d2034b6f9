/* postal_postgrid_wire.c - requests of PostGrid's print-mail API, version 1 (postgrid-node,
 * letters). Pure. No idempotency is documented for letters, so the key is in metadata and
 * description, where a search finds it. */

/* Base. */
#include "base/str.h"

/* This module. */
#include "postal_postgrid.h"

static void log_in(const struct postgrid_settings *settings, bool test, struct wire_request *to)
{
    const struct secrets *key = test ? &settings->keys.test_api_key : &settings->keys.api_key;

    if (!key->n) {
        to->refusal = "no key of the provider's test mode is configured";
        to->blame = BLAME_PROVIDER;
        return;
    }
    wire_header(to, "x-api-key", key->values[0]);
}

static void contact_add(struct buf *body, const char *member, const char *name,
                        const struct postal_address *address)
{
    buf_printf(body, ",\"%s\":{", member);
    wire_json_add(body, str_equal(member, "from") ? "companyName" : "firstName", name);
    wire_json_add(body, "addressLine1", address->line1);
    wire_json_add(body, "addressLine2", address->line2);
    wire_json_add(body, "city", address->city);
    wire_json_add(body, "provinceOrState", address->region);
    wire_json_add(body, "postalOrZip", address->postal_code);
    wire_json_add(body, "countryCode", address->country);
    buf_putc(body, '}');
}

static void from_add(const struct postgrid_settings *settings, struct buf *body)
{
    const struct sender *from = &settings->from;
    const struct postal_address address = {from->line1,  from->line2,       from->city,
                                           from->region, from->postal_code, from->country};
    if (settings->from_id)
        wire_json_add(body, "from", settings->from_id);
    else
        contact_add(body, "from", from->name, &address);
}

void postgrid_write_send(const void *given, const struct channel_send *send,
                         struct wire_request *to)
{
    const struct postgrid_settings *settings = given;
    struct buf *body = &to->body;

    buf_printf(&to->url, "%s/print-mail/v1/letters", settings->base_url);
    log_in(settings, send->test, to);
    wire_header(to, "Content-Type", "application/json");
    to->timeout_ms = 60000;
    buf_putc(body, '{');
    wire_json_add(body, "description", send->key);
    wire_json_add(body, "size", settings->size);
    wire_json_add(body, "mailingClass", settings->mailing_class);
    wire_json_add(body, "addressPlacement", "top_first_page");
    buf_printf(body, ",\"color\":%s,\"doubleSided\":%s", settings->color ? "true" : "false",
               settings->double_sided ? "true" : "false");
    contact_add(body, "to", send->name, send->postal);
    from_add(settings, body);
    buf_puts(body, ",\"metadata\":{");
    wire_json_add(body, "token", send->token);
    wire_json_add(body, "key", send->key);
    buf_putc(body, '}');
    wire_json_add(body, "html", send->notice.html);
    buf_putc(body, '}');
}

void postgrid_write_query(const void *given, const struct channel_send *send,
                          struct wire_request *to)
{
    const struct postgrid_settings *settings = given;

    to->method = "GET";
    buf_printf(&to->url, "%s/print-mail/v1/letters?", settings->base_url);
    wire_form_add(&to->url, "limit", "10");
    wire_form_add(&to->url, "search", send->key);
    log_in(settings, send->test, to);
}

void postgrid_write_undo(const void *given, const struct channel_send *send,
                         const char *provider_ref, struct wire_request *to)
{
    const struct postgrid_settings *settings = given;

    to->method = "DELETE";
    buf_printf(&to->url, "%s/print-mail/v1/letters/", settings->base_url);
    wire_escape(&to->url, provider_ref);
    log_in(settings, send->test, to);
}
