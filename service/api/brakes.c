/* brakes.c - POST /v1/incidents/{id}/waves/{n}/continue: a person has looked, and the wave goes on.
 *
 * A canary's wait is ended by a responder or an approver. What stopped by itself is lifted by an
 * approver only: the figures said that something is wrong. */

/* Base. */
#include "base/json.h"
#include "base/str.h"

/* This module. */
#include "service/api/call.h"
#include "service/api/json_check.h"
#include "service/api/resources.h"
#include "service/delivery/brake/brake.h"
#include "service/delivery/brake/desk.h"

struct continuing {
    struct call *call;
    struct delivery_continue it;
};

static void continued(struct delivery_request *request)
{
    struct continuing *continuing = container_of(request, struct continuing, it.request);
    if (request->result != RESULT_OK) {
        call_error(continuing->call, &request->error);
        return;
    }
    struct json_object *json = json_object_new_object();
    out_id(json, "incident", "inc", continuing->it.incident);
    out_int(json, "ordinal", continuing->it.ordinal);
    out_text(json, "stage", brake_stage_name(continuing->it.stage));
    out_int(json, "lifted", continuing->it.lifted);
    call_reply_json(continuing->call, 200, json);
}

static const struct member_rule members[] = {
    {"scope", MEMBER_LINE, 55, false, NULL},
    {"note", MEMBER_LINE, 300, false, NULL},
};

void wave_continue_post(struct call *call)
{
    struct findings findings;
    int64_t ordinal = 0;
    id incident = call_path_id(call, "id", "inc");
    if (!incident)
        return;
    if (!parse_i64(str_or(http_request_param(call->http, "n"), ""), &ordinal) || ordinal < 1 ||
        ordinal > INT32_MAX) {
        call_problem(call, HTTP_PROBLEM_NOT_FOUND, NULL,
                     "A wave is named by its ordinal, 1 for the first; read the incident.");
        return;
    }
    findings_init(&findings, call->arena);
    if (call->json)
        json_check(call->json, "", MEMBER_RULES(members), &findings);
    if (findings.total) {
        call_findings(call, HTTP_PROBLEM_INVALID_CONTENT, &findings);
        return;
    }
    struct continuing *continuing = arena_new(call->arena, struct continuing);
    continuing->call = call;
    continuing->it = (struct delivery_continue){
        .request = {.cb = continued, .arena = call->arena},
        .incident = incident,
        .principal = call->principal,
        .ordinal = (int)ordinal,
        .scope = call->json ? json_get_string(call->json, "scope") : NULL,
        .note = call->json ? json_get_string(call->json, "note") : NULL,
        .may_lift = (call->roles & ROLE_APPROVER) != 0,
    };
    delivery_continue(call->api->config.delivery, &continuing->it);
}
