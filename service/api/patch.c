/* patch.c - PATCH /v1/incidents/{id}: facts change hourly. A merge patch (RFC 7396) with If-Match,
 * so that two who write at once do not undo each other; `reason` says why and is kept with old and
 * new value. The incident that would come of it is checked as a posted one is. */

/* System. */
#include <string.h>

/* Base. */
#include "base/json.h"
#include "base/str.h"

/* This module. */
#include "service/api/call.h"
#include "service/api/incident_json.h"
#include "service/api/json_check.h"
#include "service/api/resources.h"
#include "service/delivery/wave/wave.h"

struct patch {
    struct call *call;
    struct delivery_incident_patch patch;
    struct findings findings;
    const char *reason;
};

static bool still_good(void *context, struct json_object *document)
{
    struct patch *it = context;
    const struct incident_rules rules = {.channels = it->call->api->config.channels,
                                         .n_channels = it->call->api->config.n_channels,
                                         .now = call_now(it->call)};
    return incident_json_check(document, &rules, &it->findings);
}

static void refuse(struct patch *it, const struct error *error)
{
    if (it->findings.total)
        call_findings(it->call, HTTP_PROBLEM_INVALID_CONTENT, &it->findings);
    else if (error->code == RESULT_CONFLICT)
        call_problem(it->call, HTTP_PROBLEM_PRECONDITION, "If-Match",
                     "The incident changed since you read it; read it again, then send the change "
                     "anew.");
    else
        call_error(it->call, error);
}

static void patched(struct delivery_request *request)
{
    struct patch *it = container_of(request, struct patch, patch.request);
    if (request->result != RESULT_OK && request->result != RESULT_EXISTS) {
        refuse(it, &request->error);
        return;
    }
    struct json_object *json = json_object_new_object();
    const char *etag = arena_printf(it->call->arena, "\"%lld\"", (long long)it->patch.version);
    size_t length = 0;
    out_id(json, "id", "inc", it->patch.incident);
    out_int(json, "version", it->patch.version);
    out_int(json, "notice_version", it->patch.notice);
    out_bool(json, "changed", request->result == RESULT_OK);
    out_int(json, "waves_to_approve_again", it->patch.voided);
    if (it->patch.document)
        json_object_object_add(json, "incident", it->patch.document);
    const char *text = json_text_of(it->call->arena, json, &length);
    if (!text || !etag) {
        call_problem(it->call, HTTP_PROBLEM_INTERNAL, NULL,
                     "The answer is too large; read the incident instead.");
        return;
    }
    call_reply(it->call, &(struct call_reply){.status = 200,
                                              .type = "application/json",
                                              .bytes = text,
                                              .length = length,
                                              .fields = &(struct http_field){"ETag", etag},
                                              .n_fields = 1});
}

/* "7" with or without quotes; false after an answer. */
static bool read_version(struct call *call, int64_t *version)
{
    const char *text = http_request_header(call->http, "If-Match");
    char digits[24];
    size_t n = text ? strlen(text) : 0;
    if (n >= 2 && text[0] == '"' && text[n - 1] == '"') {
        text++;
        n -= 2;
    }
    if (n > 0 && n < sizeof digits) {
        memcpy(digits, text, n);
        digits[n] = 0;
        if (parse_i64(digits, version) && *version > 0)
            return true;
    }
    http_problem(call->http,
                 &(struct http_problem){.slug = HTTP_PROBLEM_PRECONDITION,
                                        .status = text ? 0 : 428,
                                        .detail = "If-Match must name the version that you read "
                                                  "(ETag of the incident); send it."});
    call_end(call);
    return false;
}

/* What cannot be changed any more, and what is no part of the document. */
static void check_patch(struct call *call, struct findings *findings)
{
    static const char *const fixed[] = {"test", "kind", "recipients"};
    const struct member_rule reason = {"reason", MEMBER_LINE, 500, true, NULL};
    struct json_object *value = json_get(call->json, "reason");
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        if (json_object_object_get_ex(call->json, fixed[i], NULL))
            findings_add(findings, "", fixed[i],
                         "It cannot be changed; open a new incident, or upload the people.");
    if (value)
        json_check_value(value, "", &reason, findings);
    else
        findings_add(findings, "", "reason", "A change needs a reason; say why.");
}

void incidents_patch(struct call *call)
{
    struct patch *it = arena_new(call->arena, struct patch);
    int64_t version = 0;
    findings_init(&it->findings, call->arena);
    check_patch(call, &it->findings);
    if (it->findings.total) {
        call_findings(call, HTTP_PROBLEM_INVALID_CONTENT, &it->findings);
        return;
    }
    id incident = call_path_id(call, "id", "inc");
    if (!incident || !read_version(call, &version))
        return;
    it->call = call;
    it->reason = arena_strdup(call->arena, json_get_string(call->json, "reason"));
    json_object_object_del(call->json, "reason");
    it->patch = (struct delivery_incident_patch){.request = {.cb = patched, .arena = call->arena},
                                                 .incident = incident,
                                                 .principal = call->principal,
                                                 .version = version,
                                                 .patch = call->json,
                                                 .reason = str_or(it->reason, ""),
                                                 .check = still_good,
                                                 .context = it};
    delivery_incident_patch(call->api->config.delivery, &it->patch);
}
