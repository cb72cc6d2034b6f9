/* progress.c - see the header: the incident, then each wave's hours, then who released alone. A
 * bounce rate is of what has left: members that bounced, failed or came back, in thousandths. */
/* System. */
#include <string.h>

/* Base. */
#include "base/sm.h"

/* This module. */
#include "service/api/call.h"
#include "service/api/incident_view.h"
#include "service/api/progress.h"
#include "service/api/resources.h"

#define HOUR_MS INT64_C(3600000)
enum { PEOPLE_CHANNEL = 0xff };

static void progress_end(struct progress *it, enum result result, const struct error *error)
{
    it->result = result;
    if (error != NULL)
        it->error = *error;
    json_object_put(it->get.document);
    if (result != RESULT_OK) {
        json_object_put(it->json);
        it->json = NULL;
    }
    it->cb(it);
}

static struct json_object *wave_json_of(struct progress *it, size_t i)
{
    return json_object_array_get_idx(json_get(it->json, "waves"), i);
}

/* ---- What has left, and what came back of it. ---- */

struct way {
    int64_t left, bad, waiting;
};

static struct way way_of(const struct delivery_wave_view *view, unsigned channel)
{
    struct way way = {0};
    for (size_t i = 0; i < view->n_counters; i++) {
        const struct wave_counter *c = &view->counters[i];
        if (c->channel != channel || c->channel == PEOPLE_CHANNEL)
            continue;
        bool bad = c->key == MEMBER_FAILED || c->key == MEMBER_BOUNCED || c->key == MEMBER_RETURNED;
        if (c->key == MEMBER_PENDING || c->key == MEMBER_DEFERRED)
            way.waiting += c->value;
        else if (c->key != MEMBER_CANCELED)
            way.left += c->value;
        way.bad += bad ? c->value : 0;
    }
    return way;
}

static void add_ways(struct json_object *wave, const struct delivery_wave_view *view)
{
    struct json_object *ways = json_object_new_object();
    for (unsigned i = 0; i < view->n_channels; i++) {
        struct way way = way_of(view, i);
        struct json_object *item = json_object_new_object();
        out_int(item, "left", way.left);
        out_int(item, "waiting", way.waiting);
        out_int(item, "bad", way.bad);
        out_int(item, "bad_permille", way.left > 0 ? way.bad * 1000 / way.left : 0);
        if (way.left + way.waiting > 0)
            json_object_object_add(ways, view->channel_names[i], item);
        else
            json_object_put(item);
    }
    json_object_object_add(wave, "ways", ways);
}

/* ---- Deadlines: what a clock runs for. ---- */

static void deadline(struct json_object *to, const char *what, time_ms at, time_ms now)
{
    if (at == TIME_NONE)
        return;
    struct json_object *item = json_object_new_object();
    out_text(item, "what", what);
    out_time(item, "at", at);
    out_bool(item, "over", at < now);
    json_object_array_add(to, item);
}

static void add_deadlines(struct progress *it, struct json_object *wave,
                          const struct delivery_wave_view *view)
{
    struct json_object *array = json_object_new_array();
    if (view->row.state == WAVE_HELD)
        deadline(array, "hold_until", view->row.hold_until, it->now);
    deadline(array, "estimated_end", view->eta_at, it->now);
    json_object_object_add(wave, "deadlines", array);
}

/* ---- Steps. ---- */

static void on_glass(struct store_request *request)
{
    struct store_break_glass_list *glass =
        container_of(request, struct store_break_glass_list, request);
    struct progress *it = container_of(glass, struct progress, glass);
    for (size_t i = 0; request->result == RESULT_OK && i < glass->n; i++)
        incident_view_glass(it->json, &glass->rows[i]);
    progress_end(it, request->result, &request->error);
}

static void hours_next(struct progress *it);

static void on_hours(struct store_request *request)
{
    struct store_hours *hours = container_of(request, struct store_hours, request);
    struct progress *it = container_of(hours, struct progress, hours);
    const struct delivery_wave_view *view = &it->get.waves[it->at];
    struct json_object *array = json_object_new_array();
    if (request->result != RESULT_OK) {
        json_object_put(array);
        progress_end(it, request->result, &request->error);
        return;
    }
    for (size_t i = 0; i < hours->n; i++) {
        const struct hour_count *row = &hours->rows[i];
        if (row->channel >= view->n_channels)
            continue;
        struct json_object *item = json_object_new_object();
        out_time(item, "hour", row->hour * HOUR_MS);
        out_text(item, "channel", view->channel_names[row->channel]);
        out_text(item, "state", member_state_name(row->key));
        out_int(item, "n", row->value);
        json_object_array_add(array, item);
    }
    json_object_object_add(wave_json_of(it, it->at), "hours", array);
    it->at++;
    hours_next(it);
}

static void hours_next(struct progress *it)
{
    if (it->at == it->get.n_waves || it->at == PROGRESS_WAVES_MAX) {
        it->glass = (struct store_break_glass_list){.request = {.cb = on_glass, .arena = it->arena},
                                                    .incident = it->incident};
        store_break_glass_list(it->store, &it->glass);
        return;
    }
    const struct delivery_wave_view *view = &it->get.waves[it->at];
    struct json_object *wave = wave_json_of(it, it->at);
    add_ways(wave, view);
    add_deadlines(it, wave, view);
    it->hours = (struct store_hours){.request = {.cb = on_hours, .arena = it->arena},
                                     .wave = view->row.id,
                                     .from_hour = it->now / HOUR_MS - PROGRESS_HOURS};
    store_hours_get(it->store, &it->hours);
}

static void on_incident(struct delivery_request *request)
{
    struct delivery_incident_get *get =
        container_of(request, struct delivery_incident_get, request);
    struct progress *it = container_of(get, struct progress, get);
    if (request->result != RESULT_OK) {
        get->document = NULL;
        progress_end(it, request->result, &request->error);
        return;
    }
    it->json = incident_view(get);
    out_time(it->json, "at", it->now);
    out_text(it->json, "title", json_get_string(get->document, "title"));
    json_object_object_del(it->json, "incident"); /* its text is not progress */
    hours_next(it);
}

void progress_get(struct progress *it)
{
    it->json = NULL;
    it->at = 0;
    it->get = (struct delivery_incident_get){.request = {.cb = on_incident, .arena = it->arena},
                                             .incident = it->incident};
    delivery_incident_get(it->delivery, &it->get);
}

/* ---- GET .../progress. ---- */

struct progress_call {
    struct call *call;
    struct progress progress;
};

static void progressed(struct progress *progress)
{
    struct progress_call *it = container_of(progress, struct progress_call, progress);
    if (progress->result == RESULT_OK)
        call_reply_json(it->call, 200, progress->json);
    else
        call_error(it->call, &progress->error);
}

void progress_route(struct call *call)
{
    id incident = call_path_id(call, "id", "inc");
    if (!incident)
        return;
    struct progress_call *it = arena_new(call->arena, struct progress_call);
    it->call = call;
    it->progress = (struct progress){.cb = progressed,
                                     .delivery = call->api->config.delivery,
                                     .store = call->api->config.store,
                                     .arena = call->arena,
                                     .incident = incident,
                                     .now = call_now(call)};
    progress_get(&it->progress);
}
