/* problem.c - problem documents, RFC 9457, with a stable type for each kind.
 *
 * Happy path: a row of the table plus what the handler knows becomes application/problem+json. Text
 * that is not valid UTF-8 is left out rather than sent broken. */

/* System. */
#include <string.h>

/* Base. */
#include "base/json.h"

/* This module. */
#include "service/http/http_internal.h"

static const struct http_problem_type types[HTTP_PROBLEM_N] = {
    [HTTP_PROBLEM_INVALID_REQUEST] = {"invalid-request", 400, "Invalid request",
                                      "The request is malformed or ambiguous. Check line ends, "
                                      "Host, Content-Length and the target's escapes."},
    [HTTP_PROBLEM_INVALID_BODY] = {"invalid-body", 400, "Invalid body",
                                   "The body is not what the resource reads. Compare it with the "
                                   "schema; errors[] says where."},
    [HTTP_PROBLEM_INVALID_PARAMETER] = {"invalid-parameter", 400, "Invalid parameter",
                                        "A piece of the path, the query or a header is not valid. "
                                        "errors[] names it."},
    [HTTP_PROBLEM_UNAUTHENTICATED] = {"unauthenticated", 401, "Not authenticated",
                                      "Send a valid bearer token."},
    [HTTP_PROBLEM_FORBIDDEN] = {"forbidden", 403, "Not allowed",
                                "The token's roles do not permit this. Ask an administrator."},
    [HTTP_PROBLEM_NOT_FOUND] = {"not-found", 404, "Not found",
                                "There is no such resource, or it is not yours. Check the path."},
    [HTTP_PROBLEM_METHOD_NOT_ALLOWED] = {"method-not-allowed", 405, "Method not allowed",
                                         "The resource has other methods; the Allow field lists "
                                         "them."},
    [HTTP_PROBLEM_TIMEOUT] = {"timeout", 408, "Too slow",
                              "The request did not arrive in time. Send it again."},
    [HTTP_PROBLEM_CONFLICT] = {"conflict", 409, "Conflict",
                               "The resource is in another state than the request needs. Read it "
                               "again, then decide."},
    [HTTP_PROBLEM_PRECONDITION] = {"precondition-failed", 412, "Precondition failed",
                                   "The resource has changed since it was read. Read it again."},
    [HTTP_PROBLEM_TOO_LARGE] = {"too-large", 413, "Too large",
                                "The body is larger than the resource takes. Send it in parts."},
    [HTTP_PROBLEM_MEDIA_TYPE] = {"unsupported-media-type", 415, "Unsupported media type",
                                 "Send the body in one of the content types that the resource "
                                 "reads."},
    [HTTP_PROBLEM_INVALID_CONTENT] = {"invalid-content", 422, "Invalid content",
                                      "The body is well-formed, but what it says does not hold. "
                                      "errors[] says where."},
    [HTTP_PROBLEM_IDEMPOTENCY] = {"idempotency-key-reused", 422, "Idempotency key reused",
                                  "The Idempotency-Key came with another request before. Use a new "
                                  "key for a new request."},
    [HTTP_PROBLEM_TOO_MANY] = {"too-many-requests", 429, "Too many requests",
                               "Wait for Retry-After seconds, then go on more slowly."},
    [HTTP_PROBLEM_INTERNAL] = {"internal", 500, "Internal error",
                               "The service failed. Try again; if it stays, ask the operator to "
                               "look into the log."},
    [HTTP_PROBLEM_UNAVAILABLE] = {"unavailable", 503, "Unavailable",
                                  "A needed part is busy or out of order. Try again later."},
    [HTTP_PROBLEM_FULL] = {"storage-full", 507, "Storage full",
                           "The disk is full. Nothing was stored; free space, then try again."},
};

