/* http_client.h - outgoing HTTP for drivers, on libcurl's multi interface and the loop. curl.h
 * stays in service/loop/.
 *
 * Caller-owned request struct; the callback comes exactly once, on the loop, never from inside
 * http_fetch_start(). Cancel is a request: the callback still comes, with RESULT_CANCELED if the
 * transfer could be stopped. No redirects, no proxy from the environment, no netrc, no signals; TLS
 * is verified; response bodies are bounded. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/result.h"
#include "tocsin/loop.h"

struct http_client;

struct http_client_config {
    unsigned connections;      /* in all, default 256 */
    unsigned host_connections; /* to one host, default 64 */
    const char *ca_file;       /* NULL: the system's */
};
/* `config` may be NULL. The client must be destroyed before the loop. */
struct http_client *http_client_create(struct loop *loop, const struct http_client_config *config);
/* Ends all transfers (their callbacks run with RESULT_CANCELED), then frees. */
void http_client_destroy(struct http_client **client);

struct http_header {
    const char *name,
        *value; /* names and values with control characters make the fetch RESULT_INVALID */
};

struct http_fetch {
    /* Set by the caller; strings and bytes must live until the callback. */
    const char *method; /* "GET", "POST", "DELETE", ... */
    const char *url;    /* http: or https: only; host up to 253 bytes */
    const struct http_header *headers;
    size_t n_headers;
    const char *user, *password; /* Basic authentication; NULL = none */
    const void *body;
    size_t body_length;
    int64_t timeout_ms;         /* of the whole transfer; 0 = 30,000 */
    int64_t connect_timeout_ms; /* 0 = 10,000 */
    size_t response_limit;      /* bytes; 0 = 65,536; past it RESULT_TOO_LARGE */
    void (*cb)(struct http_fetch *fetch);

    /* Filled before the callback, valid inside it only. */
    enum result result; /* OK: an HTTP answer of any status came. TIMEOUT/IO/CANCELED: none did, see
                           `sent` */
    bool sent; /* the request (or a part of it) may have reached the peer: UNCERTAIN for a POST */
    long status;
    const char *response; /* NUL-terminated */
    size_t response_length;
    int64_t retry_after_ms; /* from Retry-After (seconds or date) or a rate-limit reset header; -1 =
                               none */

    void *private_state; /* zero it; belongs to the client while the fetch runs */
};
void http_fetch_start(struct http_client *client, struct http_fetch *fetch);
void http_fetch_cancel(struct http_client *client, struct http_fetch *fetch);
/* Value of a response header inside the callback; NULL when absent. Names compare without case. */
const char *http_fetch_header(const struct http_fetch *fetch, const char *name);
