/* duties.c - POST .../plan: who must be told by law, by when, and who waits for whom; POST
 * .../duties/{key}: one of them is done, or overridden; GET /v1/obligations: what is open; POST
 * .../decisions-not-to-notify. */

/* System. */
#include <string.h>

/* Base. */
#include "base/json.h"
#include "base/str.h"

/* Interfaces. */
#include "tocsin/recipient.h"

/* This module. */
#include "service/api/call.h"
#include "service/api/json_check.h"
#include "service/api/resources.h"
#include "service/delivery/duty/duty.h"

enum { PLACES_MAX = 64, NOTE_MAX = 2000 };

static bool without_rules(struct call *call)
{
    struct error error = {0};
    if (call->api->config.rules != NULL)
        return false;
    error_set(&error, RESULT_UNAVAILABLE, NULL,
              "No rules are configured; ask the operator to set `rules`.");
    call_error(call, &error);
    return true;
}

/* ---- The plan. ---- */

struct planning {
    struct call *call;
    struct delivery_legal_plan plan;
};

static void planned(struct delivery_request *request)
{
    struct planning *it = container_of(request, struct planning, plan.request);
    if (request->result != RESULT_OK)
        call_error(it->call, &request->error);
    else
        call_reply(it->call, &(struct call_reply){.status = 200,
                                                  .type = "application/json",
                                                  .bytes = it->plan.json,
                                                  .length = strlen(it->plan.json)});
}

void plan_post(struct call *call)
{
    id incident = call_path_id(call, "id", "inc");
    if (!incident || without_rules(call))
        return;
    struct planning *it = arena_new(call->arena, struct planning);
    it->call = call;
    it->plan = (struct delivery_legal_plan){.request = {.cb = planned, .arena = call->arena},
                                            .incident = incident,
                                            .principal = call->principal};
    delivery_legal_plan(call->api->config.delivery, &it->plan);
}

/* ---- One duty. ---- */

struct deciding {
    struct call *call;
    struct delivery_duty duty;
};

static struct json_object *duty_json(const struct duty_row *row)
{
    static const char *const words[] = {"name", "to", "standard", "citation", "due"};
    struct json_object *json = json_object_new_object(), *body = NULL;
    out_id(json, "incident", "inc", row->incident);
    out_text(json, "key", row->key);
    out_text(json, "jurisdiction", row->jurisdiction);
    out_text(json, "state", sm_name(&duty_states, row->state));
    out_bool(json, "people_wait", row->blocks && row->state == DUTY_OPEN);
    if (json_read(row->body, strlen(row->body), &body, NULL) != RESULT_OK)
        body = NULL;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        out_text(json, words[i], json_get_string(body, words[i]));
    json_object_put(body);
    out_time(json, "done_at", row->told_at);
    out_id(json, "decided_by", "tok", row->decided_by);
    return json;
}

static void decided(struct delivery_request *request)
{
    struct deciding *it = container_of(request, struct deciding, duty.request);
    if (request->result != RESULT_OK) {
        call_error(it->call, &request->error);
        return;
    }
    if (it->duty.freed)
        requests_wake(it->call->api->requests);
    struct json_object *json = duty_json(&it->duty.row);
    out_bool(json, "people_go_on", it->duty.freed);
    call_reply_json(it->call, 200, json);
}

static void check_digest(struct json_object *json, const char *name, struct findings *findings)
{
    const char *text = json_get_string(json, name);
    if (text && (strlen(text) != 64 || strspn(text, "0123456789abcdef") != 64))
        findings_add(findings, "", name,
                     "It must be a SHA-256 digest in lower-case hexadecimal; correct it.");
}

static void check_duty(struct call *call, struct findings *findings)
{
    struct json_object *json = call->json;
    const bool over = json_get_bool(json, "override", false);
    int64_t at = 0;
    if (over && json_get(json, "done_at"))
        findings_add(findings, "", "done_at",
                     "It is done, or it is overridden; leave one of the two out.");
    if (over && str_empty(json_get_string(json, "note")))
        findings_add(findings, "", "note", "An override needs a reason; say why.");
    if (!over && !json_get(json, "done_at"))
        findings_add(findings, "", "done_at", "Say when it was done.");
    if (json_member_time(json, "done_at", &at) && at > call_now(call))
        findings_add(findings, "", "done_at", "It lies in the future; correct it.");
    check_digest(json, "attachment_digest", findings);
}

