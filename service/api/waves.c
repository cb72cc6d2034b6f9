/* waves.c - POST and GET .../waves: one more notice to some or all of the people of an incident;
 * GET
 * .../notices: every version of what was, is or will be said. */

/* Base. */
#include "base/json.h"
#include "base/str.h"

/* This module. */
#include "service/api/call.h"
#include "service/api/incident_view.h"
#include "service/api/json_check.h"
#include "service/api/resources.h"
#include "service/api/wave_json.h"
#include "service/delivery/wave/wave.h"

/* ---- Open. ---- */

struct opening {
    struct call *call;
    struct delivery_wave_open open;
    const char *location, *answer;
    size_t answer_length;
};

static bool make_answer(struct opening *it, const struct wave_row *row)
{
    char id_text[ID_TEXT_SIZE];
    struct json_object *json = json_object_new_object();
    out_id(json, "incident", "inc", it->open.incident);
    out_int(json, "ordinal", row->ordinal);
    out_text(json, "kind", wave_kind_name(row->kind));
    out_text(json, "state", "draft");
    it->location = arena_printf(it->call->arena, "/v1/incidents/%s/waves/%d",
                                id_format(id_text, "inc", it->open.incident), row->ordinal);
    it->answer = json_text_of(it->call->arena, json, &it->answer_length);
    return it->answer != NULL && it->location != NULL;
}

static const struct idempotency *record(void *context, const struct wave_row *row)
{
    struct opening *it = context;
    if (!make_answer(it, row))
        return NULL;
    return idempotency_record(it->call, &(struct idempotency_reply){.status = 201,
                                                                    .location = it->location,
                                                                    .body = it->answer,
                                                                    .length = it->answer_length});
}

static void opened(struct delivery_request *request)
{
    struct opening *it = container_of(request, struct opening, open.request);
    json_object_put(it->open.spec);
    if (request->result == RESULT_EXISTS)
        call_problem(it->call, HTTP_PROBLEM_CONFLICT, "Idempotency-Key",
                     "This key was used meanwhile; send the request again to get its answer.");
    else if (request->result != RESULT_OK)
        call_error(it->call, &request->error);
    else if (!make_answer(it, &it->open.row))
        call_problem(it->call, HTTP_PROBLEM_INTERNAL, NULL,
                     "The answer is too large; read the wave instead.");
    else
        call_reply(it->call,
                   &(struct call_reply){.status = 201,
                                        .type = "application/json",
                                        .bytes = it->answer,
                                        .length = it->answer_length,
                                        .fields = &(struct http_field){"Location", it->location},
                                        .n_fields = 1});
}

static const char *caps_text(struct call *call)
{
    struct json_object *caps = json_get(call->json, "caps");
    size_t length;
    return caps == NULL ? NULL : json_text_of(call->arena, json_object_get(caps), &length);
}

static void open_wave(struct call *call)
{
    struct findings findings;
    findings_init(&findings, call->arena);
    const struct incident_rules rules = {.channels = call->api->config.channels,
                                         .n_channels = call->api->config.n_channels,
                                         .now = call_now(call)};
    if (!wave_json_check(call->json, &rules, &findings)) {
        call_findings(call, HTTP_PROBLEM_INVALID_CONTENT, &findings);
        return;
    }
    id incident = call_path_id(call, "id", "inc");
    if (!incident)
        return;
    struct opening *it = arena_new(call->arena, struct opening);
    it->call = call;
    it->open = (struct delivery_wave_open){
        .request = {.cb = opened, .arena = call->arena},
        .incident = incident,
        .principal = call->principal,
        .kind = wave_kind_find(json_get_string(call->json, "kind")),
        .notice = json_get_int(call->json, "notice_version", 0),
        .not_before = TIME_NONE,
        .caps = caps_text(call),
        .spec = wave_json_spec(call->json),
        .answer = call->idempotency.used ? record : NULL,
        .context = it,
    };
    json_member_time(json_get(call->json, "schedule"), "not_before", &it->open.not_before);
    delivery_wave_open(call->api->config.delivery, &it->open);
}

void waves_post(struct call *call)
{
    idempotency_guard(call, open_wave);
}

/* ---- Read. ---- */

