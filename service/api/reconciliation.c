/* reconciliation.c - GET /v1/incidents/{id}/reconciliation: every row of every upload and what
 * became of it: told, waiting (why, for whom, for what), waived, there twice, corrected, discarded.
 * The lines add up to the rows, or the answer says that they do not.
 *
 * People are counted by the exact counters of the first notice; rows by the uploads. */

/* System. */
#include <string.h>

/* Base. */
#include "base/json.h"

/* This module. */
#include "service/api/call.h"
#include "service/api/resources.h"

enum { PEOPLE_CHANNEL = 0xff };

struct reconciliation {
    struct call *call;
    struct delivery_incident_get get;
    struct store_upload_list list;
    struct json_object *lines;
    int64_t rows, accounted;
};

/* ---- Lines. ---- */

struct line {
    const char *fate, *reason, *owner, *next_step;
};

static void add_line(struct reconciliation *it, const struct line *line, int64_t rows)
{
    if (rows == 0)
        return;
    struct json_object *json = json_object_new_object();
    out_text(json, "fate", line->fate);
    if (line->reason) {
        out_text(json, "reason", line->reason);
        out_text(json, "owner", line->owner);
        out_text(json, "next_step", line->next_step);
    }
    out_int(json, "rows", rows);
    json_object_array_add(it->lines, json);
    it->accounted += rows;
}

static int64_t rows_of(const struct upload_info *upload)
{
    return upload->accepted + upload->duplicates + upload->rejected;
}

/* What uploads say by themselves; returns the people of the roster, of whom `late` are in no
 * released wave. */
static int64_t add_uploads(struct reconciliation *it, int64_t *ret_late)
{
    int64_t accepted = 0, duplicates = 0, undecided = 0, repaired = 0, waived = 0;
    int64_t discarded = 0, loose = 0;
    for (size_t i = 0; i < it->list.n; i++) {
        const struct upload_info *upload = &it->list.uploads[i];
        it->rows += rows_of(upload);
        if (upload->state == UPLOAD_DISCARDED)
            discarded += rows_of(upload);
        if (upload->state == UPLOAD_STORED)
            loose += rows_of(upload);
        if (upload->state != UPLOAD_JOINED)
            continue;
        accepted += upload->accepted;
        *ret_late += upload->wave == 0 ? upload->accepted : 0;
        duplicates += upload->duplicates;
        undecided += upload->undecided;
        repaired += upload->repaired;
        waived += upload->waived;
    }
    add_line(it, &(struct line){.fate = "duplicate"}, duplicates);
    add_line(it, &(struct line){.fate = "repaired"}, repaired);
    add_line(it, &(struct line){.fate = "waived"}, waived);
    add_line(it, &(struct line){.fate = "discarded"}, discarded);
    add_line(it,
             &(struct line){"waiting", "not_committed", "responder",
                            "Commit the parts, or discard them."},
             loose);
    add_line(it,
             &(struct line){"waiting", "undecided", "responder",
                            "Upload corrections with mode=repair, or have the rows waived."},
             undecided);
    return accepted;
}

/* ---- People. ---- */

struct people {
    int64_t told, unreachable, withheld, asked;
};

/* Of the waves that take people of the roster in: the first, and those of late additions. */
static bool takes_people_in(const struct reconciliation *it, const struct delivery_wave_view *wave)
{
    for (size_t i = 0; i < it->list.n; i++)
        if (it->list.uploads[i].wave == wave->row.id)
            return true;
    return false;
}

static void add_counters(struct people *people, const struct delivery_wave_view *wave)
{
    for (size_t i = 0; i < wave->n_counters; i++) {
        const struct wave_counter *counter = &wave->counters[i];
        if (counter->channel != PEOPLE_CHANNEL) {
            people->asked += counter->key == MEMBER_ASKED ? counter->value : 0;
            continue;
        }
        people->told += counter->key == PEOPLE_TOLD ? counter->value : 0;
        people->unreachable += counter->key == PEOPLE_UNREACHABLE ? counter->value : 0;
        people->withheld += counter->key == PEOPLE_WITHHELD ? counter->value : 0;
    }
}

/* Who is neither told nor given up: what the state of the wave makes them wait for. */
static struct line waiting_for(enum wave_state state)
{
    switch (state) {
    case WAVE_DRAFT:
        return (struct line){"waiting", "not_approved", "approver", "Approve the notice."};
    case WAVE_APPROVED:
        return (struct line){"waiting", "not_released", "responder", "Release the notice."};
    case WAVE_HELD:
        return (struct line){"waiting", "held", "approver", "Resume, or cancel and say why."};
    case WAVE_CANCELED:
        return (struct line){"waiting", "canceled", "approver", "Notify them another way."};
    case WAVE_PLANNING:
    case WAVE_SENDING:
    case WAVE_SETTLED:
    case WAVE_STATES_N:
        break;
    }
    return (struct line){"waiting", "under_way", "service",
                         "None: it is being sent or waits for evidence."};
}