void duty_post(struct call *call)
{
    static const struct member_rule members[] = {
        {"done_at", MEMBER_TIME, 0, false, NULL},
        {"override", MEMBER_BOOL, 0, false, NULL},
        {"reference", MEMBER_LINE, 200, false, NULL},
        {"attachment_digest", MEMBER_LINE, 64, false, NULL},
        {"note", MEMBER_TEXT, NOTE_MAX, false, NULL},
    };
    struct findings findings;
    findings_init(&findings, call->arena);
    json_check(call->json, "", MEMBER_RULES(members), &findings);
    check_duty(call, &findings);
    if (findings.total) {
        call_findings(call, HTTP_PROBLEM_INVALID_CONTENT, &findings);
        return;
    }
    id incident = call_path_id(call, "id", "inc");
    if (!incident)
        return;
    const bool over = json_get_bool(call->json, "override", false);
    if (over && !(call->roles & ROLE_APPROVER)) {
        call_problem(call, HTTP_PROBLEM_FORBIDDEN, "override",
                     "Only an approver may let people be told before a duty is done.");
        return;
    }
    struct deciding *it = arena_new(call->arena, struct deciding);
    it->call = call;
    it->duty = (struct delivery_duty){.request = {.cb = decided, .arena = call->arena},
                                      .incident = incident,
                                      .principal = call->principal,
                                      .key = str_or(http_request_param(call->http, "key"), ""),
                                      .override = over,
                                      .told_at = TIME_NONE,
                                      .reference = json_get_string(call->json, "reference"),
                                      .attachment_digest =
                                          json_get_string(call->json, "attachment_digest"),
                                      .note = json_get_string(call->json, "note")};
    json_member_time(call->json, "done_at", &it->duty.told_at);
    delivery_duty(call->api->config.delivery, &it->duty);
}

/* ---- What is open. ---- */

struct listing {
    struct call *call;
    struct delivery_duty_list list;
};

static void listed(struct delivery_request *request)
{
    struct listing *it = container_of(request, struct listing, list.request);
    if (request->result != RESULT_OK) {
        call_error(it->call, &request->error);
        return;
    }
    struct json_object *json = json_object_new_object(), *items = json_object_new_array();
    const time_ms now = call_now(it->call);
    for (size_t i = 0; i < it->list.n; i++) {
        const struct duty_row *row = &it->list.rows[i];
        struct json_object *item = duty_json(row);
        json_object_object_add(
            item, "seconds_left",
            row->due_at == TIME_NONE ? NULL : json_object_new_int64((row->due_at - now) / 1000));
        json_object_array_add(items, item);
    }
    json_object_object_add(json, "items", items);
    call_reply_json(it->call, 200, json);
}

void obligations_get(struct call *call)
{
    int64_t limit = 500;
    if (!call_query_number(call, "limit", 2000, &limit))
        return;
    struct listing *it = arena_new(call->arena, struct listing);
    it->call = call;
    it->list = (struct delivery_duty_list){.request = {.cb = listed, .arena = call->arena},
                                           .limit = (unsigned)limit};
    delivery_duty_list(call->api->config.delivery, &it->list);
}

/* ---- Not to notify. ---- */

struct refraining {
    struct call *call;
    struct delivery_not_notifying refrain;
    const char *places[PLACES_MAX];
};

static void refrained(struct delivery_request *request)
{
    struct refraining *it = container_of(request, struct refraining, refrain.request);
    if (request->result != RESULT_OK) {
        call_error(it->call, &request->error);
        return;
    }
    struct json_object *json = json_object_new_object();
    out_id(json, "incident", "inc", it->refrain.incident);
    json_object_object_add(json, "jurisdictions",
                           json_object_get(json_get(it->call->json, "jurisdictions")));
    json_object_object_add(json, "keep_months",
                           it->refrain.months > 0 ? json_object_new_int64(it->refrain.months)
                                                  : NULL);
    call_reply_json(it->call, 201, json);
}

static void check_places(struct refraining *it, struct json_object *array,
                         struct findings *findings)
{
    const size_t n = array == NULL || !json_object_is_type(array, json_type_array)
                         ? 0
                         : json_object_array_length(array);
    if (n == 0)
        findings_add(findings, "", "jurisdictions",
                     "Name the jurisdictions whose people are not told, one at least.");
    for (size_t i = 0; i < n && i < PLACES_MAX; i++) {
        struct json_object *place = json_object_array_get_idx(array, i);
        it->places[i] = json_object_get_string(place);
        if (!json_object_is_type(place, json_type_string) || !jurisdiction_check(it->places[i]))
            findings_add(findings, findings_index(findings, "/jurisdictions", i), NULL,
                         "This is no jurisdiction; write US-CA, GB or EU-DE.");
    }
    it->refrain.n = n;
}

void not_notifying_post(struct call *call)
{
    static const struct member_rule members[] = {
        {"jurisdictions", MEMBER_ARRAY, PLACES_MAX, true, NULL},
        {"reasons", MEMBER_TEXT, NOTE_MAX, true, NULL},
        {"evidence_digest", MEMBER_LINE, 64, false, NULL},
    };
    struct findings findings;
    struct refraining *it = arena_new(call->arena, struct refraining);
    findings_init(&findings, call->arena);
    json_check(call->json, "", MEMBER_RULES(members), &findings);
    check_places(it, json_get(call->json, "jurisdictions"), &findings);
    check_digest(call->json, "evidence_digest", &findings);
    if (findings.total) {
        call_findings(call, HTTP_PROBLEM_INVALID_CONTENT, &findings);
        return;
    }
    id incident = call_path_id(call, "id", "inc");
    if (!incident)
        return;
    it->call = call;
    it->refrain.request.cb = refrained;
    it->refrain.request.arena = call->arena;
    it->refrain.incident = incident;
    it->refrain.principal = call->principal;
    it->refrain.jurisdictions = it->places;
    it->refrain.reasons = json_get_string(call->json, "reasons");
    it->refrain.evidence = json_get_string(call->json, "evidence_digest");
    delivery_not_notifying(call->api->config.delivery, &it->refrain);
}