struct reading {
    struct call *call;
    struct delivery_incident_get get;
    struct delivery_notices notices;
};

static const struct delivery_wave_view *wanted(const struct reading *it)
{
    for (size_t i = 0; i < it->get.n_waves; i++)
        if (it->get.waves[i].row.ordinal == it->get.ordinal)
            return &it->get.waves[i];
    return NULL;
}

static struct json_object *one(const struct reading *it, const struct delivery_wave_view *view)
{
    struct json_object *json = incident_view_wave(view);
    json_object_object_foreach(it->get.spec, name, value)
    {
        json_object_object_add(json, name, json_object_get(value));
    }
    return json;
}

static void got(struct delivery_request *request)
{
    struct reading *it = container_of(request, struct reading, get.request);
    if (request->result != RESULT_OK) {
        call_error(it->call, &request->error);
        return;
    }
    const struct delivery_wave_view *view = wanted(it);
    struct json_object *json;
    if (it->get.ordinal > 0) {
        json = it->get.spec != NULL ? one(it, view) : incident_view_wave(view);
    } else {
        struct json_object *items = json_object_new_array();
        json = json_object_new_object();
        for (size_t i = 0; i < it->get.n_waves; i++)
            json_object_array_add(items, incident_view_wave(&it->get.waves[i]));
        json_object_object_add(json, "items", items);
    }
    json_object_put(it->get.document);
    json_object_put(it->get.spec);
    call_reply_json(it->call, 200, json);
}

static struct reading *reading_make(struct call *call)
{
    id incident = call_path_id(call, "id", "inc");
    if (!incident)
        return NULL;
    struct reading *it = arena_new(call->arena, struct reading);
    it->call = call;
    it->get = (struct delivery_incident_get){.request = {.cb = got, .arena = call->arena},
                                             .incident = incident};
    return it;
}

void waves_list(struct call *call)
{
    struct reading *it = reading_make(call);
    if (it)
        delivery_incident_get(call->api->config.delivery, &it->get);
}

void wave_get(struct call *call)
{
    int ordinal = 0;
    if (!call_path_ordinal(call, &ordinal))
        return;
    struct reading *it = reading_make(call);
    if (!it)
        return;
    it->get.ordinal = ordinal;
    delivery_incident_get(call->api->config.delivery, &it->get);
}

/* ---- Notice versions. ---- */

static void listed(struct delivery_request *request)
{
    struct reading *it = container_of(request, struct reading, notices.request);
    if (request->result != RESULT_OK) {
        call_error(it->call, &request->error);
        return;
    }
    struct json_object *json = json_object_new_object(), *items = json_object_new_array();
    for (size_t i = 0; i < it->notices.n; i++) {
        const struct notice_version *row = &it->notices.rows[i];
        struct json_object *item = json_object_new_object();
        out_int(item, "version", row->version);
        out_id(item, "author", "tok", row->author);
        out_time(item, "at", row->at);
        out_bool(item, "withdrawn", row->withdrawn != 0);
        json_object_array_add(items, item);
    }
    json_object_object_add(json, "items", items);
    call_reply_json(it->call, 200, json);
}

void notices_list(struct call *call)
{
    struct reading *it = reading_make(call);
    if (!it)
        return;
    it->notices = (struct delivery_notices){.request = {.cb = listed, .arena = call->arena},
                                            .incident = it->get.incident};
    delivery_notices(call->api->config.delivery, &it->notices);
}

static void version_got(struct delivery_request *request)
{
    struct reading *it = container_of(request, struct reading, get.request);
    if (request->result != RESULT_OK) {
        call_error(it->call, &request->error);
        return;
    }
    struct json_object *json = json_object_new_object();
    out_int(json, "version", it->get.notice);
    json_object_object_add(json, "incident", it->get.document);
    json_object_put(it->get.spec);
    call_reply_json(it->call, 200, json);
}

void notice_get(struct call *call)
{
    int version = 0;
    if (!call_path_number(call, "version", &version))
        return;
    struct reading *it = reading_make(call);
    if (!it)
        return;
    it->get.request.cb = version_got;
    it->get.notice = version;
    delivery_incident_get(call->api->config.delivery, &it->get);
}
