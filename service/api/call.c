/* call.c - the way in of every request: token, role, query, media type, body; then the resource.
 *
 * What fails on the way is answered here: 401 and 403 first, so that a stranger learns nothing
 * about what exists; then 400 and 415. */

/* System. */
#include <string.h>

/* Base. */
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/api/accept.h"
#include "service/api/call.h"
#include "service/api/cursor.h"
#include "service/api/session.h"

enum { CALL_ARENA = 16 << 20 };

static bool query_permitted(const char *list, const char *name)
{
    size_t length = strlen(name);
    while (*list) {
        size_t n = strcspn(list, ",");
        if (n == length && memcmp(list, name, n) == 0)
            return true;
        list += n + (list[n] == ',');
    }
    return false;
}

static bool check_query(struct call *call)
{
    const char *name;
    for (size_t i = 0; call->route->query && (name = http_request_query_name(call->http, i)); i++) {
        if (!query_permitted(call->route->query, name)) {
            struct findings findings;
            findings_init(&findings, call->arena);
            findings_add(&findings, name, NULL,
                         "This query parameter is not known; remove it or correct its name.");
            call_findings(call, HTTP_PROBLEM_INVALID_PARAMETER, &findings);
            return false;
        }
    }
    return true;
}

static bool is_type(const char *type, const char *wanted)
{
    size_t n = strlen(wanted);
    return type && strncasecmp(type, wanted, n) == 0 &&
           (type[n] == 0 || type[n] == ';' || type[n] == ' ');
}

static bool check_json_type(struct call *call)
{
    const char *type = http_request_header(call->http, "Content-Type");
    if (call->route->body == BODY_MERGE_PATCH) {
        if (is_type(type, "application/merge-patch+json"))
            return true;
        call_problem(call, HTTP_PROBLEM_MEDIA_TYPE, NULL,
                     "This needs a body of Content-Type application/merge-patch+json (RFC 7396); "
                     "send one.");
        return false;
    }
    if (is_type(type, "application/json"))
        return true;
    call_problem(call, HTTP_PROBLEM_MEDIA_TYPE, NULL,
                 "This needs a body of Content-Type application/json; send one.");
    return false;
}

static bool read_json(struct call *call)
{
    struct error error = {0};
    if (json_read(call->body.data, call->body.length, &call->json, &error) != RESULT_OK) {
        call_problem(call, HTTP_PROBLEM_INVALID_BODY, error.field[0] ? error.field : "",
                     error.text);
        return false;
    }
    if (!json_object_is_type(call->json, json_type_object)) {
        call_problem(call, HTTP_PROBLEM_INVALID_BODY, "", "The body must be a JSON object.");
        return false;
    }
    return true;
}

/* ---- A large document is read after its sender is known: a stranger fills no memory. ---- */

static enum http_flow collect(void *context, const void *bytes, size_t length)
{
    struct call *call = context;
    buf_add(&call->document, bytes, length);
    return HTTP_CONTINUE;
}

static void collected(void *context, bool complete)
{
    struct call *call = context;
    call->body = (struct slice){call->document.data, call->document.length};
    if (!complete || call->document.failed)
        call_problem(call, HTTP_PROBLEM_TIMEOUT, NULL,
                     "The body did not arrive whole; send it again.");
    else if (read_json(call))
        call->route->handler(call);
}

static void read_document(struct call *call)
{
    if (!check_json_type(call))
        return;
    buf_init(&call->document, http_request_info(call->http)->route->body_max);
    http_request_stream(
        call->http, &(struct http_body_sink){.chunk = collect, .end = collected, .context = call});
}

static void read_small(struct call *call)
{
    call->body = http_request_body(call->http);
    bool json = call->route->body == BODY_JSON || call->route->body == BODY_MERGE_PATCH ||
                (call->route->body == BODY_JSON_OPTIONAL && call->body.length > 0);
    if (!json || (check_json_type(call) && read_json(call)))
        call->route->handler(call);
}

static void admit(struct call *call)
{
    if (!check_query(call))
        return;
    if (call->route->body == BODY_DOCUMENT)
        read_document(call);
    else if (call->route->body == BODY_UPLOAD || call->route->body == BODY_NONE)
        call->route->handler(call);
    else
        read_small(call);
}

