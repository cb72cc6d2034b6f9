/* restores.c - GET /v1/restores: what is known of the time since a store was copied, and how far
 * others have seen the log. GET /v1/restores/people: of whom nobody knows whether they were told.
 * POST /v1/restores/approve: it goes on. */

/* System. */
#include <stdio.h>
#include <string.h>

/* This module. */
#include "service/api/call.h"
#include "service/api/json_check.h"
#include "service/api/resources.h"
#include "service/delivery/restore/restore.h"
#include "service/receipts/log_newest.h"
#include "service/receipts/receipt_log.h"

struct restore {
    struct call *call;
    struct json_object *facts;
    struct delivery_restore_approve approve;
};

static const struct member_rule restore_members[] = {
    {"missing", MEMBER_INT, INT64_MAX, false, NULL},
    {"reason", MEMBER_LINE, 500, true, NULL},
};

/* ---- How it stands. ---- */

struct standing {
    struct call *call;
    struct delivery_restore_standing get;
};

static int64_t missing_of(const struct log_newest_compare *seen)
{
    return seen != NULL && seen->behind ? (int64_t)(seen->seen - seen->ours) : 0;
}

static struct json_object *log_json(const struct log_newest_compare *seen)
{
    struct json_object *json = json_object_new_object();
    out_int(json, "size", (int64_t)seen->ours);
    out_bool(json, "compared", seen->source != NULL);
    out_int(json, "seen", (int64_t)seen->seen);
    out_int(json, "missing", missing_of(seen));
    out_bool(json, "other_tree", seen->forked);
    return json;
}

static void stood(struct delivery_request *request)
{
    struct standing *it = container_of(request, struct standing, get.request);
    const struct log_newest_compare *seen = it->call->api->config.seen;
    if (request->result != RESULT_OK) {
        call_error(it->call, &request->error);
        return;
    }
    if (seen != NULL)
        json_object_object_add(it->get.json, "log", log_json(seen));
    call_reply_json(it->call, 200, it->get.json);
}

void restores_get(struct call *call)
{
    struct standing *it = arena_new(call->arena, struct standing);
    it->call = call;
    it->get.request = (struct delivery_request){.cb = stood, .arena = call->arena};
    delivery_restore_standing(call->api->config.delivery, &it->get);
}

/* ---- Who. ---- */

struct people {
    struct call *call;
    struct delivery_restore_people get;
};

static void listed(struct delivery_request *request)
{
    struct people *it = container_of(request, struct people, get.request);
    if (request->result != RESULT_OK) {
        call_error(it->call, &request->error);
        return;
    }
    struct json_object *json = json_object_new_object(), *items = json_object_new_array();
    for (size_t i = 0; i < it->get.n; i++) {
        const struct delivery_restore_person *person = &it->get.items[i];
        struct json_object *item = json_object_new_object();
        out_id(item, "incident", "inc", person->incident);
        out_int(item, "wave", person->wave);
        out_text(item, "recipient_id", person->recipient_id);
        out_text(item, "channel", person->channel);
        json_object_array_add(items, item);
    }
    json_object_object_add(json, "items", items);
    if (it->get.next != 0)
        out_int(json, "next", it->get.next);
    else
        out_text(json, "next", NULL);
    call_reply_json(it->call, 200, json);
}

void restore_people_get(struct call *call)
{
    int64_t after = 0;
    if (!call_query_number(call, "after", INT64_MAX, &after))
        return;
    struct people *it = arena_new(call->arena, struct people);
    it->call = call;
    it->get = (struct delivery_restore_people){.request = {.cb = listed, .arena = call->arena},
                                               .after = after};
    delivery_restore_people(call->api->config.delivery, &it->get);
}

/* ---- It goes on. ---- */

/* Nobody approves without having read how much is gone: the number is said back. */
static bool knows_what_is_missing(struct call *call)
{
    const struct log_newest_compare *seen = call->api->config.seen;
    char detail[200];
    if (missing_of(seen) == json_get_int(call->json, "missing", 0))
        return true;
    struct error error;
    snprintf(detail, sizeof(detail),
             "Others have seen %lld receipts in the log that this store does not have; say so with "
             "\"missing\": %lld.",
             (long long)missing_of(seen), (long long)missing_of(seen));
    error_set(&error, RESULT_CONFLICT, "/missing", "%s", detail);
    call_error(call, &error);
    return false;
}

/* The log rested with the engine: a copy that signs would show two trees of one size. */
static void approved(struct delivery_request *request)
{
    struct restore *it = container_of(request, struct restore, approve.request);
    json_object_put(it->facts);
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
    if (!knows_what_is_missing(call))
        return;
    struct restore *it = arena_new(call->arena, struct restore);
    it->call = call;
    it->facts = json_object_new_object();
    if (call->api->config.seen != NULL) {
        out_int(it->facts, "missing", missing_of(call->api->config.seen));
        out_int(it->facts, "log_size", (int64_t)call->api->config.seen->ours);
    }
    it->approve =
        (struct delivery_restore_approve){.request = {.cb = approved, .arena = call->arena},
                                          .principal = call->principal,
                                          .reason = json_get_string(call->json, "reason"),
                                          .facts = it->facts};
    delivery_restore_approve(call->api->config.delivery, &it->approve);
}
