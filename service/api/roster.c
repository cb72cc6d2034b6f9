/* roster.c - GET /v1/incidents/{id}/roster: what was uploaded, seen before anything is approved;
 * and POST .../uploads/{upload}/discard, which takes an upload back. The summary is the engine's,
 * the uploads and warnings are the store's. */

/* System. */
#include <string.h>

/* Base. */
#include "base/json.h"

/* This module. */
#include "service/api/call.h"
#include "service/api/json_check.h"
#include "service/api/resources.h"
#include "service/delivery/roster/intake.h"
#include "service/delivery/roster/roster.h"

struct roster {
    struct call *call;
    struct delivery_roster_view view;
    struct delivery_incident_get get;
    struct store_upload_list uploads;
    struct store_warning_count warnings;
};

static const char *mode_name(enum upload_mode mode)
{
    return mode == UPLOAD_REPLACE ? "replace" : mode == UPLOAD_REPAIR ? "repair" : "append";
}

/* How the file was read; sealed by the incident's key. */
static void add_sheet(struct roster *it, struct json_object *json, const struct upload_info *upload)
{
    struct buf text;
    if (upload->shape.length == 0)
        return;
    buf_init(&text, 1 << 20);
    if (delivery_open(it->call->api->config.delivery, it->get.row.key, UPLOAD_SHAPE_BOUND,
                      upload->shape, &text))
        out_json(json, "sheet", text.data);
    buf_free(&text);
}

static struct json_object *upload_json(struct roster *it, const struct upload_info *upload)
{
    struct json_object *json = json_object_new_object();
    out_id(json, "upload", "upl", upload->upload);
    out_int(json, "part", upload->part);
    out_text(json, "mode", mode_name(upload->mode));
    out_text(json, "state",
             upload->state == UPLOAD_DISCARDED ? "discarded"
             : upload->state == UPLOAD_JOINED  ? "joined"
                                               : "stored");
    out_time(json, "at", upload->at);
    out_int(json, "accepted", upload->accepted);
    out_int(json, "duplicates", upload->duplicates);
    out_int(json, "rejected", upload->rejected);
    out_int(json, "undecided", upload->undecided);
    out_int(json, "warnings", upload->warnings);
    add_sheet(it, json, upload);
    return json;
}

/* The last number that the responder named, and how far off the roster is. */
static void add_expected(struct roster *it, struct json_object *json)
{
    int64_t expected = 0;
    for (size_t i = 0; i < it->uploads.n; i++)
        if (it->uploads.uploads[i].expected > 0 && it->uploads.uploads[i].state != UPLOAD_DISCARDED)
            expected = it->uploads.uploads[i].expected;
    if (expected == 0)
        return;
    out_int(json, "expected_people", expected);
    out_int(json, "difference", it->get.row.accepted - expected);
}

static struct json_object *warnings_json(const struct store_warning_count *warnings)
{
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < warnings->n; i++) {
        const struct warning_count *count = &warnings->counts[i];
        struct json_object *item = json_object_new_object();
        out_text(item, "field", count->field);
        out_text(item, "action", count->repaired ? "repaired" : "left_out");
        out_text(item, "reason", count->reason);
        out_int(item, "rows", count->n);
        json_object_array_add(list, item);
    }
    return list;
}

static void warnings_found(struct store_request *request)
{
    struct roster *it = container_of(request, struct roster, warnings.request);
    struct json_object *json = NULL, *uploads = json_object_new_array();
    if (request->result != RESULT_OK ||
        json_read(it->view.json, strlen(it->view.json), &json, NULL) != RESULT_OK)
        json = json_object_new_object();
    out_id(json, "incident", "inc", it->get.incident);
    out_int(json, "accepted", it->get.row.accepted);
    out_int(json, "duplicates", it->get.row.duplicates);
    out_int(json, "rejected", it->get.row.rejected);
    out_int(json, "undecided", it->get.row.undecided);
    add_expected(it, json);
    for (size_t i = 0; i < it->uploads.n; i++)
        json_object_array_add(uploads, upload_json(it, &it->uploads.uploads[i]));
    json_object_object_add(json, "uploads", uploads);
    json_object_object_add(json, "warnings", warnings_json(&it->warnings));
    json_object_put(it->get.document);
    call_reply_json(it->call, 200, json);
}

static void uploads_found(struct store_request *request)
{
    struct roster *it = container_of(request, struct roster, uploads.request);
    if (request->result == RESULT_OK) {
        store_warning_count(it->call->api->config.store, &it->warnings);
        return;
    }
    json_object_put(it->get.document);
    call_error(it->call, &request->error);
}

static void incident_found(struct delivery_request *request)
{
    struct roster *it = container_of(request, struct roster, get.request);
    if (request->result != RESULT_OK)
        call_error(it->call, &request->error);
    else
        store_upload_list(it->call->api->config.store, &it->uploads);
}

static void viewed(struct delivery_request *request)
{
    struct roster *it = container_of(request, struct roster, view.request);
    if (request->result != RESULT_OK)
        call_error(it->call, &request->error);
    else
        delivery_incident_get(it->call->api->config.delivery, &it->get);
}

void roster_get(struct call *call)
{
    id incident = call_path_id(call, "id", "inc");
    if (!incident)
        return;
    struct roster *it = arena_new(call->arena, struct roster);
    it->call = call;
    it->view = (struct delivery_roster_view){.request = {.cb = viewed, .arena = call->arena},
                                             .incident = incident};
    it->get = (struct delivery_incident_get){
        .request = {.cb = incident_found, .arena = call->arena}, .incident = incident};
    it->uploads = (struct store_upload_list){.request = {.cb = uploads_found, .arena = call->arena},
                                             .incident = incident};
    it->warnings = (struct store_warning_count){
        .request = {.cb = warnings_found, .arena = call->arena}, .incident = incident};
    delivery_roster_view(call->api->config.delivery, &it->view);
}

/* ---- Discard. ---- */

struct discard {
    struct call *call;
    struct delivery_discard discard;
};

static void discarded(struct delivery_request *request)
{
    struct discard *it = container_of(request, struct discard, discard.request);
    if (request->result != RESULT_OK) {
        call_error(it->call, &request->error);
        return;
    }
    struct json_object *json = json_object_new_object();
    out_id(json, "incident", "inc", it->discard.incident);
    out_id(json, "upload", "upl", it->discard.upload);
    out_int(json, "went", it->discard.accepted);
    out_int(json, "came_back", it->discard.revived);
    call_reply_json(it->call, 200, json);
}

static const struct member_rule members[] = {{"reason", MEMBER_LINE, 300, true, NULL}};

void upload_discard_post(struct call *call)
{
    struct findings findings;
    findings_init(&findings, call->arena);
    json_check(call->json, "", MEMBER_RULES(members), &findings);
    if (findings.total) {
        call_findings(call, HTTP_PROBLEM_INVALID_CONTENT, &findings);
        return;
    }
    id incident = call_path_id(call, "id", "inc");
    id upload = incident ? call_path_id(call, "upload", "upl") : 0;
    if (!upload)
        return;
    struct discard *it = arena_new(call->arena, struct discard);
    it->call = call;
    it->discard = (struct delivery_discard){.request = {.cb = discarded, .arena = call->arena},
                                            .incident = incident,
                                            .upload = upload,
                                            .principal = call->principal,
                                            .reason = json_get_string(call->json, "reason")};
    delivery_discard(call->api->config.delivery, &it->discard);
}