static void refuse_unauthenticated(struct call *call)
{
    static const struct http_field challenge = {"WWW-Authenticate", "Bearer realm=\"tocsin\""};
    call->api->denied[0]++;
    http_problem(call->http,
                 &(struct http_problem){.slug = HTTP_PROBLEM_UNAUTHENTICATED,
                                        .detail = "A valid token is needed: send Authorization: "
                                                  "Bearer <token>, or ask an admin for one.",
                                        .fields = &challenge,
                                        .n_fields = 1});
    call_end(call);
}

static void authenticated(struct call *call)
{
    const struct access_check *check = &call->check;
    if (check->result != RESULT_OK) {
        call_error(call, &check->error);
        return;
    }
    if (!check->granted) {
        refuse_unauthenticated(call);
        return;
    }
    call->principal = check->principal;
    call->minted_by = check->minted_by;
    call->roles = check->roles;
    if (!(call->roles & call->route->roles)) {
        call->api->denied[1]++;
        call_problem(call, HTTP_PROBLEM_FORBIDDEN, NULL,
                     "No role of this token may do this; ask an admin for one with the role "
                     "that may (see /v1/openapi.yaml).");
        return;
    }
    admit(call);
}

static void checked(struct access_check *check)
{
    authenticated(container_of(check, struct call, check));
}

static void with_session(struct call *call)
{
    if (call->principal && call->roles & call->route->roles)
        admit(call);
    else
        call->route->denied(call);
}

void call_enter(struct http_request *http, void *context)
{
    struct call *call = mem_new(struct call);
    call->api = context;
    call->http = http;
    call->route = http_request_info(http)->route->data;
    call->arena = arena_create(CALL_ARENA);
    list_init(&call->idempotency.node);
    if (!call->route->roles) {
        admit(call);
        return;
    }
    if (call->route->denied) {
        session_find(call, with_session);
        return;
    }
    call->check.cb = checked;
    if (access_check(call->api->access, http_request_header(http, "Authorization"), &call->check))
        authenticated(call);
}

time_ms call_now(const struct call *call)
{
    return clock_now(loop_clock(call->api->config.loop));
}

const char *call_actor(struct call *call)
{
    char text[ID_TEXT_SIZE];
    return str_or(arena_strdup(call->arena, id_format(text, "tok", call->principal)), "");
}

id call_path_id(struct call *call, const char *name, const char *prefix)
{
    id value = id_parse(str_or(http_request_param(call->http, name), ""), prefix);
    if (!value)
        call_problem(call, HTTP_PROBLEM_NOT_FOUND, NULL,
                     "There is nothing of this id; check the path.");
    return value;
}

bool call_path_number(struct call *call, const char *name, int *ret_number)
{
    int64_t value = 0;
    if (parse_i64(str_or(http_request_param(call->http, name), ""), &value) && value > 0 &&
        value <= INT32_MAX) {
        *ret_number = (int)value;
        return true;
    }
    call_problem(call, HTTP_PROBLEM_NOT_FOUND, NULL,
                 "There is nothing of this number; check the path.");
    return false;
}

bool call_path_ordinal(struct call *call, int *ret_ordinal)
{
    *ret_ordinal = 0;
    return http_request_param(call->http, "ordinal") == NULL ||
           call_path_number(call, "ordinal", ret_ordinal);
}

bool call_query_id(struct call *call, const char *name, const char *prefix, id *ret_id)
{
    const char *text = http_request_query(call->http, name);
    id value = text ? id_parse(text, prefix) : 0;
    if (text && !value) {
        call_problem(call, HTTP_PROBLEM_INVALID_PARAMETER, name,
                     "This is not an id of the kind that is needed here; correct it.");
        return false;
    }
    *ret_id = value;
    return true;
}

bool call_query_number(struct call *call, const char *name, int64_t max, int64_t *number)
{
    const char *text = http_request_query(call->http, name);
    int64_t value = 0;
    if (!text)
        return true;
    if (!parse_i64(text, &value) || value < 1 || value > max) {
        call_problem(call, HTTP_PROBLEM_INVALID_PARAMETER, name,
                     "It must be a whole number in the range that /v1/openapi.yaml gives; correct "
                     "it.");
        return false;
    }
    *number = value;
    return true;
}

