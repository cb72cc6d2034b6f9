/* erase_incident.c - a whole incident goes: 1 may it, 2 its key and what the key sealed, some
 * thousand rows a step, 3 the store is secured. What stays: receipts, counters, waves, approvals.
 *
 * Failure modes: CONFLICT when a wave is not settled, a written request is open or a legal hold
 * stands; EXISTS when it was erased before. A crash between two steps leaves the key destroyed and
 * rows behind it, which the next call deletes. */
/* System. */
#include <string.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"

/* Interfaces. */
#include "tocsin/store_erase.h"

/* This module. */
#include "service/delivery/delivery_private.h"
#include "service/delivery/erase/erase.h"

enum { ARENA_MAX = 64 << 20, PAGE = 100 };

struct ending {
    struct delivery *delivery;
    struct delivery_erase_incident *req;
    struct arena *arena;
    struct store_incident_get get;
    struct store_keep keep;
    struct store_written_request_list list;
    struct store_erase_incident put;
    struct receipt_batch receipts;
    struct erase_secure secure;
};

static void ending_finish(struct ending *it, enum result result, const struct error *error)
{
    struct delivery_erase_incident *req = it->req;
    req->request.result = result;
    if (error != NULL)
        req->request.error = *error;
    req->request.error.code = result;
    receipt_batch_free(&it->receipts);
    buf_wipe(&it->secure.needles);
    arena_destroy(&it->arena);
    mem_free(it);
    req->request.cb(&req->request);
}

static void refuse(struct ending *it, const char *why)
{
    struct error error;
    error_set(&error, RESULT_CONFLICT, NULL, "%s", why);
    ending_finish(it, RESULT_CONFLICT, &error);
}

/* ---- 3 secured ---- */

static void on_secured(struct erase_secure *secure)
{
    struct ending *it = container_of(secure, struct ending, secure);
    it->req->rebuilt = secure->rebuilt;
    it->req->verified = secure->verified;
    log_info("incident_erased", LOG_INT("incident", it->req->incident),
             LOG_INT("verified", secure->verified));
    ending_finish(it, RESULT_OK, NULL);
}

/* ---- 2 the key, and row by row ---- */

static void on_erased(struct store_request *request)
{
    struct store_erase_incident *put = container_of(request, struct store_erase_incident, request);
    struct ending *it = container_of(put, struct ending, put);
    if (request->result != RESULT_OK) {
        ending_finish(it, request->result, &request->error);
        return;
    }
    buf_add(&it->secure.needles, put->needles, put->n_needles * NEEDLE_SIZE);
    if (put->more) {
        arena_reset(it->arena);
        put->receipts = NULL;
        put->again = true;
        store_erase_incident(it->delivery->config.store, put);
        return;
    }
    it->secure.cb = on_secured;
    it->secure.ledger = it->delivery->config.ledger;
    erase_secure(it->delivery->config.loop, it->delivery->config.store, &it->secure);
}

/* Sealed by the service's key: the incident's own is gone with it. */
static void make_receipt(struct ending *it)
{
    char actor[ID_TEXT_SIZE];
    const struct delivery_erase_incident *req = it->req;
    struct json_object *facts = json_object_new_object();
    json_object_object_add(facts, "basis", json_object_new_string(req->basis));
    json_object_object_add(facts, "incident", json_object_new_boolean(true));
    json_object_object_add(facts, "people", json_object_new_int64(it->get.row.accepted));
    const struct receipt receipt = {
        .kind = RECEIPT_ERASED,
        .at = delivery_now(it->delivery),
        .incident = req->incident,
        .outcome = -1,
        .reason = req->replay           ? "replayed"
                  : req->principal == 0 ? "by_itself"
                                        : "requested",
        .actor = req->principal == 0 ? NULL : delivery_principal(actor, req->principal),
        .facts = facts,
    };
    receipt_batch_add(&it->receipts, &it->delivery->vault.service, &receipt);
    receipt_batch_finish(&it->receipts);
    it->delivery->stats.receipts++;
    json_object_put(facts);
}

static void ending_2_erase(struct ending *it)
{
    make_receipt(it);
    it->put.request.cb = on_erased;
    it->put.request.arena = it->arena;
    it->put.incident = it->req->incident;
    it->put.at = delivery_now(it->delivery);
    it->put.receipts = &it->receipts;
    store_erase_incident(it->delivery->config.store, &it->put);
}

/* ---- 1 may it ---- */

static void ask_requests(struct ending *it, int64_t after);

static void on_requests(struct store_request *request)
{
    struct store_written_request_list *list =
        container_of(request, struct store_written_request_list, request);
    struct ending *it = container_of(list, struct ending, list);
    if (request->result != RESULT_OK) {
        ending_finish(it, request->result, &request->error);
        return;
    }
    for (size_t i = 0; i < list->n; i++) {
        if (list->rows[i].state >= REQUEST_MAILED)
            continue;
        refuse(it, "A written-notice request of this incident is open; answer or close it, then "
                   "erase.");
        return;
    }
    if (list->n < PAGE)
        ending_2_erase(it);
    else
        ask_requests(it, list->rows[list->n - 1].received_at);
}

static void ask_requests(struct ending *it, int64_t after)
{
    it->list =
        (struct store_written_request_list){.request = {.cb = on_requests, .arena = it->arena},
                                            .incident = it->req->incident,
                                            .after = after,
                                            .limit = PAGE};
    store_written_request_list(it->delivery->config.store, &it->list);
}

static bool is_over(const struct store_incident_get *get)
{
    for (size_t i = 0; i < get->n_waves; i++)
        if (get->waves[i].state != WAVE_SETTLED && get->waves[i].state != WAVE_CANCELED)
            return false;
    return true;
}

static void on_incident(struct store_request *request)
{
    struct store_incident_get *get = container_of(request, struct store_incident_get, request);
    struct ending *it = container_of(get, struct ending, get);
    if (request->result != RESULT_OK)
        ending_finish(it, request->result, &request->error);
    else if (it->req->replay)
        ending_2_erase(it);
    else if (!is_over(get))
        refuse(it, "A wave of this incident has not settled; wait, or cancel it, then erase.");
    else
        ask_requests(it, 0);
}

static void on_keep(struct store_request *request)
{
    struct store_keep *keep = container_of(request, struct store_keep, request);
    struct ending *it = container_of(keep, struct ending, keep);
    if (request->result != RESULT_OK) {
        ending_finish(it, request->result, &request->error);
    } else if (keep->legal_hold != 0 && !it->req->replay) {
        refuse(it, "A legal hold stands on this incident; have it lifted, then erase.");
    } else {
        it->get.request.cb = on_incident;
        it->get.request.arena = it->arena;
        it->get.incident = it->req->incident;
        store_incident_get(it->delivery->config.store, &it->get);
    }
}

void delivery_erase_incident(struct delivery *delivery, struct delivery_erase_incident *req)
{
    struct ending *it = mem_new(struct ending);
    require(erase_basis_ok(req->basis));
    it->delivery = delivery;
    it->req = req;
    it->arena = arena_create(ARENA_MAX);
    req->rebuilt = req->verified = false;
    buf_init(&it->secure.needles, SIZE_MAX);
    receipt_batch_init(&it->receipts, req->incident, 0, 0);
    it->keep.request.cb = on_keep;
    it->keep.incident = req->incident;
    store_keep_get(delivery->config.store, &it->keep);
}
