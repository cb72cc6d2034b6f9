/* http_transfer.h - one transfer of the HTTP client: an easy handle that is used again and again,
 * and the answer as it comes in. Shared by http_client.c (life), http_request.c (out) and
 * http_response.c (in). */
#pragma once
/* Libraries. */
#include <curl/curl.h>

/* Base. */
#include "base/list.h"

/* Interfaces. */
#include "tocsin/http_client.h"

struct http_transfer {
    CURL *easy;
    struct http_client *client;
    struct http_fetch *fetch; /* NULL: idle in the client's pool */
    struct list node;         /* in running, ended, or idle */
    struct curl_slist *lines; /* request headers: nodes of our own, which curl only reads */
    size_t lines_room;
    struct buf text; /* what the lines say */
    char *url;       /* in `url_parts`, which curl uses; NULL: in curl as text */
    CURLU *url_parts;
    struct buf headers; /* of the answer: name NUL value NUL ... */
    struct buf body;
    unsigned tries;  /* how often a request was about to leave on a connection */
    bool repeatable; /* the method may be sent twice (RFC 9110 section 9.2.2) */
    bool in_curl;    /* the easy handle is in the multi handle */
};

/* Sets what all requests share: safety, TLS, callbacks. */
void http_request_defaults(struct http_transfer *transfer, const char *ca_file);
/* Sets this request. RESULT_INVALID when method, URL or a header is not fit to be sent. */
enum result http_request_set(struct http_transfer *transfer, const struct http_fetch *fetch);

/* Forgets it: its strings belong to the caller, and a header may be a secret. */
void http_request_clear(struct http_transfer *transfer);
/* Before the transfer itself is freed. */
void http_request_free(struct http_transfer *transfer);

/* Empties the answer's buffers. */
void http_response_reset(struct http_transfer *transfer);
/* Fills the result fields of transfer->fetch. */
void http_response_fill(struct http_transfer *transfer, CURLcode code, time_ms now);
const char *http_response_header(const struct http_transfer *transfer, const char *name);
size_t http_response_on_header(char *bytes, size_t size, size_t n, void *context);
size_t http_response_on_body(char *bytes, size_t size, size_t n, void *context);
