/* wire.c - builds requests into bounded buffers. Nothing fails loudly here: a bound that is passed
 * marks the buffer, and wire_request_ok() tells at the end. */

/* System. */
#include <string.h>

/* Base. */
#include "base/json.h"
#include "base/str.h"

/* This module. */
#include "wire.h"

void wire_request_init(struct wire_request *request, time_ms now)
{
    request->now = now;
    request->method = "POST";
    request->n_headers = request->values_used = 0;
    request->user = request->password = request->refusal = NULL;
    request->timeout_ms = 0;
    request->blame = BLAME_NONE;
    buf_init(&request->url, 2048);
    buf_init(&request->body, WIRE_BODY_MAX);
}

void wire_request_free(struct wire_request *request)
{
    buf_wipe(&request->url);
    buf_wipe(&request->body);
    explicit_bzero(request->values, request->values_used);
    request->values_used = 0;
}

void wire_header(struct wire_request *request, const char *name, const char *value)
{
    const size_t size = strlen(value) + 1;
    char *to = request->values + request->values_used;

    if (request->n_headers == WIRE_HEADERS || size > WIRE_HEADER_SIZE) {
        request->refusal = "a header of the request is too long";
        return;
    }
    memcpy(to, value, size);
    request->values_used += size;
    request->headers[request->n_headers++] = (struct http_header){name, to};
}

bool wire_request_ok(const struct wire_request *request)
{
    return !request->refusal && !request->url.failed && !request->body.failed;
}

static bool unreserved(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void wire_escape(struct buf *to, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (unreserved(c))
            buf_putc(to, (char)c);
        else
            buf_printf(to, "%%%02X", (unsigned)c);
    }
}

void wire_form_add(struct buf *to, const char *name, const char *value)
{
    if (!value)
        return;
    char last = to->length ? to->data[to->length - 1] : '?';
    if (last != '?' && last != '&')
        buf_putc(to, '&');
    wire_escape(to, name);
    buf_putc(to, '=');
    wire_escape(to, value);
}

void wire_json_add(struct buf *to, const char *name, const char *value)
{
    if (!value)
        return;
    if (to->length && to->data[to->length - 1] != '{')
        buf_putc(to, ',');
    json_write_string(to, name, strlen(name));
    buf_putc(to, ':');
    json_write_string(to, value, strlen(value));
}
