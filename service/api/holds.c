/* holds.c - POST .../hold on the incident or one of its waves, GET .../holds, POST
 * .../holds/{hold}/resume, POST .../facts: who may not be sent to now, and what ends that. */

/* Base. */
#include "base/json.h"
#include "base/sm.h"
#include "base/str.h"

/* This module. */
#include "service/api/call.h"
#include "service/api/json_check.h"
#include "service/api/resources.h"
#include "service/delivery/hold/hold.h"

static const char *const codes[] = {"hold", "order_rule", NULL};
static const struct member_rule hold_members[] = {
    {"wave", MEMBER_INT, INT64_MAX, false, NULL}, {"scope", MEMBER_OBJECT, 0, false, NULL},
    {"code", MEMBER_WORD, 0, false, codes},       {"reason", MEMBER_LINE, 300, true, NULL},
    {"agency", MEMBER_LINE, 200, false, NULL},    {"officer", MEMBER_LINE, 200, false, NULL},
    {"until", MEMBER_TIME, 0, false, NULL},
};
static const struct member_rule scope_members[] = {
    {"wave", MEMBER_INT, INT32_MAX, false, NULL},
    {"jurisdiction", MEMBER_PLACE, 8, false, NULL},
    {"channel", MEMBER_NAME, 24, false, NULL},
    {"recipient", MEMBER_LINE, 200, false, NULL},
};

/* ---- Place. ---- */

struct placing {
    struct call *call;
    struct delivery_hold_place place;
};

static struct json_object *scope_json(const struct hold_scope *scope, int ordinal)
{
    struct json_object *json = json_object_new_object();
    if (ordinal > 0)
        out_int(json, "wave", ordinal);
    if (scope->jurisdiction)
        out_text(json, "jurisdiction", scope->jurisdiction);
    if (scope->channel)
        out_text(json, "channel", scope->channel);
    if (scope->recipient_id)
        out_text(json, "recipient", scope->recipient_id);
    return json;
}

static void placed(struct delivery_request *request)
{
    struct placing *it = container_of(request, struct placing, place.request);
    const struct delivery_hold_place *place = &it->place;
    if (request->result != RESULT_OK) {
        call_error(it->call, &request->error);
        return;
    }
    struct json_object *json = json_object_new_object();
    out_id(json, "incident", "inc", place->incident);
    out_id(json, "hold", "hld", place->hold);
    out_int(json, "wave", place->wave.id);
    out_text(json, "state", sm_name(&wave_states, place->wave.state));
    json_object_object_add(json, "scope",
                           scope_json(&place->scope, place->scope.wave || place->scope.ordinal
                                                         ? place->wave.ordinal
                                                         : 0));
    out_time(json, "until", place->until);
    call_reply_json(it->call, 200, json);
}

static void check_scope(struct json_object *json, struct findings *findings)
{
    struct json_object *scope = json_get(json, "scope");
    if (scope && json_object_is_type(scope, json_type_object))
        json_check(scope, "/scope", MEMBER_RULES(scope_members), findings);
    if (str_equal(json_get_string(json, "code"), "order_rule") &&
        !json_get_string(scope, "jurisdiction"))
        findings_add(findings, "/scope", "jurisdiction",
                     "An order rule is a jurisdiction's; name it.");
}

void hold_post(struct call *call)
{
    struct findings findings;
    int ordinal = 0;
    findings_init(&findings, call->arena);
    json_check(call->json, "", MEMBER_RULES(hold_members), &findings);
    check_scope(call->json, &findings);
    if (findings.total) {
        call_findings(call, HTTP_PROBLEM_INVALID_CONTENT, &findings);
        return;
    }
    id incident = call_path_id(call, "id", "inc");
    if (!incident || !call_path_ordinal(call, &ordinal))
        return;
    struct json_object *scope = json_get(call->json, "scope");
    struct placing *it = arena_new(call->arena, struct placing);
    it->call = call;
    it->place = (struct delivery_hold_place){
        .request = {.cb = placed, .arena = call->arena},
        .incident = incident,
        .principal = call->principal,
        .scope = {.wave = json_get_int(call->json, "wave", 0),
                  .ordinal = ordinal ? ordinal : (int)json_get_int(scope, "wave", 0),
                  .jurisdiction = json_get_string(scope, "jurisdiction"),
                  .channel = json_get_string(scope, "channel"),
                  .recipient_id = json_get_string(scope, "recipient")},
        .kind = str_equal(json_get_string(call->json, "code"), "order_rule") ? HOLD_ORDER_RULE
                                                                             : HOLD_PERSON,
        .reason = json_get_string(call->json, "reason"),
        .agency = json_get_string(call->json, "agency"),
        .officer = json_get_string(call->json, "officer"),
        .until = TIME_NONE};
    json_member_time(call->json, "until", &it->place.until);
    delivery_hold_place(call->api->config.delivery, &it->place);
}

