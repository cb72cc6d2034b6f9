/* keeping.c - how long an incident is kept: read, and changed by a person, with a receipt. */
/* System. */
#include <string.h>

/* Base. */
#include "base/mem.h"

/* Interfaces. */
#include "tocsin/store_erase.h"

/* This module. */
#include "service/delivery/delivery_private.h"
#include "service/delivery/erase/erase.h"

struct keeping {
    struct delivery *delivery;
    struct delivery_keep *req;
    struct arena *arena;
    struct store_incident_get get;
    struct store_keep keep;
    struct receipt_batch receipts;
};

static void keeping_finish(struct keeping *it, enum result result, const struct error *error)
{
    struct delivery_keep *req = it->req;
    req->request.result = result;
    if (error != NULL)
        req->request.error = *error;
    req->request.error.code = result;
    receipt_batch_free(&it->receipts);
    arena_destroy(&it->arena);
    mem_free(it);
    req->request.cb(&req->request);
}

/* When the last wave was over; TIME_NONE: one is not. */
static time_ms settled_at(const struct store_incident_get *get)
{
    time_ms last = get->row.created_at;
    for (size_t i = 0; i < get->n_waves; i++) {
        const struct wave_row *wave = &get->waves[i];
        if (wave->state != WAVE_SETTLED && wave->state != WAVE_CANCELED)
            return TIME_NONE;
        if (wave->settled_at != TIME_NONE && wave->settled_at > last)
            last = wave->settled_at;
    }
    return last;
}

static void on_kept(struct store_request *request)
{
    struct store_keep *keep = container_of(request, struct store_keep, request);
    struct keeping *it = container_of(keep, struct keeping, keep);
    struct delivery_keep *req = it->req;
    if (request->result != RESULT_OK) {
        keeping_finish(it, request->result, &request->error);
        return;
    }
    req->months = keep->months > 0 ? keep->months : (int)it->delivery->config.retention_months;
    req->legal_hold = keep->legal_hold;
    req->erased_at = keep->erased_at;
    time_ms settled = settled_at(&it->get);
    bool counts = settled != TIME_NONE && req->months > 0 && req->legal_hold == 0 &&
                  keep->erased_at == TIME_NONE;
    req->due_at = counts ? retention_due(settled, req->months) : TIME_NONE;
    keeping_finish(it, RESULT_OK, NULL);
}

static void make_receipt(struct keeping *it)
{
    const struct delivery_keep *req = it->req;
    char actor[ID_TEXT_SIZE];
    struct seal_key key;
    struct json_object *facts = json_object_new_object();
    bool opened = vault_unwrap(&it->delivery->vault, it->get.row.key, &key);
    if (req->months >= 0)
        json_object_object_add(facts, "retention_months", json_object_new_int64(req->months));
    if (req->legal_hold >= 0)
        json_object_object_add(facts, "legal_hold", json_object_new_boolean(req->legal_hold != 0));
    const struct receipt receipt = {.kind = RECEIPT_KEEPING,
                                    .at = delivery_now(it->delivery),
                                    .incident = req->incident,
                                    .outcome = -1,
                                    .actor = delivery_principal(actor, req->principal),
                                    .facts = facts,
                                    .note = req->reason};
    receipt_batch_add(&it->receipts, opened ? &key : &it->delivery->vault.service, &receipt);
    receipt_batch_finish(&it->receipts);
    it->delivery->stats.receipts++;
    if (opened)
        seal_key_wipe(&key);
    json_object_put(facts);
}

static void on_incident(struct store_request *request)
{
    struct store_incident_get *get = container_of(request, struct store_incident_get, request);
    struct keeping *it = container_of(get, struct keeping, get);
    if (request->result != RESULT_OK) {
        keeping_finish(it, request->result, &request->error);
        return;
    }
    it->keep = (struct store_keep){.request.cb = on_kept, .incident = it->req->incident};
    if (!it->req->change) {
        store_keep_get(it->delivery->config.store, &it->keep);
        return;
    }
    make_receipt(it);
    it->keep.months = it->req->months;
    it->keep.legal_hold = it->req->legal_hold;
    it->keep.receipts = &it->receipts;
    store_keep_put(it->delivery->config.store, &it->keep);
}

void delivery_keep(struct delivery *delivery, struct delivery_keep *req)
{
    struct keeping *it = mem_new(struct keeping);
    it->delivery = delivery;
    it->req = req;
    it->arena = arena_create(8 << 20);
    receipt_batch_init(&it->receipts, req->incident, 0, 0);
    it->get.request.cb = on_incident;
    it->get.request.arena = it->arena;
    it->get.incident = req->incident;
    store_incident_get(delivery->config.store, &it->get);
}