static const enum http_problem_slug of_result[RESULT_N] = {
    [RESULT_OK] = HTTP_PROBLEM_INTERNAL,
    [RESULT_BUSY] = HTTP_PROBLEM_UNAVAILABLE,
    [RESULT_CLOSING] = HTTP_PROBLEM_UNAVAILABLE,
    [RESULT_CANCELED] = HTTP_PROBLEM_UNAVAILABLE,
    [RESULT_NOT_FOUND] = HTTP_PROBLEM_NOT_FOUND,
    [RESULT_EXISTS] = HTTP_PROBLEM_CONFLICT,
    [RESULT_CONFLICT] = HTTP_PROBLEM_CONFLICT,
    [RESULT_INVALID] = HTTP_PROBLEM_INVALID_CONTENT,
    [RESULT_DENIED] = HTTP_PROBLEM_FORBIDDEN,
    [RESULT_TOO_LARGE] = HTTP_PROBLEM_TOO_LARGE,
    [RESULT_TIMEOUT] = HTTP_PROBLEM_UNAVAILABLE,
    [RESULT_UNCERTAIN] = HTTP_PROBLEM_UNAVAILABLE,
    [RESULT_UNAVAILABLE] = HTTP_PROBLEM_UNAVAILABLE,
    [RESULT_IO] = HTTP_PROBLEM_INTERNAL,
    [RESULT_FULL] = HTTP_PROBLEM_FULL,
};

const struct http_problem_type *http_problem_type(enum http_problem_slug slug)
{
    require(slug < HTTP_PROBLEM_N);
    return &types[slug];
}

enum http_problem_slug http_problem_of(enum result result)
{
    return result < RESULT_N ? of_result[result] : HTTP_PROBLEM_INTERNAL;
}

static bool sendable(const char *text)
{
    return text && utf8_valid(text, strlen(text));
}

static void add_member(struct buf *buf, const char *name, const char *text)
{
    if (!sendable(text))
        return;
    buf_printf(buf, ",\"%s\":", name);
    json_write_string(buf, text, strlen(text));
}

static void add_error(struct buf *buf, const struct http_problem_error *error)
{
    buf_puts(buf, "{\"detail\":");
    if (sendable(error->detail))
        json_write_string(buf, error->detail, strlen(error->detail));
    else
        buf_puts(buf, "\"\"");
    add_member(buf, "pointer", error->pointer);
    buf_putc(buf, '}');
}

static void write_problem(struct buf *buf, const struct http_problem *problem, int status)
{
    const struct http_problem_type *type = http_problem_type(problem->slug);
    buf_printf(buf, "{\"type\":\"/problems/%s\",\"title\":\"%s\",\"status\":%d", type->slug,
               type->title, status);
    add_member(buf, "detail", problem->detail);
    for (size_t i = 0; i < problem->n_errors; i++) {
        buf_puts(buf, i == 0 ? ",\"errors\":[" : ",");
        add_error(buf, &problem->errors[i]);
    }
    buf_puts(buf, problem->n_errors ? "]}\n" : "}\n");
}

/* Calls `reply` with the document. */
static void with_document(struct http_request *request, const struct http_problem *problem,
                          void (*reply)(struct http_request *, const struct http_reply *))
{
    struct buf buf;
    int status = problem->status ? problem->status : http_problem_type(problem->slug)->status;
    buf_init(&buf, SIZE_MAX);
    write_problem(&buf, problem, status);
    reply(request, &(struct http_reply){
                       .status = status,
                       .type = "application/problem+json",
                       .bytes = buf.data,
                       .length = buf.length,
                       .ownership = HTTP_BYTES_COPY,
                       .fields = problem->fields,
                       .n_fields = problem->n_fields,
                   });
    buf_free(&buf);
}

void problem_make(struct http_request *request, const struct http_problem *problem)
{
    with_document(request, problem, reply_make);
}

void http_problem(struct http_request *request, const struct http_problem *problem)
{
    with_document(request, problem, http_reply);
}

void http_problem_error(struct http_request *request, const struct error *error)
{
    struct http_problem_error one = {error->field, error->text};
    http_problem(request, &(struct http_problem){
                              .slug = http_problem_of(error->code),
                              .detail = error->text,
                              .errors = &one,
                              .n_errors = error->field[0] ? 1 : 0,
                          });
}