bool call_query_cursor(struct call *call, struct cursor *cursor)
{
    const char *text = http_request_query(call->http, "after");
    if (!text || cursor_parse(text, cursor))
        return true;
    call_problem(call, HTTP_PROBLEM_INVALID_PARAMETER, "after",
                 "This is no cursor; give the value of next of the page before.");
    return false;
}

bool call_accept(struct call *call, unsigned offered, enum accept_type *ret_type)
{
    *ret_type = accept_choose(http_request_header(call->http, "Accept"), offered);
    if (*ret_type != ACCEPT_NONE)
        return true;
    http_problem(call->http, &(struct http_problem){
                                 .slug = HTTP_PROBLEM_MEDIA_TYPE,
                                 .status = 406,
                                 .detail = "None of the forms in Accept can be had here; ask for "
                                           "application/json."});
    call_end(call);
    return false;
}

/* ---- Answers. ---- */

void call_end(struct call *call)
{
    idempotency_leave(call);
    json_object_put(call->json);
    if (call->document.data)
        buf_wipe(&call->document);
    arena_destroy(&call->arena);
    explicit_bzero(&call->check, sizeof call->check);
    mem_free(call);
}

void call_reply(struct call *call, const struct call_reply *reply)
{
    http_reply(call->http, &(struct http_reply){.status = reply->status,
                                                .type = reply->type,
                                                .bytes = reply->bytes,
                                                .length = reply->length,
                                                .ownership = HTTP_BYTES_COPY,
                                                .fields = reply->fields,
                                                .n_fields = reply->n_fields});
    call_end(call);
}

void call_reply_json(struct call *call, int status, struct json_object *json)
{
    size_t length = 0;
    const char *text = json_text_of(call->arena, json, &length);
    if (!text) {
        call_problem(call, HTTP_PROBLEM_INTERNAL, NULL,
                     "The answer is too large; ask for less with limit.");
        return;
    }
    call_reply(call,
               &(struct call_reply){
                   .status = status, .type = "application/json", .bytes = text, .length = length});
}

/* A disk that is full or fails is no request's fault: 503, and nothing was done; sent again after
 * the restart it may succeed. */
static enum http_problem_slug slug_of(enum result result)
{
    return result == RESULT_IO ? HTTP_PROBLEM_UNAVAILABLE : http_problem_of(result);
}

void call_error(struct call *call, const struct error *error)
{
    static const struct http_field later = {"Retry-After", "5"};
    const struct http_problem_error item = {error->field, error->text};
    enum http_problem_slug slug = slug_of(error->code);
    bool wait = slug == HTTP_PROBLEM_UNAVAILABLE || slug == HTTP_PROBLEM_FULL;
    http_problem(call->http, &(struct http_problem){.slug = slug,
                                                    .status = wait ? 503 : 0,
                                                    .detail = error->text,
                                                    .errors = &item,
                                                    .n_errors = error->field[0] != 0,
                                                    .fields = &later,
                                                    .n_fields = wait});
    call_end(call);
}

void call_problem(struct call *call, enum http_problem_slug slug, const char *pointer,
                  const char *detail)
{
    const struct http_problem_error item = {pointer, detail};
    http_problem(call->http, &(struct http_problem){.slug = slug,
                                                    .detail = detail,
                                                    .errors = pointer ? &item : NULL,
                                                    .n_errors = pointer != NULL});
    call_end(call);
}

void call_findings(struct call *call, enum http_problem_slug slug, const struct findings *findings)
{
    struct http_problem_error items[FINDINGS_MAX];
    for (size_t i = 0; i < findings->n; i++)
        items[i] =
            (struct http_problem_error){findings->items[i].pointer, findings->items[i].detail};
    const char *detail = "See errors: each names a member and what to do; then send it again.";
    if (findings->total > findings->n)
        detail = "See errors: the first 20 are listed; correct them, then send it again.";
    http_problem(call->http,
                 &(struct http_problem){
                     .slug = slug, .detail = detail, .errors = items, .n_errors = findings->n});
    call_end(call);
}
