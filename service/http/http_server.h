/* http_server.h - the HTTP/1.1 server: a strict facade over libmicrohttpd, on the loop. It knows
 * nothing of breaches.
 *
 * Everything here runs on the loop thread; every callback comes on the loop.
 *
 * A handler gets a request once its head is complete, has passed the gate and has found its route.
 * It owes
 * **exactly one reply**: http_reply(), http_reply_stream() or http_problem(), at once or later from
 * the loop. Until that call the request and everything got from it stay valid, even if the client
 * has gone meanwhile (the reply is then thrown away); after it they must not be touched. Until the
 * reply the connection costs no work.
 *
 *   static void get_thing(struct http_request *request, void *context)
 *   {
 *       const char *id = http_request_param(request, "id");
 *       http_reply(request, &(struct http_reply){.status = 200, .type = "application/json", .bytes
 * = "{}", .length = 2, .ownership = HTTP_BYTES_STATIC});
 *   }
 *   static const struct http_route routes[] = {{.method = "GET", .path = "/v1/things/{id}",
 * .handler = get_thing}};
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/result.h"
#include "base/str.h"
#include "tocsin/loop.h"

struct http_server;
struct http_request;

/* -- Routes
 * ----------------------------------------------------------------------------------------------------
 */

/* How a route takes its request body. */
enum http_body {
    HTTP_BODY_NONE,  /* a body is refused: 413 */
    HTTP_BODY_WHOLE, /* the handler is called when all of it is there: http_request_body() */
    HTTP_BODY_STREAM /* the handler is called at the head and calls http_request_stream() to get the
                        bytes */
};

struct http_route {
    const char *method; /* "GET", "POST", ...; a GET route serves HEAD too */
    const char *path; /* "/v1/incidents/{id}/recipients": {name} is one whole segment; literals win
                       * over names; a last segment "{name...}" takes the rest, slashes included */
    void (*handler)(struct http_request *request, void *context); /* context: the config's */
    enum http_body body;
    size_t body_max;  /* bytes; past it 413. 0: 1 MiB for WHOLE, no bound for STREAM */
    const void *data; /* the application's own, given back by http_request_info() */
};

/* -- The server
 * ------------------------------------------------------------------------------------------------
 */

/* 0 takes the default. */
struct http_limits {
    unsigned connections;     /* at once, default 512; more are closed at accept */
    unsigned per_ip;          /* at once, default 128 */
    int64_t idle_ms;          /* silence on a connection, default 30,000 */
    int64_t head_deadline_ms; /* wall clock from the first moment to the end of the head, default
                                 10,000 */
    int64_t
        reply_deadline_ms; /* a handler silent for longer: the client gets 503, default 120,000 */
    int64_t min_body_rate; /* bytes a second, default 100: of a request body while we are willing to
                            * read, and of a streamed reply over twice idle_ms */
};

struct http_config {
    const char *listen; /* "127.0.0.1:8080", "[::1]:0" (0: any free port), "unix:/path" */
    bool allow_public;  /* without it only loopback addresses and Unix sockets are taken */
    struct http_limits limits;
    const struct http_route *routes; /* must outlive the server */
    size_t n_routes;
    void *context; /* the handlers' second argument */
};

/* Listens and serves on `loop`, which must outlive the server. Ignores SIGPIPE process-wide. A Unix
 * socket gets mode 0660; a stale one is replaced, one that somebody answers on is RESULT_EXISTS.
 * RESULT_INVALID: the listen address or a route; RESULT_DENIED: a public address; RESULT_IO: the
 * system said no. *ret_server is set on RESULT_OK only. */
enum result http_server_create(struct loop *loop, const struct http_config *config,
                               struct http_server **ret_server, struct error *error);
/* The TCP port listened on; 0 for a Unix socket. */
unsigned http_server_port(const struct http_server *server);
/* Accepts no more; what is in flight is finished and each connection closed after its reply. `done`
 * (may be NULL) comes once, when no connection is left; http_server_destroy() before that
 * suppresses it. */
void http_server_drain(struct http_server *server, void (*done)(void *context), void *context);
/* Cuts what is left (sinks and streams get their end(..., false)), then frees. Requests for which a
 * reply is still owed stay valid until that reply, which may come after this call. Sets *server to
 * NULL. */
