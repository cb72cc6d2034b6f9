/* request.c - what a handler sees of a request: copies in an arena of its own.
 *
 * Happy path: the raw target is kept when the request line arrives; once the head is complete it is
 * judged and copied, so that the request outlives libmicrohttpd's connection. Refused heads leave a
 * made reply behind. */

/* System. */
#include <string.h>

/* Base. */
#include "base/mem.h"

/* This module. */
#include "service/http/http_internal.h"

enum { ARENA_LIMIT = 1 << 20, BODY_DEFAULT = 1 << 20 };

struct http_request *request_create(struct http_conn *conn, const char *target)
{
    struct http_request *request = mem_new(struct http_request);
    request->server = conn->server;
    request->conn = conn;
    request->loop = conn->server->loop;
    request->arena = arena_create(ARENA_LIMIT);
    request->target_length = strlen(target);
    if (request->target_length <= GATE_TARGET_MAX)
        request->target = arena_strdup(request->arena, target);
    request->info.method = "";
    request->info.path = "/";
    request->info.peer = arena_strdup(request->arena, conn->peer);
    conn->request = request;
    return request;
}

void request_release(struct http_request *request)
{
    if (request->state != REQUEST_OVER || !request->replied || request->hold)
        return;
    reply_free(request);
    if (request->has_body_buf)
        buf_wipe(&request->body);
    arena_destroy(&request->arena);
    mem_free(request);
}

static void refuse(struct http_request *request, enum http_problem_slug slug, int status,
                   const char *detail)
{
    problem_make(request, &(struct http_problem){.slug = slug, .status = status, .detail = detail});
}

static void refuse_gate(struct http_request *request, int status, const char *detail)
{
    request->server->stats.refused_gate++;
    refuse(request, HTTP_PROBLEM_INVALID_REQUEST, status, detail);
}

/* The value without the blanks around it. */
static const char *trimmed(struct arena *arena, const struct gate_field *field)
{
    const char *text = field->value;
    size_t length = field->value_length;
    while (length && (text[length - 1] == ' ' || text[length - 1] == '\t'))
        length--;
    while (length && (*text == ' ' || *text == '\t'))
        text++, length--;
    return arena_strndup(arena, text, length);
}

/* At most 16 KiB of head in an arena of 1 MiB: cannot fail. */
static void copy_head(struct http_request *request, const struct gate_head *head)
{
    size_t path_length = strcspn(request->target, "?");
    request->info.method = arena_strdup(request->arena, head->method);
    request->info.path = arena_strndup(request->arena, request->target, path_length);
    for (size_t i = 0; i < head->n_fields; i++) {
        request->fields[i].name = arena_strdup(request->arena, head->fields[i].name);
        request->fields[i].value = trimmed(request->arena, &head->fields[i]);
    }
    request->n_fields = head->n_fields;
}

static bool decode_target(struct http_request *request)
{
    const char *query = strchr(request->target, '?');
    request->info.query = query ? query + 1 : NULL;
    if (!uri_path_ok(request->info.path, strlen(request->info.path)))
        return false;
    return uri_query(request->arena, query ? query + 1 : NULL, &request->query);
}

static bool decode_params(struct http_request *request)
{
    for (size_t i = 0; i < request->match.n_params; i++) {
        struct slice raw = request->match.params[i].raw;
        request->params[i] = uri_decode(request->arena, raw.data, raw.length, true);
        if (!request->params[i])
            return false;
    }
    return true;
}

static void refuse_route(struct http_request *request)
{
    struct http_field allow = {"Allow", request->match.allow};
    if (!request->match.allow[0]) {
        refuse(request, HTTP_PROBLEM_NOT_FOUND, 0, "No such resource; check the path.");
        return;
    }
    problem_make(request, &(struct http_problem){
                              .slug = HTTP_PROBLEM_METHOD_NOT_ALLOWED,
                              .detail = "The resource does not have this method; see Allow.",
                              .fields = &allow,
                              .n_fields = 1,
                          });
}

static size_t body_max(const struct http_route *route)
{
    if (route->body == HTTP_BODY_NONE)
        return 0;
    if (route->body_max == 0)
        return route->body == HTTP_BODY_WHOLE ? BODY_DEFAULT : SIZE_MAX;
    return route->body_max;
}

/* The declared length against the route's bound; chunked bodies are counted as they come. */
static bool body_fits(const struct http_request *request)
{
    const struct http_route *route = request->match.route;
    if (request->info.content_length < 0)
        return route->body != HTTP_BODY_NONE;
    return (uint64_t)request->info.content_length <= body_max(route);
}

static void find_route(struct http_request *request)
{
    const struct http_config *config = &request->server->config;
    router_find(config->routes, config->n_routes, request->info.method, request->info.path,
                &request->match);
    request->info.route = request->match.route;
    if (!request->match.route)
        refuse_route(request);
    else if (!decode_params(request))
        refuse_gate(request, 400, "The path is not valid; correct its escapes.");
    else if (!body_fits(request))
        refuse(request, HTTP_PROBLEM_TOO_LARGE, 0,
               "The body is larger than this resource takes; send less.");
    else if (request->match.route->body == HTTP_BODY_WHOLE) {
        buf_init(&request->body, body_max(request->match.route));
        request->has_body_buf = true;
    }
}

void request_judge(struct http_request *request, const struct gate_head *head)
{
    struct gate_verdict verdict = gate_check(head);
    if (verdict.status) {
        refuse_gate(request, verdict.status, verdict.text);
        return;
    }
    if (request->server->in_place_parser && !gate_contiguous(head)) {
        refuse_gate(request, 400,
                    "The head has a line that does not end in CR LF, a folded line or a NUL; "
                    "correct it.");
        return;
    }
    request->info.content_length = verdict.content_length;
    copy_head(request, head);
    if (!decode_target(request)) {
        refuse_gate(request, 400,
                    "The target is not valid: escapes, control characters, dot segments, over 32 "
                    "or repeated query parameters; correct it.");
        return;
    }
    find_route(request);
}

const struct http_info *http_request_info(const struct http_request *request)
{
    return &request->info;
}

const char *http_request_param(const struct http_request *request, const char *name)
{
    for (size_t i = 0; i < request->match.n_params; i++) {
        if (slice_equal(request->match.params[i].name, name))
            return request->params[i];
    }
    return NULL;
}

const char *http_request_query(const struct http_request *request, const char *name)
{
    return query_get(&request->query, name);
}

const char *http_request_query_name(const struct http_request *request, size_t i)
{
    return i < request->query.n ? request->query.pairs[i].name : NULL;
}

const char *http_request_header(const struct http_request *request, const char *name)
{
    for (size_t i = 0; i < request->n_fields; i++) {
        if (str_equal_nocase(request->fields[i].name, name))
            return request->fields[i].value;
    }
    return NULL;
}

struct arena *http_request_arena(struct http_request *request)
{
    return request->arena;
}

struct slice http_request_body(const struct http_request *request)
{
    if (!request->has_body_buf)
        return (struct slice){"", 0};
    return (struct slice){request->body.data, request->body.length};
}

void http_request_on_closed(struct http_request *request,
                            void (*closed)(struct http_request *request, void *context),
                            void *context)
{
    request->closed = closed;
    request->closed_context = context;
}
