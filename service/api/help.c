/* help.c - what a reader without a token may have: the description of the API, and of each problem.
 */

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/api/call.h"
#include "service/api/openapi.h"
#include "service/api/resources.h"

void openapi_get(struct call *call)
{
    http_reply(call->http, &(struct http_reply){.status = 200,
                                                .type = "application/yaml",
                                                .bytes = openapi_yaml,
                                                .length = openapi_yaml_length,
                                                .ownership = HTTP_BYTES_STATIC});
    call_end(call);
}

static void reply_problem(struct call *call, const struct http_problem_type *type)
{
    struct buf text;
    buf_init(&text, 4096);
    buf_printf(&text, "/problems/%s\n\n%s (usually status %d)\n\n%s\n", type->slug, type->title,
               type->status, type->help);
    call_reply(call, &(struct call_reply){.status = 200,
                                          .type = "text/plain; charset=utf-8",
                                          .bytes = text.data,
                                          .length = text.length});
    buf_free(&text);
}

void problem_get(struct call *call)
{
    const char *slug = http_request_param(call->http, "slug");
    for (int i = 0; i < HTTP_PROBLEM_N; i++) {
        const struct http_problem_type *type = http_problem_type((enum http_problem_slug)i);
        if (str_equal(type->slug, slug)) {
            reply_problem(call, type);
            return;
        }
    }
    call_problem(call, HTTP_PROBLEM_NOT_FOUND, NULL,
                 "There is no problem of this name; see /v1/openapi.yaml.");
}
