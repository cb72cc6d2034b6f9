/* approve.c - a restored store goes on: the mark goes, with a receipt of who said so; what rested
 * is due, and the waves that are under way begin. Failure mode: CONFLICT when it was not restored.
 */
/* Base. */
#include "base/log.h"
#include "base/mem.h"

/* Interfaces. */
#include "tocsin/store_backup.h"

/* This module. */
#include "service/delivery/delivery_private.h"
#include "service/delivery/restore/restore.h"

enum { ARENA_MAX = 64 << 20 };

struct approving {
    struct delivery *delivery;
    struct delivery_restore_approve *req;
    struct store_restore_approve approve;
    struct store_wave_list waves;
    struct receipt_batch receipts;
    struct arena *arena;
};

static void approving_finish(struct approving *it, enum result result, const struct error *error)
{
    struct delivery_restore_approve *req = it->req;
    req->request.result = result;
    req->request.error = *error;
    req->request.error.code = result;
    receipt_batch_free(&it->receipts);
    arena_destroy(&it->arena);
    mem_free(it);
    req->request.cb(&req->request);
}

static void on_waves(struct store_request *request)
{
    struct store_wave_list *list = container_of(request, struct store_wave_list, request);
    struct approving *it = container_of(list, struct approving, waves);
    for (size_t i = 0; request->result == RESULT_OK && i < list->n; i++)
        schedule_wave(it->delivery, &list->waves[i]);
    approving_finish(it, request->result, &request->error);
}

static void on_approved(struct store_request *request)
{
    struct store_restore_approve *approve =
        container_of(request, struct store_restore_approve, request);
    struct approving *it = container_of(approve, struct approving, approve);
    if (request->result != RESULT_OK) {
        it->delivery->approving = false;
        approving_finish(it,
                         request->result == RESULT_NOT_FOUND ? RESULT_CONFLICT : request->result,
                         &request->error);
        return;
    }
    it->delivery->approving = false;
    it->delivery->restored = false;
    it->delivery->stats.restored = false;
    log_info("restore_approved");
    it->waves.request.cb = on_waves;
    it->waves.request.arena = it->arena;
    it->waves.states = (1u << WAVE_PLANNING) | (1u << WAVE_SENDING);
    store_wave_list(it->delivery->config.store, &it->waves);
}

void delivery_restore_approve(struct delivery *delivery, struct delivery_restore_approve *req)
{
    struct approving *it = mem_new(struct approving);
    char actor[ID_TEXT_SIZE];
    const struct receipt receipt = {.kind = RECEIPT_RESTORED,
                                    .at = delivery_now(delivery),
                                    .outcome = -1,
                                    .actor = delivery_principal(actor, req->principal),
                                    .facts = req->facts,
                                    .note = req->reason};
    it->delivery = delivery;
    it->req = req;
    it->arena = arena_create(ARENA_MAX);
    receipt_batch_init(&it->receipts, 0, 0, 0);
    receipt_batch_add(&it->receipts, &delivery->vault.service, &receipt);
    receipt_batch_finish(&it->receipts);
    delivery->stats.receipts++;
    delivery->approving = true; /* from here on nothing is put to rest behind the approval */
    it->approve.request.cb = on_approved;
    it->approve.now = receipt.at;
    it->approve.receipts = &it->receipts;
    store_restore_approve(delivery->config.store, &it->approve);
}
