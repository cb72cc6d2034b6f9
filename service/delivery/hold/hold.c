/* hold.c - a hold is placed. Happy path: the incident is opened, the person found where one is
 * named, the hold asked of the store, and in the same breath this process stops what it covers: the
 * store takes its writes in order, so that nothing that stops can be claimed again before the hold
 * is there. Then what providers may still give back is asked for. */
/* System. */
#include <string.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/hold/hold_private.h"
#include "service/delivery/person.h"

struct placing {
    struct delivery *delivery;
    struct delivery_hold_place *req;
    struct person_load person; /* its dossier serves also without a person */
    struct dossier_load load;
    const struct dossier *dossier;
    struct store_hold_put put;
    struct receipt_batch receipts;
    struct buf body;
    struct arena *arena;
};

static void placing_finish(struct placing *it, enum result result, const struct error *error)
{
    struct delivery_hold_place *req = it->req;
    req->request.result = result;
    if (error != NULL)
        req->request.error = *error;
    if (req->scope.recipient_id != NULL)
        person_unload(&it->person);
    dossier_destroy(&it->load.dossier);
    receipt_batch_free(&it->receipts);
    buf_wipe(&it->body);
    arena_destroy(&it->arena);
    mem_free(it);
    req->request.cb(&req->request);
}

static void placing_refuse(struct placing *it, enum result result, const char *field,
                           const char *text)
{
    struct error error;
    error_set(&error, result, field, "%s", text);
    placing_finish(it, result, &error);
}

static struct wave_row scalars(const struct wave_row *row)
{
    struct wave_row copy = *row;
    copy.policy = copy.spec = (struct blob){NULL, 0};
    copy.caps = NULL;
    return copy;
}

static void on_put(struct store_request *request)
{
    struct store_hold_put *put = container_of(request, struct store_hold_put, request);
    struct placing *it = container_of(put, struct placing, put);
    bool known;
    if (request->result == RESULT_OK) {
        const struct wave_row *wave = scope_wave(&it->req->scope, put->waves, put->n_waves, &known);
        it->req->hold = put->row.id;
        it->req->wave = scalars(wave != NULL ? wave : &put->waves[0]);
        log_info("hold_placed", LOG_INT("chunks", put->chunks),
                 LOG_INT("whole", hold_is_whole(&put->row)));
    }
    placing_finish(it, request->result, &request->error);
}

static void seal_body(struct placing *it)
{
    const struct delivery_hold_place *req = it->req;
    const struct {
        const char *name, *text;
    } members[] = {{"agency", req->agency},
                   {"officer", req->officer},
                   {"reason", req->reason},
                   {"recipient_id", req->scope.recipient_id}};
    struct json_object *json = json_object_new_object();
    struct buf text;
    char bound[64];
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        if (members[i].text != NULL)
            json_object_object_add(json, members[i].name, json_object_new_string(members[i].text));
    buf_init(&text, SIZE_MAX);
    json_write(&text, json);
    hold_bound(bound, req->incident);
    seal_add(&it->body, &it->dossier->key, bound, text.data, text.length);
    buf_wipe(&text);
    json_object_put(json);
}

static void add_receipt(struct placing *it, const struct hold_row *row)
{
    const struct delivery_hold_place *req = it->req;
    char actor[ID_TEXT_SIZE];
    struct buf note;
    struct json_object *facts = hold_facts(row, it->dossier->waves, it->dossier->n_waves);
    buf_init(&note, 8192);
    buf_printf(&note, "reason: %s; agency: %s; officer: %s", str_or(req->reason, ""),
               str_or(req->agency, ""), str_or(req->officer, ""));
    const struct receipt receipt = {.kind = hold_is_whole(row) ? RECEIPT_HELD : RECEIPT_HOLD_PLACED,
                                    .at = row->placed_at,
                                    .incident = req->incident,
                                    .wave = row->wave,
                                    .outcome = -1,
                                    .reason = hold_kind_name(row->kind),
                                    .actor = delivery_principal(actor, req->principal),
                                    .note = note.data,
                                    .facts = facts};
    receipt_batch_add(&it->receipts, &it->dossier->key, &receipt);
    receipt_batch_finish(&it->receipts);
    it->delivery->stats.receipts++;
    buf_wipe(&note);
    json_object_put(facts);
}

static void place(struct placing *it)
{
    const struct delivery_hold_place *req = it->req;
    bool known;
    const struct wave_row *wave =
        scope_wave(&req->scope, it->dossier->waves, it->dossier->n_waves, &known);
    if (!known) {
        placing_refuse(it, RESULT_NOT_FOUND, "/scope/wave",
                       "This incident has no such wave; list them with GET .../waves.");
        return;
    }
    it->put.row = (struct hold_row){
        .id = id_new(),
        .incident = req->incident,
        .wave = wave == NULL ? 0 : wave->id,
        .jurisdiction = req->scope.jurisdiction,
        .channel = req->scope.channel,
        .number = req->scope.recipient_id == NULL ? -1 : (int64_t)it->person.number,
        .kind = req->kind,
        .until = req->until > 0 ? req->until : TIME_NONE,
        .placed_by = req->principal,
        .placed_at = delivery_now(it->delivery)};
    seal_body(it);
    it->put.row.body = (struct blob){it->body.data, it->body.length};
    add_receipt(it, &it->put.row);
    it->put.receipts = &it->receipts;
    it->put.request.cb = on_put;
    it->put.request.arena = it->arena;
    store_hold_put(it->delivery->config.store, &it->put);
    hold_stop(it->delivery, &it->put.row);
}

static void on_person(struct delivery_request *request)
{
    struct person_load *person = container_of(request, struct person_load, request);
    struct placing *it = container_of(person, struct placing, person);
    it->dossier = person->dossier;
    if (request->result != RESULT_OK)
        placing_finish(it, request->result, &request->error);
    else
        place(it);
}

static void on_dossier(struct delivery_request *request)
{
    struct dossier_load *load = container_of(request, struct dossier_load, request);
    struct placing *it = container_of(load, struct placing, load);
    it->dossier = load->dossier;
    if (request->result != RESULT_OK)
        placing_finish(it, request->result, &request->error);
    else if (str_empty(it->req->reason))
        placing_refuse(it, RESULT_INVALID, "/reason", "A hold needs a reason; say why.");
    else
        place(it);
}

void delivery_hold_place(struct delivery *delivery, struct delivery_hold_place *req)
{
    struct placing *it = mem_new(struct placing);
    it->delivery = delivery;
    it->req = req;
    it->arena = arena_create(64 << 20);
    buf_init(&it->body, SIZE_MAX);
    receipt_batch_init(&it->receipts, req->incident, 0, 0);
    if (req->scope.recipient_id != NULL) {
        it->person.request.cb = on_person;
        it->person.incident = req->incident;
        it->person.recipient_id = req->scope.recipient_id;
        person_load(delivery, &it->person);
        return;
    }
    it->load.request.cb = on_dossier;
    it->load.incident = req->incident;
    dossier_load(delivery, &it->load);
}