void http_server_destroy(struct http_server **server);

/* Counts since the start, but for `connections_open` and `requests_open`. */
struct http_stats {
    uint64_t replies[6];       /* by status class: [2] is 2xx; [0] and [1] unused */
    uint64_t refused_gate;     /* malformed or ambiguous requests, also counted in replies[4] */
    uint64_t refused_deadline; /* cut for a slow head or body */
    uint64_t refused_limit;    /* closed at accept: too many connections */
    uint64_t clients_gone;     /* went away before their reply was complete */
    uint64_t connections_total;
    uint64_t bytes_in; /* of bodies */
    unsigned connections_open;
    unsigned requests_open; /* handlers that owe a reply, or streams not at their end */
};
struct http_stats http_server_stats(const struct http_server *server);

/* -- The request
 * -----------------------------------------------------------------------------------------------
 */

struct http_info {
    const char *method; /* as sent: "GET", "HEAD", ... */
    const char *path;   /* as sent, still percent-encoded, without the query */
    const char *query;  /* as sent, behind the '?'; NULL: none */
    const char *peer;   /* "127.0.0.1", "::1", "unix" */
    const struct http_route *route;
    int64_t content_length; /* as declared; -1 when chunked, 0 without a body */
};
/* Lives as long as the request. */
const struct http_info *http_request_info(const struct http_request *request);
/* A named piece of the path, percent-decoded but for %2F, which stays as it is; NULL if the route
 * has no such name. */
const char *http_request_param(const struct http_request *request, const char *name);
/* A query parameter, percent-decoded ('+' is a blank), the first of its name; NULL when absent. At
 * most 32 are taken (400 past that); a name given twice is refused with 400 by the gate. */
const char *http_request_query(const struct http_request *request, const char *name);
/* The i-th query parameter's name, NULL past the end: for refusing unknown ones. */
const char *http_request_query_name(const struct http_request *request, size_t i);
/* A header's value, the first of its name (compared without case); NULL when absent. */
const char *http_request_header(const struct http_request *request, const char *name);
/* Memory that lives as long as the request (1 MiB at most). */
struct arena *http_request_arena(struct http_request *request);
/* The body of a HTTP_BODY_WHOLE route; the bytes are followed by a NUL that is not counted. */
struct slice http_request_body(const struct http_request *request);

/* `closed` comes at most once: when the client goes away before http_reply() was called, so that
 * costly work can be given up. The reply is still owed. NULL takes it back. */
void http_request_on_closed(struct http_request *request,
                            void (*closed)(struct http_request *request, void *context),
                            void *context);

/* -- Streamed request bodies
 * ----------------------------------------------------------------------------------- */

enum http_flow { HTTP_CONTINUE, HTTP_PAUSE };

struct http_body_sink {
    /* Takes all `length` bytes, which are valid inside the call only. HTTP_PAUSE: no more comes,
     * and nothing is read from the socket (TCP pushes back), until http_resume(). */
    enum http_flow (*chunk)(void *context, const void *bytes, size_t length);
    /* Exactly once, after the last chunk: true, the body is complete; false, the client has gone,
     * was too slow or passed body_max. Not called after the handler has replied. The reply is owed
     * in either case. */
    void (*end)(void *context, bool complete);
    void *context;
};
/* For a HTTP_BODY_STREAM route, once, from the handler or later. Nothing is read before. The
 * callbacks never come from inside this call. Replying before the end is allowed: the rest is then
 * not taken. */
void http_request_stream(struct http_request *request, const struct http_body_sink *sink);
/* Ends the pause of a body sink or of a reply stream; harmless otherwise. */
void http_resume(struct http_request *request);

/* -- The reply
 * -------------------------------------------------------------------------------------------------
 */

struct http_field {
    const char *name, *value;
};

enum http_ownership {
    HTTP_BYTES_COPY,   /* copied inside the call */
    HTTP_BYTES_STATIC, /* never change, never freed */
    HTTP_BYTES_GIVEN   /* the server calls mem_free() */
};

struct http_reply {
    int status;       /* 200..599; every other than 2xx closes the connection */
    const char *type; /* content type; NULL: none */
    const void *bytes;
    size_t length;
    enum http_ownership ownership;
    const struct http_field
        *fields;     /* further headers (copied); one that the server sets itself replaces it */
    size_t n_fields; /* names and values with control characters are dropped */
};
/* The one reply. Security headers are added to all: nosniff, no-store, no-referrer, CSP default-src
 * 'none'. */
