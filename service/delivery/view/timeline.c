/* timeline.c - everything known about one person of an incident: where the person stands on each
 * rung, and the receipts about the person, opened. */
/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/delivery_private.h"
#include "service/delivery/person.h"

enum { ARENA_MAX = 64 << 20, BATCHES_A_READ = 64, RUNGS_MAX = 64 };

struct timeline {
    struct delivery *delivery;
    struct delivery_timeline *req;
    struct person_load person;
    struct store_chunk_get chunks;
    struct store_receipt_list list;
    struct arena *arena;
    struct buf json;
    int64_t chunk_ids[RUNGS_MAX]; /* 0: the batches about no chunk */
    size_t n_chunks, at, wave_at;
    bool told, first_rung, first_receipt;
    const struct receipt_row *row;
};

static void timeline_finish(struct timeline *timeline, enum result result,
                            const struct error *error)
{
    struct delivery_timeline *req = timeline->req;
    req->request.result = result;
    if (error != NULL)
        req->request.error = *error;
    if (result == RESULT_OK) {
        buf_printf(&timeline->json, "],\"told\":%s}", timeline->told ? "true" : "false");
        req->json = arena_strndup(req->request.arena, timeline->json.data, timeline->json.length);
        if (req->json == NULL)
            req->request.result = RESULT_TOO_LARGE;
    }
    person_unload(&timeline->person);
    arena_destroy(&timeline->arena);
    buf_wipe(&timeline->json);
    mem_free(timeline);
    req->request.cb(&req->request);
}

/* ---- Receipts. ---- */

static void add_receipt(void *context, const struct receipt_view *view)
{
    struct timeline *timeline = context;
    const struct seal_key *key = &timeline->person.dossier->key;
    id batch = timeline->row->batch;
    char text[ID_TEXT_SIZE];
    struct buf details;
    if (receipt_details_number(view, batch, key) != timeline->person.number)
        return;
    buf_init(&details, 65536);
    if (!receipt_details_open(&details, view, batch, key, &timeline->person.seed))
        buf_puts(&details, "null");
    buf_printf(&timeline->json, "%s{\"details\":%s,\"leaf\":%s,\"receipt\":\"%s.%u\"}",
               timeline->first_receipt ? "" : ",", details.data, view->leaf,
               id_format(text, "rct", batch), view->slot);
    timeline->first_receipt = false;
    buf_wipe(&details);
}

static void receipts_next(struct timeline *timeline);
static void read_batches(struct timeline *timeline, int64_t after);

static void on_batches(struct store_request *request)
{
    struct store_receipt_list *list = container_of(request, struct store_receipt_list, request);
    struct timeline *timeline = container_of(list, struct timeline, list);
    if (request->result != RESULT_OK) {
        timeline_finish(timeline, request->result, &request->error);
        return;
    }
    for (size_t i = 0; i < list->n; i++) {
        timeline->row = &list->rows[i];
        if (timeline->chunk_ids[timeline->at] == timeline->row->chunk)
            receipt_batch_read(timeline->row->leaves.data, timeline->row->leaves.length,
                               timeline->row->details.data, timeline->row->details.length,
                               add_receipt, timeline);
    }
    if (list->n == list->limit) {
        read_batches(timeline, list->rows[list->n - 1].order);
        return;
    }
    timeline->at++;
    receipts_next(timeline);
}

static void receipts_next(struct timeline *timeline)
{
    if (timeline->at == timeline->n_chunks) {
        timeline_finish(timeline, RESULT_OK, NULL);
        return;
    }
    read_batches(timeline, 0);
}

static void read_batches(struct timeline *timeline, int64_t after)
{
    arena_reset(timeline->arena);
    memset(&timeline->list, 0, sizeof(timeline->list));
    timeline->list.after = after;
    timeline->list.request.cb = on_batches;
    timeline->list.request.arena = timeline->arena;
    timeline->list.incident = timeline->req->incident;
    timeline->list.chunk = timeline->chunk_ids[timeline->at];
    timeline->list.limit = BATCHES_A_READ;
    store_receipt_list(timeline->delivery->config.store, &timeline->list);
}

/* ---- Rungs, wave by wave. ---- */

