/* waivers.c - POST /v1/incidents/{id}/rejected/decisions: an approver says that rejected rows need
 * no notice, and why. Their corrections are uploads: POST .../recipients?mode=repair. */

/* Base. */
#include "base/json.h"
#include "base/str.h"

/* This module. */
#include "service/api/call.h"
#include "service/api/json_check.h"
#include "service/api/resources.h"
#include "service/delivery/roster/roster.h"

struct waiver {
    struct call *call;
    struct delivery_waive waive;
};

static const struct member_rule members[] = {
    {"decision", MEMBER_LINE, 20, true, NULL},
    {"rows", MEMBER_ARRAY, WAIVE_ROWS_MAX, false, NULL},
    {"all", MEMBER_BOOL, 0, false, NULL},
    {"reason", MEMBER_LINE, 300, true, NULL},
};

static void waived(struct delivery_request *request)
{
    struct waiver *it = container_of(request, struct waiver, waive.request);
    if (request->result != RESULT_OK) {
        call_error(it->call, &request->error);
        return;
    }
    struct json_object *json = json_object_new_object();
    out_id(json, "incident", "inc", it->waive.incident);
    out_int(json, "waived", it->waive.waived);
    out_int(json, "undecided", it->waive.undecided);
    call_reply_json(it->call, 200, json);
}

static void check_rows(struct json_object *json, struct findings *findings)
{
    struct json_object *rows = json_get(json, "rows");
    const bool all = json_get_bool(json, "all", false);
    if (!str_equal(json_get_string(json, "decision"), "waive"))
        findings_add(
            findings, "", "decision",
            "It must be waive; corrections are uploaded with POST .../recipients?mode=repair.");
    if (all == (rows != NULL))
        findings_add(
            findings, "", "rows",
            "Name the rows by their numbers in the list, or say all: true; one of the two.");
    for (size_t i = 0; rows && i < json_object_array_length(rows); i++)
        if (!json_object_is_type(json_object_array_get_idx(rows, i), json_type_int))
            findings_add(findings, "", "rows", "A row is a number of the list; correct it.");
}

/* NULL: all. */
static const int64_t *read_rows(struct call *call, size_t *ret_n)
{
    struct json_object *rows = json_get(call->json, "rows");
    *ret_n = rows ? json_object_array_length(rows) : 0;
    int64_t *numbers = rows ? arena_alloc(call->arena, (*ret_n + 1) * sizeof(*numbers)) : NULL;
    for (size_t i = 0; numbers && i < *ret_n; i++)
        numbers[i] = json_object_get_int64(json_object_array_get_idx(rows, i));
    return numbers;
}

void rejected_decide(struct call *call)
{
    struct findings findings;
    findings_init(&findings, call->arena);
    json_check(call->json, "", MEMBER_RULES(members), &findings);
    if (!findings.total)
        check_rows(call->json, &findings);
    if (findings.total) {
        call_findings(call, HTTP_PROBLEM_INVALID_CONTENT, &findings);
        return;
    }
    id incident = call_path_id(call, "id", "inc");
    if (!incident)
        return;
    struct waiver *it = arena_new(call->arena, struct waiver);
    it->call = call;
    it->waive = (struct delivery_waive){.request = {.cb = waived, .arena = call->arena},
                                        .incident = incident,
                                        .principal = call->principal,
                                        .reason = json_get_string(call->json, "reason")};
    it->waive.rows = read_rows(call, &it->waive.n);
    delivery_waive(call->api->config.delivery, &it->waive);
}
