/* call.h - one request to the API on its way: who asks, what was sent, and the ways to answer.
 *
 * call_enter() is the handler of every route: it authenticates, checks role, query, media type and
 * body, then hands the call to the resource. The resource owes exactly one call_reply*() or
 * call_problem*() or call_error(), now or later on the loop; after it the call is gone. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/id.h"
#include "base/list.h"
#include "base/time.h"
#include "service/api/accept.h"
#include "service/api/access.h"
#include "service/api/api.h"
#include "service/api/findings.h"
#include "service/api/idempotency.h"
#include "service/delivery/delivery.h"
#include "service/http/http_server.h"
#include "service/requests/requests.h"

struct api {
    struct api_config config; /* its strings are in `texts` */
    struct arena *texts;
    struct access *access;
    struct idempotency_table *idempotency;
    struct requests *requests;
    struct evidence_desk *evidence;
    const struct http_server *server;
    enum api_state state;
    uint64_t denied[2]; /* 401, 403 */
};

enum call_body {
    BODY_NONE,
    BODY_JSON,          /* application/json, an object */
    BODY_JSON_OPTIONAL, /* may be empty */
    BODY_MERGE_PATCH,   /* application/merge-patch+json (RFC 7396), an object */
    BODY_DOCUMENT,      /* as BODY_JSON, but large: read only once it is known who sends it */
    BODY_BYTES,         /* anything: the resource looks */
    BODY_UPLOAD         /* streamed */
};

struct call;
struct api_route {
    void (*handler)(struct call *call);
    unsigned roles; /* bits of those who may; 0: everybody, without a token */
    enum call_body body;
    const char *query; /* names permitted, comma separated; NULL: anything (a provider's) */
    void (*denied)(struct call *call); /* set: who asks is known by a session's cookie (session.h);
                                          this answers who has none (principal 0) or may not */
};

struct call {
    struct api *api;
    struct http_request *http;
    const struct api_route *route;
    struct arena *arena; /* lives as long as the call; 16 MiB at most */
    id principal, minted_by;
    unsigned roles;
    struct slice body;        /* whole, unless BODY_UPLOAD */
    struct buf document;      /* holds it for BODY_DOCUMENT */
    struct json_object *json; /* the body of a JSON route; NULL: none */
    struct idempotency_use idempotency;
    const char *name;                        /* of who asks, with a session */
    char csrf[44];                           /* of the session's forms; "": no cookie */
    struct store_session session;            /* private */
    void (*session_done)(struct call *call); /* private */
    struct access_check check;               /* private */
};

/* The http_route.handler of every row. */
void call_enter(struct http_request *http, void *api);

time_ms call_now(const struct call *call);
/* The principal as the API and the receipts write it: "tok_...". */
const char *call_actor(struct call *call);

/* An id in the path; 0 after a 404 has been given (the call is gone then). */
id call_path_id(struct call *call, const char *name, const char *prefix);
/* A number of 1 or more in the path; false after a 404. */
bool call_path_number(struct call *call, const char *name, int *ret_number);
/* The ordinal of the wave in the path; 0 when the path names none; false after a 404. */
bool call_path_ordinal(struct call *call, int *ret_ordinal);
/* The same from a query parameter that may be absent (0); false after a 400. */
bool call_query_id(struct call *call, const char *name, const char *prefix, id *ret_id);
/* A number between 1 and max, `fallback` when absent; false after a 400. */
bool call_query_number(struct call *call, const char *name, int64_t max, int64_t *number);

/* Which of the offered forms (bits of enum accept_type) is wanted; false after a 406. */
bool call_accept(struct call *call, unsigned offered, enum accept_type *ret_type);
struct cursor;
/* The cursor "after", unchanged when absent; false after a 400. */
bool call_query_cursor(struct call *call, struct cursor *cursor);

/* ---- Answers. Each ends the call. ---- */
void call_end(struct call *call); /* without a reply: it was given to the server directly */
/* Takes `json`. `fields` may be NULL. */
void call_reply_json(struct call *call, int status, struct json_object *json);
struct call_reply {
    int status;
    const char *type;
    const void *bytes; /* copied */
    size_t length;
    const struct http_field *fields;
    size_t n_fields;
};
void call_reply(struct call *call, const struct call_reply *reply);
void call_error(struct call *call, const struct error *error);
/* `pointer` may be NULL; `detail` is a fixed sentence. */
void call_problem(struct call *call, enum http_problem_slug slug, const char *pointer,
                  const char *detail);
/* 422 with all findings; those of `slug` otherwise. */
void call_findings(struct call *call, enum http_problem_slug slug, const struct findings *findings);

/* ---- Building JSON. ---- */
void out_text(struct json_object *to, const char *name, const char *text); /* NULL: null */
void out_int(struct json_object *to, const char *name, int64_t number);
void out_bool(struct json_object *to, const char *name, bool value);
void out_id(struct json_object *to, const char *name, const char *prefix, id value); /* 0: null */
void out_time(struct json_object *to, const char *name, time_ms at); /* TIME_NONE: null */
/* Text that is JSON already (from the engine); null when it does not parse. */
void out_json(struct json_object *to, const char *name, const char *json_text);
/* In the arena, canonical; the length is out. NULL when it is too large. Takes `json`. */
const char *json_text_of(struct arena *arena, struct json_object *json, size_t *ret_length);
