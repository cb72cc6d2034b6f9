/* reports.c - callbacks of providers: /v1/reports/{channel}/{provider}. There is no token; the
 * driver verifies the provider's signature, and says what the provider wants to hear. Who replies
 * that he wants the notice on paper has a request at the desk before the provider is answered. */

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
    struct requests_open wish;
    size_t at; /* wish being opened */
};

static const char *header_of(void *context, const char *name)
{
    return http_request_header(context, name);
}

static const char *query_of(void *context, const char *name)
{
    return http_request_query(context, name);
}

static void answer(struct report *it)
{
    const struct delivery_report *report = &it->report;
    call_reply(it->call,
               &(struct call_reply){.status = report->reply_status,
                                    .type = report->reply_body ? report->reply_type : NULL,
                                    .bytes = str_or(report->reply_body, ""),
                                    .length = report->reply_body ? strlen(report->reply_body) : 0});
}

static void wish_next(struct report *it);

/* A wish that the desk will never take (the incident is gone) is answered all the same: the
 * provider can do nothing about it. What could not be stored is asked for again. */
static void wished(struct requests_open *open)
{
    struct report *it = container_of(open, struct report, wish);
    if (open->result != RESULT_OK && open->result != RESULT_NOT_FOUND &&
        open->result != RESULT_CONFLICT) {
        call_error(it->call, &open->error);
        return;
    }
    it->at++;
    wish_next(it);
}

static void wish_next(struct report *it)
{
    if (it->at == it->report.n_wishes) {
        answer(it);
        return;
    }
    const struct delivery_wish *wish = &it->report.wishes[it->at];
    it->wish = (struct requests_open){
        .cb = wished,
        .arena = it->call->arena,
        .incident = wish->incident,
        .given = {.number = &wish->number, .channel_received = it->report.channel}};
    requests_open(it->call->api->requests, &it->wish);
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
    wish_next(it);
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
