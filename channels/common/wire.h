/* wire.h - one HTTP exchange with a provider as bytes: what a vendor's pure wire file writes and
 * what its outcome file reads. No I/O, no clock. Strings are UTF-8. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "tocsin/delivery.h"
#include "tocsin/http_client.h"

enum {
    WIRE_HEADERS = 10,
    WIRE_HEADER_SIZE = 512, /* of one value, with its NUL */
    WIRE_VALUES_SIZE = WIRE_HEADERS * WIRE_HEADER_SIZE,
    WIRE_BODY_MAX = 8 * 1024 * 1024
};

/* A request under construction. The skeleton owns it and wipes it when the exchange is over. */
struct wire_request {
    time_ms now;        /* set by the skeleton before the vendor writes */
    const char *method; /* static */
    struct buf url, body;
    struct http_header headers[WIRE_HEADERS];
    size_t n_headers;
    char values[WIRE_VALUES_SIZE]; /* one behind the other; only what is used is ever touched */
    size_t values_used;
    const char *user, *password; /* Basic authentication; they outlive the request */
    int64_t timeout_ms;          /* 0: the client's default */
    const char *refusal; /* set: this message can't be put into a request; a static sentence */
    enum blame blame;    /* of the refusal; BLAME_NONE counts as BLAME_CONTENT */
};

struct wire_reply {
    long status;
    const char *body; /* NUL-terminated */
    size_t length;
    int64_t retry_after_ms; /* -1: none */
};

void wire_request_init(struct wire_request *request, time_ms now);
/* Wipes: a body holds an address and a notice. */
void wire_request_free(struct wire_request *request);
/* Copies the value; one that is too long becomes the request's refusal. `name` is static. */
void wire_header(struct wire_request *request, const char *name, const char *value);
/* Nothing was cut and no refusal was set. */
bool wire_request_ok(const struct wire_request *request);

/* Percent-encodes everything but RFC 3986 unreserved characters. */
void wire_escape(struct buf *to, const char *text);
/* "name=value" with "&" before it when the buffer already ends in a pair. NULL values are left out.
 */
void wire_form_add(struct buf *to, const char *name, const char *value);
/* "name":"value" with a comma before it unless it follows "{". NULL values are left out. */
void wire_json_add(struct buf *to, const char *name, const char *value);

/* A fresh outcome of this kind; everything else is empty, retry_after_ms = -1. */
void outcome_set(struct outcome *ret, enum outcome_kind kind, enum blame blame, const char *status);
/* Copies a text, cut at the bound on a UTF-8 border, controls replaced by blanks. NULL: empty. */
void text_cut(char *to, size_t size, const char *text);
/* Provider's words, cut at the bound on a UTF-8 border, controls replaced by blanks. NULL: none. */
void outcome_say(struct outcome *outcome, const char *words);

/* What an HTTP status means when the vendor says nothing more precise:
 * 2xx ACCEPTED; 401 402 403 404 405 410 DEFERRED by the provider's fault (account, address of the
 * API); 408 425 429 DEFERRED, not processed; other 4xx REJECTED for the content; 5xx and the rest
 * UNCERTAIN, as an answer of a broken server proves nothing. */
void outcome_of_http(struct outcome *ret, const struct wire_reply *reply);
