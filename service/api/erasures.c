/* erasures.c - forgetting: POST /v1/recipients/erasures, POST /v1/incidents/{id}/erasure, and
 * GET and PUT /v1/incidents/{id}/retention. */

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/api/call.h"
#include "service/api/json_check.h"
#include "service/api/resources.h"
#include "service/delivery/erase/erase.h"

enum { MONTHS_MAX = 1200 };

static void check_basis(struct json_object *json, struct findings *findings)
{
    const char *basis = json_get_string(json, "basis");
    if (basis && !erase_basis_ok(basis))
        findings_add(findings, "", "basis",
                     "It stands in the public receipt: give a short reference such as "
                     "gdpr-17-1-b, without names.");
}

/* ---- A person. ---- */

struct erasure {
    struct call *call;
    struct delivery_erase erase;
};

static const struct member_rule erasure_members[] = {
    {"incident", MEMBER_LINE, 32, false, NULL},
    {"all", MEMBER_BOOL, 0, false, NULL},
    {"recipient_id", MEMBER_LINE, 255, false, NULL},
    {"account_id", MEMBER_LINE, 255, false, NULL},
    {"basis", MEMBER_LINE, ERASE_BASIS_MAX, true, NULL},
};

static struct json_object *item_json(const struct erase_item *item)
{
    struct json_object *json = json_object_new_object();
    out_id(json, "incident", "inc", item->incident);
    out_int(json, "people", item->people);
    out_text(json, "refused", item->why);
    return json;
}

static void erased(struct delivery_request *request)
{
    struct erasure *it = container_of(request, struct erasure, erase.request);
    if (request->result != RESULT_OK) {
        call_error(it->call, &request->error);
        return;
    }
    struct json_object *json = json_object_new_object(), *items = json_object_new_array();
    for (size_t i = 0; i < it->erase.n; i++)
        json_object_array_add(items, item_json(&it->erase.items[i]));
    out_int(json, "people", it->erase.people);
    out_int(json, "preferences", it->erase.preferences);
    out_bool(json, "verified", it->erase.verified);
    out_bool(json, "rebuilt", it->erase.rebuilt);
    json_object_object_add(json, "incidents", items);
    call_reply_json(it->call, 200, json);
}

/* Which incident; 0: all of them. */
static id read_scope(struct json_object *json, struct findings *findings)
{
    const char *text = json_get_string(json, "incident");
    struct json_object *all = json_get(json, "all");
    bool everywhere = all != NULL && json_object_get_boolean(all);
    id incident = 0;
    if ((text != NULL) == everywhere)
        findings_add(findings, "", "incident",
                     "Name one incident, or say \"all\": true; one of the two.");
    else if (text != NULL && (incident = id_parse(text, "inc")) == 0)
        findings_add(findings, "", "incident", "It is no incident's id; correct it.");
    return incident;
}

void erasures_post(struct call *call)
{
    struct findings findings;
    findings_init(&findings, call->arena);
    json_check(call->json, "", MEMBER_RULES(erasure_members), &findings);
    check_basis(call->json, &findings);
    id incident = findings.total ? 0 : read_scope(call->json, &findings);
    const char *recipient_id = json_get_string(call->json, "recipient_id");
    const char *account_id = json_get_string(call->json, "account_id");
    if ((recipient_id != NULL) == (account_id != NULL))
        findings_add(&findings, "", "recipient_id",
                     "Name the person by recipient_id or by account_id; one of the two.");
    if (findings.total) {
        call_findings(call, HTTP_PROBLEM_INVALID_CONTENT, &findings);
        return;
    }
    struct erasure *it = arena_new(call->arena, struct erasure);
    it->call = call;
    it->erase = (struct delivery_erase){.request = {.cb = erased, .arena = call->arena},
                                        .incident = incident,
                                        .recipient_id = recipient_id,
                                        .account_id = account_id,
                                        .principal = call->principal,
                                        .basis = json_get_string(call->json, "basis")};
    delivery_erase(call->api->config.delivery, &it->erase);
}

/* ---- An incident. ---- */

struct incident_erasure {
    struct call *call;
    struct delivery_erase_incident erase;
};