/* ---- Lift one, by its id or by a fact. ---- */

struct lifting {
    struct call *call;
    struct delivery_hold_lift lift;
};

static void lifted(struct delivery_request *request)
{
    struct lifting *it = container_of(request, struct lifting, lift.request);
    if (request->result != RESULT_OK) {
        call_error(it->call, &request->error);
        return;
    }
    if (it->lift.done)
        requests_wake(it->call->api->requests);
    struct json_object *json = json_object_new_object();
    out_id(json, "incident", "inc", it->lift.incident);
    out_text(json, "state", it->lift.done ? "lifted" : "asked");
    out_int(json, "holds", it->lift.holds);
    out_text(json, "first_wave", sm_name(&wave_states, it->lift.wave.state));
    call_reply_json(it->call, it->lift.done ? 200 : 202, json);
}

static struct lifting *lifting_make(struct call *call, struct member_rules rules)
{
    struct findings findings;
    findings_init(&findings, call->arena);
    if (call->json)
        json_check(call->json, "", rules, &findings);
    if (findings.total) {
        call_findings(call, HTTP_PROBLEM_INVALID_CONTENT, &findings);
        return NULL;
    }
    id incident = call_path_id(call, "id", "inc");
    if (!incident)
        return NULL;
    struct lifting *it = arena_new(call->arena, struct lifting);
    it->call = call;
    it->lift = (struct delivery_hold_lift){.request = {.cb = lifted, .arena = call->arena},
                                           .incident = incident,
                                           .principal = call->principal,
                                           .note = call->json ? json_get_string(call->json, "note")
                                                              : NULL};
    return it;
}

void hold_resume_post(struct call *call)
{
    static const struct member_rule members[] = {{"note", MEMBER_LINE, 300, false, NULL}};
    id hold = call_path_id(call, "hold", "hld");
    struct lifting *it = hold ? lifting_make(call, MEMBER_RULES(members)) : NULL;
    if (!it)
        return;
    it->lift.hold = hold;
    delivery_hold_lift(call->api->config.delivery, &it->lift);
}

/* A fact that a rule waits for: the regulator of a jurisdiction is told. */
void facts_post(struct call *call)
{
    static const char *const kinds[] = {"regulator_told", NULL};
    static const struct member_rule members[] = {
        {"kind", MEMBER_WORD, 0, true, kinds},
        {"jurisdiction", MEMBER_PLACE, 8, true, NULL},
        {"note", MEMBER_LINE, 300, false, NULL},
    };
    struct lifting *it = lifting_make(call, MEMBER_RULES(members));
    if (!it)
        return;
    it->lift.by_fact = true;
    it->lift.scope.jurisdiction = json_get_string(call->json, "jurisdiction");
    delivery_hold_lift(call->api->config.delivery, &it->lift);
}

/* ---- The list. ---- */

struct listing {
    struct call *call;
    struct delivery_hold_list list;
};

static struct json_object *hold_json(const struct hold_view *view)
{
    const struct hold_row *row = &view->row;
    const struct hold_scope scope = {.jurisdiction = row->jurisdiction,
                                     .channel = row->channel,
                                     .recipient_id = view->recipient_id};
    struct json_object *json = json_object_new_object();
    out_id(json, "id", "hld", row->id);
    out_text(json, "code", hold_kind_name(row->kind));
    out_text(json, "state", sm_name(&hold_states, row->state));
    json_object_object_add(json, "scope", scope_json(&scope, view->ordinal));
    out_text(json, "reason", view->reason);
    out_text(json, "agency", view->agency);
    out_text(json, "officer", view->officer);
    out_time(json, "until", row->until);
    out_id(json, "placed_by", "tok", row->placed_by);
    out_time(json, "placed_at", row->placed_at);
    out_id(json, "asked_by", "tok", row->asked_by);
    out_id(json, "lifted_by", "tok", row->lifted_by);
    out_time(json, "lifted_at", row->lifted_at);
    return json;
}

static void listed(struct delivery_request *request)
{
    struct listing *it = container_of(request, struct listing, list.request);
    if (request->result != RESULT_OK) {
        call_error(it->call, &request->error);
        return;
    }
    struct json_object *json = json_object_new_object(), *items = json_object_new_array();
    for (size_t i = 0; i < it->list.n; i++)
        json_object_array_add(items, hold_json(&it->list.items[i]));
    json_object_object_add(json, "items", items);
    call_reply_json(it->call, 200, json);
}

void holds_list(struct call *call)
{
    id incident = call_path_id(call, "id", "inc");
    if (!incident)
        return;
    struct listing *it = arena_new(call->arena, struct listing);
    it->call = call;
    it->list = (struct delivery_hold_list){.request = {.cb = listed, .arena = call->arena},
                                           .incident = incident};
    delivery_hold_list(call->api->config.delivery, &it->list);
}
