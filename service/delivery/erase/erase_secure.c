/* erase_secure.c - after an erasure: 0 the ledger gets it, 1 the log is emptied, 2 the file is
 * looked through, 3 when a trace is left the file is rebuilt, then 2 once more.
 *
 * Failure modes: readers that keep the log from being emptied are waited for, some seconds; what
 * was erased is then erased, but `verified` stays false. */
/* Base. */
#include "base/log.h"
#include "base/mem.h"

/* Interfaces. */
#include "tocsin/loop.h"
#include "tocsin/store_backup.h"
#include "tocsin/store_erase.h"

/* This module. */
#include "service/delivery/erase/erase.h"

enum { AGAIN_MS = 200, TRIES_MAX = 100 };

static void secure_finish(struct erase_secure *it, enum result result, const struct error *error)
{
    it->result = result;
    if (error != NULL)
        it->error = *error;
    if (!it->verified)
        log_error("erasure_not_verified", LOG_TEXT("result", result_name(result)));
    loop_timer_stop(&it->again);
    mem_free(it->checkpoint);
    mem_free(it->scan);
    mem_free(it->write);
    arena_destroy(&it->arena);
    it->write = NULL;
    it->checkpoint = NULL;
    it->scan = NULL;
    it->cb(it);
}

static void secure_1_log(struct erase_secure *it);

/* ---- 3 ---- */

static void on_rebuilt(struct store_request *request)
{
    struct erase_secure *it = request->user;
    /* BUSY: rebuilt, but the log is not empty yet. */
    if (request->result == RESULT_OK || request->result == RESULT_BUSY)
        secure_1_log(it);
    else
        secure_finish(it, request->result, &request->error);
}

static void secure_3_rebuild(struct erase_secure *it)
{
    it->rebuilt = true;
    it->checkpoint->request.cb = on_rebuilt;
    store_vacuum(it->store, it->checkpoint);
}

/* ---- 2 ---- */

static void on_scanned(struct store_request *request)
{
    struct erase_secure *it = request->user;
    if (request->result != RESULT_OK) {
        secure_finish(it, request->result, &request->error);
        return;
    }
    it->verified = it->scan->found == 0;
    if (it->verified || it->rebuilt)
        secure_finish(it, RESULT_OK, NULL);
    else
        secure_3_rebuild(it);
}

static void secure_2_scan(struct erase_secure *it)
{
    it->scan->request.cb = on_scanned;
    it->scan->request.user = it;
    it->scan->needles = (const struct needle *)(const void *)it->needles.data;
    it->scan->n_needles = it->needles.length / NEEDLE_SIZE;
    store_scan(it->store, it->scan);
}

/* ---- 1 ---- */

static void on_log_empty(struct store_request *request)
{
    struct erase_secure *it = request->user;
    if (request->result == RESULT_OK)
        secure_2_scan(it);
    else if (request->result == RESULT_BUSY && ++it->tries < TRIES_MAX)
        loop_timer_start(&it->again, AGAIN_MS);
    else
        secure_finish(it, request->result, &request->error);
}

static void secure_1_log(struct erase_secure *it)
{
    it->checkpoint->request.cb = on_log_empty;
    it->checkpoint->request.user = it;
    store_secure(it->store, it->checkpoint);
}

/* ---- 0 ---- */

/* Not written now, it is written at the next start: the store knows. */
static void on_ledger(struct store_request *request)
{
    struct erase_secure *it = request->user;
    if (request->result != RESULT_OK)
        log_error("ledger_not_written", LOG_TEXT("result", result_name(request->result)));
    secure_1_log(it);
}

static void secure_0_ledger(struct erase_secure *it)
{
    it->write->request.cb = on_ledger;
    it->write->request.user = it;
    it->write->request.arena = it->arena;
    it->write->path = it->ledger;
    store_ledger(it->store, it->write);
}

static void on_again(struct loop_timer *timer)
{
    secure_1_log(container_of(timer, struct erase_secure, again));
}

void erase_secure(struct loop *loop, struct store *store, struct erase_secure *secure)
{
    secure->store = store;
    secure->rebuilt = secure->verified = false;
    secure->tries = 0;
    secure->checkpoint = mem_new(struct store_secure);
    secure->scan = mem_new(struct store_scan);
    secure->write = mem_new(struct store_ledger);
    secure->arena = arena_create(16 << 20);
    loop_timer_init(loop, &secure->again, on_again);
    if (secure->ledger != NULL)
        secure_0_ledger(secure);
    else
        secure_1_log(secure);
}
