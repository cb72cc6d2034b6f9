/* restores.c - POST /v1/restores/approve: a store that was restored from a copy goes on. */

/* This module. */
#include "service/api/call.h"
#include "service/api/json_check.h"
#include "service/api/resources.h"
#include "service/delivery/restore/restore.h"
#include "service/receipts/receipt_log.h"

struct restore {
    struct call *call;
    struct delivery_restore_approve approve;
};

static const struct member_rule restore_members[] = {
    {"reason", MEMBER_LINE, 500, true, NULL},
};

/* The log rested with the engine: a copy that signs would show two trees of one size. */
static void approved(struct delivery_request *request)
{
    struct restore *it = container_of(request, struct restore, approve.request);
    if (request->result != RESULT_OK) {
        call_error(it->call, &request->error);
        return;
    }
    if (it->call->api->config.log != NULL)
        receipt_log_start(it->call->api->config.log);
    struct json_object *json = json_object_new_object();
    out_text(json, "status", "approved");
    call_reply_json(it->call, 200, json);
}

void restore_approve_post(struct call *call)
{
    struct findings findings;
    findings_init(&findings, call->arena);
    json_check(call->json, "", MEMBER_RULES(restore_members), &findings);
    if (findings.total) {
        call_findings(call, HTTP_PROBLEM_INVALID_CONTENT, &findings);
        return;
    }
    struct restore *it = arena_new(call->arena, struct restore);
    it->call = call;
    it->approve =
        (struct delivery_restore_approve){.request = {.cb = approved, .arena = call->arena},
                                          .principal = call->principal,
                                          .reason = json_get_string(call->json, "reason")};
    delivery_restore_approve(call->api->config.delivery, &it->approve);
}