void http_reply(struct http_request *request, const struct http_reply *reply);

enum { HTTP_STREAM_END = 0, HTTP_STREAM_WAIT = -1, HTTP_STREAM_FAIL = -2 };

struct http_reply_source {
    /* Writes up to `size` bytes to `to` and returns how many; HTTP_STREAM_END; HTTP_STREAM_WAIT:
     * nothing yet, http_resume() tells when; HTTP_STREAM_FAIL: cuts the connection, so that the
     * client sees it is incomplete. */
    long (*pull)(void *context, char *to, size_t size);
    /* Exactly once: true, all was handed to the client's socket. The request must not be touched
     * afterwards. */
    void (*end)(void *context, bool complete);
    void *context;
};
/* The one reply, as a stream (chunked). `reply->bytes` is not used. The request stays valid, for
 * http_resume() only, until `end`. Callbacks never come from inside this call. */
void http_reply_stream(struct http_request *request, const struct http_reply *reply,
                       const struct http_reply_source *source);

/* -- Problems (RFC 9457)
 * --------------------------------------------------------------------------------------- */

enum http_problem_slug {
    HTTP_PROBLEM_INVALID_REQUEST,    /* 400: refused by the gate */
    HTTP_PROBLEM_INVALID_BODY,       /* 400: not the JSON, CSV or form that is expected */
    HTTP_PROBLEM_INVALID_PARAMETER,  /* 400: path or query */
    HTTP_PROBLEM_UNAUTHENTICATED,    /* 401 */
    HTTP_PROBLEM_FORBIDDEN,          /* 403 */
    HTTP_PROBLEM_NOT_FOUND,          /* 404 */
    HTTP_PROBLEM_METHOD_NOT_ALLOWED, /* 405 */
    HTTP_PROBLEM_TIMEOUT,            /* 408 */
    HTTP_PROBLEM_CONFLICT,           /* 409: the resource is in another state */
    HTTP_PROBLEM_PRECONDITION,       /* 412: If-Match */
    HTTP_PROBLEM_TOO_LARGE,          /* 413 */
    HTTP_PROBLEM_MEDIA_TYPE,         /* 415 */
    HTTP_PROBLEM_INVALID_CONTENT,    /* 422: well-formed, but the content does not hold */
    HTTP_PROBLEM_IDEMPOTENCY,        /* 422: the key was used with another body */
    HTTP_PROBLEM_TOO_MANY,           /* 429 */
    HTTP_PROBLEM_INTERNAL,           /* 500 */
    HTTP_PROBLEM_UNAVAILABLE,        /* 503 */
    HTTP_PROBLEM_FULL,               /* 507: the disk */
    HTTP_PROBLEM_N
};
struct http_problem_type {
    const char *slug; /* "invalid-body": the type is "/problems/invalid-body" */
    int status;
    const char *title;
    const char *help; /* a sentence for the documentation */
};
/* The row of a slug; static storage, for the documentation and for GET /problems/{slug}. */
const struct http_problem_type *http_problem_type(enum http_problem_slug slug);
/* The slug that fits a result (RESULT_NOT_FOUND: HTTP_PROBLEM_NOT_FOUND, ...). */
enum http_problem_slug http_problem_of(enum result result);

struct http_problem_error {
    const char *pointer; /* JSON pointer, query name or line ("/recipients/3/email"); NULL: none */
    const char *detail;  /* valid UTF-8, no personal data */
};
struct http_problem {
    enum http_problem_slug slug;
    int status; /* 0: the slug's own */
    const char
        *detail; /* one sentence that ends in what the user can do; NULL: the title says it all */
    const struct http_problem_error *errors;
    size_t n_errors;
    const struct http_field *fields; /* further headers: WWW-Authenticate, Retry-After, Allow */
    size_t n_fields;
};
/* The one reply, application/problem+json {type, title, status, detail, errors[{pointer, detail}]}.
 */
void http_problem(struct http_request *request, const struct http_problem *problem);
/* The same from a result and its error: errors[0] is {field, text} when the error names a field. */
void http_problem_error(struct http_request *request, const struct error *error);