static const struct member_rule incident_erasure_members[] = {
    {"basis", MEMBER_LINE, ERASE_BASIS_MAX, true, NULL},
};

static void incident_erased(struct delivery_request *request)
{
    struct incident_erasure *it = container_of(request, struct incident_erasure, erase.request);
    if (request->result != RESULT_OK) {
        call_error(it->call, &request->error);
        return;
    }
    struct json_object *json = json_object_new_object();
    out_id(json, "incident", "inc", it->erase.incident);
    out_bool(json, "verified", it->erase.verified);
    out_bool(json, "rebuilt", it->erase.rebuilt);
    call_reply_json(it->call, 200, json);
}

void incident_erasure_post(struct call *call)
{
    struct findings findings;
    findings_init(&findings, call->arena);
    json_check(call->json, "", MEMBER_RULES(incident_erasure_members), &findings);
    check_basis(call->json, &findings);
    if (findings.total) {
        call_findings(call, HTTP_PROBLEM_INVALID_CONTENT, &findings);
        return;
    }
    id incident = call_path_id(call, "id", "inc");
    if (!incident)
        return;
    struct incident_erasure *it = arena_new(call->arena, struct incident_erasure);
    it->call = call;
    it->erase =
        (struct delivery_erase_incident){.request = {.cb = incident_erased, .arena = call->arena},
                                         .incident = incident,
                                         .principal = call->principal,
                                         .basis = json_get_string(call->json, "basis")};
    delivery_erase_incident(call->api->config.delivery, &it->erase);
}

/* ---- How long it is kept. ---- */

struct retention {
    struct call *call;
    struct delivery_keep keep;
};

static const struct member_rule retention_members[] = {
    {"retention_months", MEMBER_INT, MONTHS_MAX, false, NULL},
    {"legal_hold", MEMBER_BOOL, 0, false, NULL},
    {"reason", MEMBER_LINE, 500, true, NULL},
};

static void kept(struct delivery_request *request)
{
    struct retention *it = container_of(request, struct retention, keep.request);
    if (request->result != RESULT_OK) {
        call_error(it->call, &request->error);
        return;
    }
    struct json_object *json = json_object_new_object();
    out_id(json, "incident", "inc", it->keep.incident);
    out_int(json, "retention_months", it->keep.months);
    out_bool(json, "legal_hold", it->keep.legal_hold != 0);
    out_time(json, "due_at", it->keep.due_at);
    out_time(json, "erased_at", it->keep.erased_at);
    call_reply_json(it->call, 200, json);
}

/* NULL: answered already. */
static struct retention *retention_make(struct call *call)
{
    id incident = call_path_id(call, "id", "inc");
    if (!incident)
        return NULL;
    struct retention *it = arena_new(call->arena, struct retention);
    it->call = call;
    it->keep = (struct delivery_keep){.request = {.cb = kept, .arena = call->arena},
                                      .incident = incident,
                                      .principal = call->principal};
    return it;
}

void retention_get(struct call *call)
{
    struct retention *it = retention_make(call);
    if (it)
        delivery_keep(call->api->config.delivery, &it->keep);
}

void retention_put(struct call *call)
{
    struct findings findings;
    findings_init(&findings, call->arena);
    json_check(call->json, "", MEMBER_RULES(retention_members), &findings);
    struct json_object *hold = json_get(call->json, "legal_hold");
    if (findings.total == 0 && hold == NULL && json_get(call->json, "retention_months") == NULL)
        findings_add(&findings, "", "retention_months",
                     "Nothing is to be changed; name retention_months or legal_hold.");
    if (findings.total) {
        call_findings(call, HTTP_PROBLEM_INVALID_CONTENT, &findings);
        return;
    }
    struct retention *it = retention_make(call);
    if (!it)
        return;
    it->keep.change = true;
    it->keep.months = (int)json_get_int(call->json, "retention_months", -1);
    it->keep.legal_hold = hold == NULL ? -1 : json_object_get_boolean(hold);
    it->keep.reason = json_get_string(call->json, "reason");
    delivery_keep(call->api->config.delivery, &it->keep);
}