static int position_of(const struct chunk_row *chunk, uint32_t number)
{
    for (unsigned i = 0; i < chunk->n; i++)
        if (chunk->members[i] == number)
            return (int)i;
    return -1;
}

static void add_rung(struct timeline *timeline, const struct policy *policy,
                     const struct chunk_row *chunk)
{
    int position = position_of(chunk, timeline->person.number);
    if (position < 0 || timeline->n_chunks == RUNGS_MAX)
        return;
    uint8_t byte = chunk->progress[position];
    const char *channel =
        chunk->channel < policy->n_channels ? policy->channels[chunk->channel].channel : "";
    buf_printf(&timeline->json,
               "%s{\"beside\":%s,\"channel\":\"%s\",\"passed_on\":%s,\"rung\":%u,\"state\":\"%s\","
               "\"told\":%s,\"wave\":%lld}",
               timeline->first_rung ? "" : ",", chunk->rung & RUNG_BESIDE ? "true" : "false",
               channel, byte & MEMBER_PASSED_ON ? "true" : "false", chunk->rung & RUNG_STEP,
               member_state_name(byte & MEMBER_STATE_MASK), byte & MEMBER_TOLD ? "true" : "false",
               (long long)chunk->wave);
    timeline->first_rung = false;
    timeline->told = timeline->told || (byte & MEMBER_TOLD);
    timeline->chunk_ids[timeline->n_chunks++] = chunk->id;
}

static void rungs_next(struct timeline *timeline);

static void on_chunks(struct store_request *request)
{
    struct store_chunk_get *get = container_of(request, struct store_chunk_get, request);
    struct timeline *timeline = container_of(get, struct timeline, chunks);
    const struct wave_row *wave = &timeline->person.dossier->waves[timeline->wave_at];
    struct policy policy;
    if (request->result != RESULT_OK && request->result != RESULT_NOT_FOUND) {
        timeline_finish(timeline, request->result, &request->error);
        return;
    }
    if (request->result == RESULT_OK &&
        dossier_policy(timeline->delivery, wave, &policy) == RESULT_OK)
        for (size_t i = 0; i < get->n; i++)
            add_rung(timeline, &policy, &get->rows[i]);
    timeline->wave_at++;
    rungs_next(timeline);
}

static void rungs_next(struct timeline *timeline)
{
    const struct dossier *dossier = timeline->person.dossier;
    if (timeline->wave_at == dossier->n_waves) {
        buf_puts(&timeline->json, "],\"receipts\":[");
        receipts_next(timeline);
        return;
    }
    arena_reset(timeline->arena);
    memset(&timeline->chunks, 0, sizeof(timeline->chunks));
    timeline->chunks.request.cb = on_chunks;
    timeline->chunks.request.arena = timeline->arena;
    timeline->chunks.wave = dossier->waves[timeline->wave_at].id;
    timeline->chunks.number = timeline->person.number;
    store_chunk_get(timeline->delivery->config.store, &timeline->chunks);
}

static void on_person(struct delivery_request *request)
{
    struct person_load *person = container_of(request, struct person_load, request);
    struct timeline *timeline = container_of(person, struct timeline, person);
    if (request->result != RESULT_OK) {
        timeline_finish(timeline, request->result, &request->error);
        return;
    }
    buf_puts(&timeline->json, "{\"recipient_id\":");
    json_write_string(&timeline->json, person->recipient.recipient_id,
                      strlen(person->recipient.recipient_id));
    buf_puts(&timeline->json, ",\"rungs\":[");
    timeline->n_chunks = 1; /* [0] = 0: what was planned, withheld, asked for */
    rungs_next(timeline);
}

void delivery_timeline(struct delivery *delivery, struct delivery_timeline *req)
{
    struct timeline *timeline = mem_new(struct timeline);
    timeline->delivery = delivery;
    timeline->req = req;
    timeline->arena = arena_create(ARENA_MAX);
    timeline->first_rung = timeline->first_receipt = true;
    buf_init(&timeline->json, 16 << 20);
    timeline->person.request.cb = on_person;
    timeline->person.incident = req->incident;
    timeline->person.recipient_id = req->recipient_id;
    person_load(delivery, &timeline->person);
}
