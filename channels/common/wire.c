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
    memset(request, 0, sizeof *request);
    request->now = now;
    request->method = "POST";
    buf_init(&request->url, 2048);
    buf_init(&request->body, WIRE_BODY_MAX);
}

void wire_request_free(struct wire_request *request)
{
    buf_wipe(&request->url);
    buf_wipe(&request->body);
    explicit_bzero(request->values, sizeof request->values);
}

void wire_header(struct wire_request *request, const char *name, const char *value)
{
    size_t i = request->n_headers;

    if (i == WIRE_HEADERS || !str_copy(request->values[i], WIRE_HEADER_SIZE, value)) {
        request->refusal = "a header of the request is too long";
        return;
    }
    request->headers[i] = (struct http_header){name, request->values[i]};
    request->n_headers++;
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
