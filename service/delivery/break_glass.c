/* break_glass.c - the alarm about waves that one person released alone: counted for /readyz and
 * /metrics until a second person has looked at them. */
/* System. */
#include <string.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/act_private.h"

enum { LOOK_MS = 60000 };

/* ---- Counting. ---- */

struct look {
    struct delivery *delivery;
    struct store_break_glass_list list;
    struct arena *arena;
};

static void on_listed(struct store_request *request)
{
    struct store_break_glass_list *list =
        container_of(request, struct store_break_glass_list, request);
    struct look *look = container_of(list, struct look, list);
    if (request->result == RESULT_OK)
        look->delivery->stats.break_glass_open = (unsigned)list->n;
    look->delivery->glass_looking = false;
    arena_destroy(&look->arena);
    mem_free(look);
}

void break_glass_look(struct delivery *delivery)
{
    int64_t now = delivery_monotonic(delivery);
    if (delivery->glass_looking || delivery->stopping ||
        (delivery->glass_looked_at != 0 && now - delivery->glass_looked_at < LOOK_MS))
        return;
    struct look *look = mem_new(struct look);
    delivery->glass_looking = true;
    delivery->glass_looked_at = now == 0 ? 1 : now;
    look->delivery = delivery;
    look->arena = arena_create(8 << 20);
    look->list.request.cb = on_listed;
    look->list.request.arena = look->arena;
    store_break_glass_list(delivery->config.store, &look->list);
}

void break_glass_alarm(struct delivery *delivery, int64_t wave)
{
    delivery->stats.break_glass_open++;
    log_error("break_glass", LOG_INT("wave", wave),
              LOG_TEXT("do", "one person released this wave alone: have another review it"));
}

/* ---- The second person's look. ---- */

struct review {
    struct delivery *delivery;
    struct delivery_review *req;
    struct dossier_load load;
    struct dossier *dossier;
    struct store_break_glass_review put;
    struct receipt_batch receipts;
};

static void review_finish(struct review *it, enum result result, const struct error *error)
{
    struct delivery_review *req = it->req;
    req->request.result = result;
    if (result != RESULT_OK && error != NULL)
        req->request.error = *error;
    dossier_destroy(&it->dossier);
    receipt_batch_free(&it->receipts);
    mem_free(it);
    req->request.cb(&req->request);
}

static void on_reviewed(struct store_request *request)
{
    struct store_break_glass_review *put =
        container_of(request, struct store_break_glass_review, request);
    struct review *it = container_of(put, struct review, put);
    if (request->result == RESULT_OK && it->delivery->stats.break_glass_open > 0)
        it->delivery->stats.break_glass_open--;
    review_finish(it, request->result, &request->error);
}

static void review_put(struct review *it)
{
    char actor[ID_TEXT_SIZE];
    const struct receipt receipt = {.kind = RECEIPT_REVIEWED,
                                    .at = delivery_now(it->delivery),
                                    .incident = it->req->incident,
                                    .wave = it->req->wave,
                                    .outcome = -1,
                                    .actor = delivery_principal(actor, it->req->principal),
                                    .note = it->req->note};
    receipt_batch_add(&it->receipts, &it->dossier->key, &receipt);
    receipt_batch_finish(&it->receipts);
    it->delivery->stats.receipts++;
    it->put = (struct store_break_glass_review){.request.cb = on_reviewed,
                                                .wave = it->req->wave,
                                                .principal = it->req->principal,
                                                .at = receipt.at,
                                                .receipts = &it->receipts};
    store_break_glass_review(it->delivery->config.store, &it->put);
}

static void on_dossier(struct delivery_request *request)
{
    struct dossier_load *load = container_of(request, struct dossier_load, request);
    struct review *it = container_of(load, struct review, load);
    struct error error;
    it->dossier = load->dossier;
    if (request->result != RESULT_OK) {
        review_finish(it, request->result, &request->error);
        return;
    }
    for (size_t i = 0; i < it->dossier->n_waves; i++)
        if (it->req->wave == 0 || it->dossier->waves[i].id == it->req->wave) {
            it->req->wave = it->dossier->waves[i].id;
            review_put(it);
            return;
        }
    error_set(&error, RESULT_NOT_FOUND, "wave",
              "This incident has no such wave; read the incident.");
    review_finish(it, RESULT_NOT_FOUND, &error);
}

void delivery_review(struct delivery *delivery, struct delivery_review *req)
{
    struct review *it = mem_new(struct review);
    it->delivery = delivery;
    it->req = req;
    receipt_batch_init(&it->receipts, req->incident, 0, 0);
    it->load.request.cb = on_dossier;
    it->load.incident = req->incident;
    dossier_load(delivery, &it->load);
}
