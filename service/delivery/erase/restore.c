/* restore.c - a store that was restored from a copy. At the start, before anything is served:
 * 1 the ledger of erasures is compared, 2 what was erased since the copy is erased again, 3 the
 * store is secured, 4 is it a copy? Then nothing is sent until somebody approves: what happened
 * since the copy is not in it, and messages might go out twice.
 *
 * Failure modes: a ledger that cannot be read stops the start; a replay that fails leaves the store
 * marked, and is tried again at the next start. */
/* System. */
#include <string.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"

/* Interfaces. */
#include "tocsin/store_backup.h"

/* This module. */
#include "service/delivery/delivery_private.h"
#include "service/delivery/erase/erase.h"

enum { ARENA_MAX = 64 << 20 };

struct restoring {
    struct delivery *delivery;
    void (*done)(void *context, enum result result, const struct error *error);
    void *context;
    struct arena *arena;
    struct store_ledger ledger;
    size_t at;
    uint32_t number;
    struct erase_task person;
    struct delivery_erase_incident incident;
    struct erase_secure secure;
    struct store_setting setting;
    bool erased;
};

static void restoring_finish(struct restoring *it, enum result result, const struct error *error)
{
    const struct error copy = *error;
    void (*done)(void *, enum result, const struct error *) = it->done;
    void *context = it->context;
    buf_wipe(&it->secure.needles);
    arena_destroy(&it->arena);
    mem_free(it);
    done(context, result, &copy);
}

/* ---- 4 is it a copy? ---- */

static void on_setting(struct store_request *request)
{
    struct store_setting *setting = container_of(request, struct store_setting, request);
    struct restoring *it = container_of(setting, struct restoring, setting);
    it->delivery->restored = request->result == RESULT_OK;
    if (it->delivery->restored)
        log_warn("restored_copy", LOG_INT("erased_again", (int64_t)it->ledger.n_missing));
    restoring_finish(it, request->result == RESULT_NOT_FOUND ? RESULT_OK : request->result,
                     &request->error);
}

static void ask_setting(struct restoring *it)
{
    it->setting = (struct store_setting){.request = {.cb = on_setting, .arena = it->arena},
                                         .name = STORE_RESTORED_FROM};
    store_setting_get(it->delivery->config.store, &it->setting);
}

/* ---- 3 secured ---- */

static void on_secured(struct erase_secure *secure)
{
    ask_setting(container_of(secure, struct restoring, secure));
}

static void replayed(struct restoring *it)
{
    if (!it->erased) {
        ask_setting(it);
        return;
    }
    it->secure.cb = on_secured;
    erase_secure(it->delivery->config.loop, it->delivery->config.store, &it->secure);
}

/* ---- 2 erased again ---- */

static void replay_next(struct restoring *it);

static void replay_took(struct restoring *it, enum result result)
{
    /* An incident or a person the copy has never seen needs no erasure. */
    if (result != RESULT_OK && result != RESULT_NOT_FOUND && result != RESULT_EXISTS &&
        result != RESULT_DENIED)
        log_error("erasure_not_replayed", LOG_TEXT("result", result_name(result)));
    it->erased = it->erased || result == RESULT_OK;
    replay_next(it);
}

static void on_person(struct erase_task *task)
{
    replay_took(container_of(task, struct restoring, person), task->result);
}

static void on_incident(struct delivery_request *request)
{
    struct delivery_erase_incident *incident =
        container_of(request, struct delivery_erase_incident, request);
    replay_took(container_of(incident, struct restoring, incident), request->result);
}

static void replay_next(struct restoring *it)
{
    if (it->at == it->ledger.n_missing) {
        replayed(it);
        return;
    }
    const struct ledger_row *row = &it->ledger.missing[it->at++];
    if (row->number < 0) {
        it->incident = (struct delivery_erase_incident){.request.cb = on_incident,
                                                        .incident = row->incident,
                                                        .basis = "replayed",
                                                        .replay = true};
        delivery_erase_incident(it->delivery, &it->incident);
        return;
    }
    it->number = (uint32_t)row->number;
    it->person = (struct erase_task){.cb = on_person,
                                     .incident = row->incident,
                                     .numbers = &it->number,
                                     .n_numbers = 1,
                                     .basis = "replayed",
                                     .replay = true,
                                     .needles = &it->secure.needles};
    erase_person(it->delivery, &it->person);
}

/* ---- 1 the ledger ---- */

static void on_ledger(struct store_request *request)
{
    struct store_ledger *ledger = container_of(request, struct store_ledger, request);
    struct restoring *it = container_of(ledger, struct restoring, ledger);
    if (request->result != RESULT_OK)
        restoring_finish(it, request->result, &request->error);
    else
        replay_next(it);
}

void restore_check(struct delivery *delivery,
                   void (*done)(void *context, enum result result, const struct error *error),
                   void *context)
{
    struct restoring *it = mem_new(struct restoring);
    it->delivery = delivery;
    it->done = done;
    it->context = context;
    it->arena = arena_create(ARENA_MAX);
    buf_init(&it->secure.needles, SIZE_MAX);
    if (delivery->config.ledger == NULL) {
        ask_setting(it);
        return;
    }
    it->ledger = (struct store_ledger){.request = {.cb = on_ledger, .arena = it->arena},
                                       .path = delivery->config.ledger,
                                       .mark = true};
    store_ledger(delivery->config.store, &it->ledger);
}

/* ---- Approved. ---- */

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
        approving_finish(it,
                         request->result == RESULT_NOT_FOUND ? RESULT_CONFLICT : request->result,
                         &request->error);
        return;
    }
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
                                    .note = req->reason};
    it->delivery = delivery;
    it->req = req;
    it->arena = arena_create(ARENA_MAX);
    receipt_batch_init(&it->receipts, 0, 0, 0);
    receipt_batch_add(&it->receipts, &delivery->vault.service, &receipt);
    receipt_batch_finish(&it->receipts);
    delivery->stats.receipts++;
    it->approve.request.cb = on_approved;
    it->approve.receipts = &it->receipts;
    store_restore_approve(delivery->config.store, &it->approve);
}