static void add_late(struct reconciliation *it, int64_t late)
{
    const enum wave_state first = it->get.waves[0].row.state;
    const struct line waiting = waiting_for(first);
    const struct line wave = {"waiting", "late_addition", "responder",
                              "Open a wave of late additions."};
    bool begun = first != WAVE_DRAFT && first != WAVE_APPROVED && first != WAVE_CANCELED;
    add_line(it, begun ? &wave : &waiting, late);
}

static void add_people(struct reconciliation *it, int64_t taken)
{
    struct people people = {0};
    enum wave_state state = WAVE_SETTLED; /* of a wave that is not through */
    for (size_t i = 0; i < it->get.n_waves; i++) {
        const struct delivery_wave_view *wave = &it->get.waves[i];
        if (!takes_people_in(it, wave))
            continue;
        add_counters(&people, wave);
        state = wave->row.state != WAVE_SETTLED ? wave->row.state : state;
    }
    const struct line waiting = waiting_for(state);
    const int64_t rest = taken - people.told - people.unreachable - people.withheld;
    const int64_t asked = people.asked < rest ? people.asked : rest;
    add_line(it, &(struct line){.fate = "told"}, people.told);
    add_line(it,
             &(struct line){"waiting", "withheld", "responder",
                            "The notice would have a hole for them: complete their fields."},
             people.withheld);
    add_line(it,
             &(struct line){"waiting", "unreachable", "responder",
                            "Find an address, or give substitute notice."},
             people.unreachable);
    add_line(it,
             &(struct line){"waiting", "asked", "operator",
                            "Nobody knows whether it was sent: decide for each."},
             asked);
    if (rest > asked && state != WAVE_SETTLED)
        add_line(it, &waiting, rest - asked);
}

/* ---- The answer. ---- */

static struct json_object *upload_json(const struct upload_info *upload)
{
    static const char *const modes[] = {
        [UPLOAD_APPEND] = "append", [UPLOAD_REPLACE] = "replace", [UPLOAD_REPAIR] = "repair"};
    static const char *const states[] = {[UPLOAD_OPEN] = "open",
                                         [UPLOAD_STORED] = "stored",
                                         [UPLOAD_JOINED] = "joined",
                                         [UPLOAD_DISCARDED] = "discarded"};
    struct json_object *json = json_object_new_object();
    out_id(json, "upload", "upl", upload->upload);
    out_int(json, "part", upload->part);
    out_text(json, "mode", modes[upload->mode]);
    out_text(json, "state", states[upload->state]);
    out_time(json, "at", upload->at);
    out_id(json, "by", "tok", upload->principal);
    out_int(json, "rows", rows_of(upload));
    out_int(json, "accepted", upload->accepted);
    out_int(json, "duplicates", upload->duplicates);
    out_int(json, "rejected", upload->rejected);
    out_int(json, "undecided", upload->undecided);
    out_int(json, "repaired", upload->repaired);
    out_int(json, "waived", upload->waived);
    out_int(json, "warnings", upload->warnings);
    if (upload->state == UPLOAD_DISCARDED) {
        out_time(json, "discarded_at", upload->discarded_at);
        out_id(json, "discarded_by", "tok", upload->discarded_by);
    }
    return json;
}

static void uploads_found(struct store_request *request)
{
    struct reconciliation *it = container_of(request, struct reconciliation, list.request);
    json_object_put(it->get.document);
    if (request->result != RESULT_OK) {
        call_error(it->call, &request->error);
        return;
    }
    struct json_object *json = json_object_new_object(), *uploads = json_object_new_array();
    it->lines = json_object_new_array();
    int64_t late = 0;
    const int64_t accepted = add_uploads(it, &late);
    if (it->get.n_waves > 0) {
        add_people(it, accepted - late);
        add_late(it, late);
    }
    for (size_t i = 0; i < it->list.n; i++)
        json_object_array_add(uploads, upload_json(&it->list.uploads[i]));
    out_id(json, "incident", "inc", it->get.incident);
    out_int(json, "rows", it->rows);
    json_object_object_add(json, "lines", it->lines);
    out_int(json, "unaccounted", it->rows - it->accounted);
    out_bool(json, "adds_up", it->rows == it->accounted && accepted == it->get.row.accepted);
    json_object_object_add(json, "uploads", uploads);
    call_reply_json(it->call, 200, json);
}

static void incident_found(struct delivery_request *request)
{
    struct reconciliation *it = container_of(request, struct reconciliation, get.request);
    if (request->result != RESULT_OK) {
        call_error(it->call, &request->error);
        return;
    }
    store_upload_list(it->call->api->config.store, &it->list);
}

void reconciliation_get(struct call *call)
{
    id incident = call_path_id(call, "id", "inc");
    if (!incident)
        return;
    struct reconciliation *it = arena_new(call->arena, struct reconciliation);
    it->call = call;
    it->get = (struct delivery_incident_get){
        .request = {.cb = incident_found, .arena = call->arena}, .incident = incident};
    it->list = (struct store_upload_list){.request = {.cb = uploads_found, .arena = call->arena},
                                          .incident = incident};
    delivery_incident_get(call->api->config.delivery, &it->get);
}
