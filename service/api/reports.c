/* reports.c - callbacks of providers: /v1/reports/{channel}/{provider}. There is no token; the
 * driver verifies the provider's signature, and says what the provider wants to hear. */

/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/api/call.h"
#include "service/api/resources.h"

struct report {
    struct call *call;
    struct delivery_report report;
};

static const char *header_of(void *context, const char *name)
{
    return http_request_header(context, name);
}

static const char *query_of(void *context, const char *name)
{
    return http_request_query(context, name);
}

static void reported(struct delivery_request *request)
{
    struct report *it = container_of(request, struct report, report.request);
    const struct delivery_report *report = &it->report;
    if (report->reply_status < 200 || report->reply_status > 599) {
        call_error(it->call, &request->error);
        return;
    }
    if (request->result != RESULT_OK && !report->reply_body) {
        http_problem(it->call->http,
                     &(struct http_problem){.slug = http_problem_of(request->result),
                                            .status = report->reply_status,
                                            .detail = request->error.text});
        call_end(it->call);
        return;
    }
    call_reply(it->call,
               &(struct call_reply){.status = report->reply_status,
                                    .type = report->reply_body ? report->reply_type : NULL,
                                    .bytes = str_or(report->reply_body, ""),
                                    .length = report->reply_body ? strlen(report->reply_body) : 0});
}

/* The URL as the provider knows it: a proxy in front may have changed scheme and host. */
static const char *signed_url(struct call *call)
{
    const struct http_info *info = http_request_info(call->http);
    return arena_printf(call->arena, "%s%s%s%s", str_or(call->api->config.public_url, ""),
                        info->path, info->query ? "?" : "", str_or(info->query, ""));
}

void report_post(struct call *call)
{
    const struct http_info *info = http_request_info(call->http);
    if (str_equal(info->method, "HEAD")) {
        call_problem(call, HTTP_PROBLEM_METHOD_NOT_ALLOWED, NULL,
                     "A report is a GET or POST, as the provider documents it.");
        return;
    }
    struct report *it = arena_new(call->arena, struct report);
    it->call = call;
    it->report = (struct delivery_report){.request = {.cb = reported, .arena = call->arena},
                                          .channel = http_request_param(call->http, "channel"),
                                          .provider = http_request_param(call->http, "provider"),
                                          .report = {.method = info->method,
                                                     .url = signed_url(call),
                                                     .header = header_of,
                                                     .query = query_of,
                                                     .context = call->http,
                                                     .body = str_or(call->body.data, ""),
                                                     .body_length = call->body.length}};
    delivery_report(call->api->config.delivery, &it->report);
}
