/* console.c - the table of pages, and what their handlers share. */
/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/api/session.h"
#include "service/console/console.h"
#include "service/console/console_private.h"
#include "service/console/html.h"

enum {
    READERS = ROLE_RESPONDER | ROLE_APPROVER | ROLE_COMPLIANCE | ROLE_OPERATOR,
    ROUTES_MAX = 256,
    FORM_BYTES_MAX = 8192
};

#define PAGE(verb, where, function, who, names)                                                    \
    {                                                                                              \
        .method = (verb), .path = (where), .handler = call_enter,                                  \
        .data = &(const struct api_route)                                                          \
        {                                                                                          \
            (function), (who), BODY_NONE, (names), (who) ? console_denied : NULL                   \
        }                                                                                          \
    }
#define FORM(where, function, who)                                                                 \
    {                                                                                              \
        .method = "POST", .path = (where), .handler = call_enter, .body = HTTP_BODY_WHOLE,         \
        .body_max = FORM_BYTES_MAX, .data = &(const struct api_route)                              \
        {                                                                                          \
            (function), (who), BODY_BYTES, "", (who) ? console_denied : NULL                       \
        }                                                                                          \
    }

/* clang-format off */
static const struct http_route pages[] = {
    PAGE("GET", "/console", index_page, READERS, "after"),
    PAGE("GET", "/console/sign-in", sign_in_page, 0, "next"),
    FORM("/console/sign-in", sign_in_post, 0),
    PAGE("GET", "/console/join", join_page, 0, ""),
    FORM("/console/join", join_post, 0),
    FORM("/console/logout", sign_out_post, ROLES_ALL),
    PAGE("GET", "/console/incidents/{id}", status_get, READERS, "live"),
    PAGE("GET", "/console/incidents/{id}/waves/{n}/approval", approval_get, READERS, "done"),
    FORM("/console/incidents/{id}/waves/{n}/approval", approval_post, READERS),
    PAGE("GET", "/console/incidents/{id}/waves/{n}/sample", sample_get, READERS, "variant"),
    PAGE("GET", "/console/assets/{name}", asset_get, 0, ""),
};
/* clang-format on */

const struct http_route *console_routes(const struct http_route *api, size_t n_api, size_t *ret_n)
{
    static struct http_route all[ROUTES_MAX];
    const size_t n = sizeof pages / sizeof *pages;
    require(n_api + n <= ROUTES_MAX);
    memcpy(all, api, n_api * sizeof *all);
    memcpy(all + n_api, pages, sizeof pages);
    *ret_n = n_api + n;
    return all;
}

void console_begin(struct buf *to, struct call *call, const char *title)
{
    static const struct page_link links[] = {{"/console", "What waits"}};
    buf_init(to, PAGE_BYTES_MAX);
    page_begin(to, &(struct page){.title = title,
                                  .links = links,
                                  .n_links = call->principal ? 1 : 0,
                                  .who = call->principal ? call->name : NULL,
                                  .csrf = call->csrf});
}

void console_reply(struct call *call, int status, struct buf *to)
{
    page_end(to);
    if (to->failed) {
        buf_free(to);
        console_error(call, 500, "This page is too large to be shown; use the command line.");
        return;
    }
    call_reply(call, &(struct call_reply){.status = status,
                                          .type = page_type,
                                          .bytes = to->data,
                                          .length = to->length,
                                          .fields = page_fields,
                                          .n_fields = page_fields_n});
    buf_wipe(to);
}

void console_error(struct call *call, int status, const char *sentence)
{
    struct buf page;
    console_begin(&page, call, "Not possible");
    html_f(&page,
           "<h1>That did not work</h1>\n<div class=\"panel bad\" role=\"alert\"><p>%s</p></div>\n"
           "<p><a href=\"/console\">To what waits</a></p>\n",
           sentence);
    console_reply(call, status, &page);
}

void console_error_of(struct call *call, const struct error *error)
{
    console_error(call, http_problem_type(http_problem_of(error->code))->status,
                  error->text[0] ? error->text : "Try again.");
}

void console_redirect(struct call *call, const char *path, const char *cookie)
{
    const struct http_field fields[] = {{"Location", path}, {"Set-Cookie", cookie}};
    call_reply(call,
               &(struct call_reply){.status = 303, .fields = fields, .n_fields = cookie ? 2 : 1});
}

static bool is_form(struct call *call)
{
    static const char form[] = "application/x-www-form-urlencoded";
    const char *type = http_request_header(call->http, "Content-Type");
    return type && strncasecmp(type, form, sizeof form - 1) == 0;
}

bool console_form(struct call *call, struct fields *form)
{
    if (!session_same_origin(call)) {
        console_error(call, 403,
                      "This form was not sent from a page of ours; open the page and "
                      "send it from there.");
        return false;
    }
    if (!is_form(call) || !fields_parse(form, call->body, call->arena)) {
        console_error(call, 400, "This is not the form that the page has; open the page again.");
        return false;
    }
    if (call->principal && !session_csrf_ok(call, fields_get(form, "csrf"))) {
        console_error(call, 403, "This page is out of date; open it again, then send the form.");
        return false;
    }
    return true;
}
