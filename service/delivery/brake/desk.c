/* desk.c - a person says go on. Happy path: the dossier and the wave's brakes are read, what
 * stopped is lifted, the canary's wait ends; each is a receipt with the person's name. What led to
 * a stop is forgotten with it, or the same figures would stop it again at once. Failure modes:
 * nothing waits; two people at once (the store's compare-and-set lets one through). */
/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/brake/braking.h"
#include "service/delivery/brake/desk.h"

struct going_on {
    struct delivery *delivery;
    struct delivery_continue *req;
    struct dossier_load load;
    const struct wave_row *wave;
    struct policy policy;
    struct store_brake_get get;
    struct store_brake_resume resume;
    struct store_brake_move move;
    struct receipt_batch receipts;
    struct arena *arena;
    char prefixes[BRAKE_STOPS_MAX][BOOK_SCOPE_SIZE];
    const char *forget[BRAKE_STOPS_MAX];
    size_t n_forget;
};

static void finish(struct going_on *it, enum result result, const struct error *error)
{
    struct delivery_continue *req = it->req;
    req->request.result = result;
    if (error != NULL)
        req->request.error = *error;
    dossier_destroy(&it->load.dossier);
    receipt_batch_free(&it->receipts);
    arena_destroy(&it->arena);
    mem_free(it);
    req->request.cb(&req->request);
}

static void refuse(struct going_on *it, enum result result, const char *field, const char *text)
{
    struct error error;
    error_set(&error, result, field, "%s", text);
    finish(it, result, &error);
}

static void add_receipt(struct going_on *it, const char *reason, struct json_object *facts)
{
    char actor[ID_TEXT_SIZE];
    const struct receipt receipt = {.kind = RECEIPT_BRAKE_RESUMED,
                                    .at = delivery_now(it->delivery),
                                    .incident = it->req->incident,
                                    .wave = it->wave->id,
                                    .outcome = -1,
                                    .reason = reason,
                                    .actor = delivery_principal(actor, it->req->principal),
                                    .note = it->req->note,
                                    .facts = facts};
    receipt_batch_add(&it->receipts, &it->load.dossier->key, &receipt);
    it->delivery->stats.receipts++;
}

/* ---- The canary's wait. ---- */

/* What this process knows of the wave is read anew. */
static void wake(struct going_on *it)
{
    struct active_wave *wave = schedule_find(it->delivery, it->wave->id);
    if (wave != NULL && wave->dossier != NULL)
        braking_load(wave);
}

static void on_moved(struct store_request *request)
{
    struct store_brake_move *move = container_of(request, struct store_brake_move, request);
    struct going_on *it = container_of(move, struct going_on, move);
    if (request->result == RESULT_OK)
        it->req->stage = move->to;
    wake(it);
    finish(it, request->result, &request->error);
}

static void open_road(struct going_on *it)
{
    if (it->get.stage != BRAKE_WAITING || it->req->scope != NULL) {
        wake(it);
        finish(it, RESULT_OK, NULL);
        return;
    }
    receipt_batch_free(&it->receipts);
    receipt_batch_init(&it->receipts, it->req->incident, it->wave->id, 0);
    add_receipt(it, "canary", NULL);
    receipt_batch_finish(&it->receipts);
    it->move.request.cb = on_moved;
    it->move.wave = it->wave->id;
    it->move.from = BRAKE_WAITING;
    it->move.to = BRAKE_OPEN;
    it->move.at = delivery_now(it->delivery);
    it->move.receipts = &it->receipts;
    store_brake_move(it->delivery->config.store, &it->move);
}

/* ---- Stops. ---- */

static bool is_meant(const struct going_on *it, const struct brake_stop *stop)
{
    return it->req->scope == NULL || str_equal(it->req->scope, stop->scope);
}

static int channel_of(const struct going_on *it, const char *scope)
{
    size_t n = strcspn(scope, "|");
    for (unsigned i = 0; n > 0 && i < it->policy.n_channels; i++)
        if (strlen(it->policy.channels[i].channel) == n &&
            strncmp(it->policy.channels[i].channel, scope, n) == 0)
            return (int)i;
    return -1;
}

static void forget(struct going_on *it, const struct brake_stop *stop)
{
    char *prefix = it->prefixes[it->n_forget];
    int channel = channel_of(it, stop->scope);
    const char *domain = strchr(stop->scope, '|');
    if (channel < 0)
        snprintf(prefix, BOOK_SCOPE_SIZE, "w%lld:%s", (long long)it->wave->id,
                 str_equal(stop->reason, "budget") ? "budget" : "-");
    else if (domain == NULL)
        snprintf(prefix, BOOK_SCOPE_SIZE, "w%lld:t%d:", (long long)it->wave->id, channel);
    else
        snprintf(prefix, BOOK_SCOPE_SIZE, "w%lld:t%d:%.40s:", (long long)it->wave->id, channel,
                 domain + 1);
    it->forget[it->n_forget++] = prefix;
}

static void on_resumed(struct store_request *request)
{
    struct store_brake_resume *resume = container_of(request, struct store_brake_resume, request);
    struct going_on *it = container_of(resume, struct going_on, resume);
    struct active_wave *wave = schedule_find(it->delivery, it->wave->id);
    if (request->result != RESULT_OK) {
        finish(it, request->result, &request->error);
        return;
    }
    for (size_t i = 0; i < it->n_forget; i++)
        book_drop(it->delivery->book, it->forget[i]);
    if (wave != NULL)
        braking_lift(&wave->braking, it->req->scope);
    for (unsigned i = 0; wave != NULL && i < wave->policy.n_channels; i++)
        if (wave->gates[i] != NULL)
            gate_reopen(wave->gates[i]);
    log_info("brake_resumed", LOG_INT("wave", it->wave->id), LOG_INT("stops", it->req->lifted));
    open_road(it);
}

static void lift(struct going_on *it)
{
    receipt_batch_init(&it->receipts, it->req->incident, it->wave->id, 0);
    for (size_t i = 0; i < it->get.n_stops && i < BRAKE_STOPS_MAX; i++) {
        const struct brake_stop *stop = &it->get.stops[i];
        if (!is_meant(it, stop))
            continue;
        struct json_object *facts = json_object_new_object();
        json_object_object_add(facts, "scope", json_object_new_string(stop->scope));
        add_receipt(it, stop->reason, facts);
        json_object_put(facts);
        forget(it, stop);
    }
    it->req->lifted = (unsigned)it->n_forget;
    receipt_batch_finish(&it->receipts);
    it->resume.request.cb = on_resumed;
    it->resume.wave = it->wave->id;
    it->resume.scope = it->req->scope;
    it->resume.at = delivery_now(it->delivery);
    it->resume.forget = it->forget;
    it->resume.n_forget = it->n_forget;
    it->resume.receipts = &it->receipts;
    store_brake_resume(it->delivery->config.store, &it->resume);
}

static void on_read(struct store_request *request)
{
    struct store_brake_get *get = container_of(request, struct store_brake_get, request);
    struct going_on *it = container_of(get, struct going_on, get);
    unsigned meant = 0;
    if (request->result != RESULT_OK) {
        finish(it, request->result, &request->error);
        return;
    }
    it->req->stage = get->stage;
    for (size_t i = 0; i < get->n_stops; i++)
        meant += is_meant(it, &get->stops[i]);
    if (meant > 0 && !it->req->may_lift)
        refuse(it, RESULT_DENIED, "scope",
               "The wave stopped by itself: an approver looks at the figures and continues it.");
    else if (meant > 0)
        lift(it);
    else if (get->stage == BRAKE_WAITING && it->req->scope == NULL)
        open_road(it);
    else
        refuse(it, RESULT_CONFLICT, "scope",
               "Nothing of this wave waits for a person; look at its brakes.");
}

static void on_dossier(struct delivery_request *request)
{
    struct dossier_load *load = container_of(request, struct dossier_load, request);
    struct going_on *it = container_of(load, struct going_on, load);
    if (request->result != RESULT_OK) {
        finish(it, request->result, &request->error);
        return;
    }
    for (size_t i = 0; i < load->dossier->n_waves; i++)
        if (load->dossier->waves[i].ordinal == it->req->ordinal)
            it->wave = &load->dossier->waves[i];
    if (it->wave == NULL) {
        refuse(it, RESULT_NOT_FOUND, "wave", "This incident has no such wave.");
        return;
    }
    if (it->wave->policy.length == 0 ||
        dossier_policy(it->delivery, it->wave, &it->policy) != RESULT_OK) {
        refuse(it, RESULT_CONFLICT, "state", "This wave is not released: nothing waits.");
        return;
    }
    it->arena = arena_create(8 << 20);
    it->get.request.cb = on_read;
    it->get.request.arena = it->arena;
    it->get.wave = it->wave->id;
    store_brake_get(it->delivery->config.store, &it->get);
}

void delivery_continue(struct delivery *delivery, struct delivery_continue *req)
{
    struct going_on *it = mem_new(struct going_on);
    it->delivery = delivery;
    it->req = req;
    req->lifted = 0;
    receipt_batch_init(&it->receipts, req->incident, 0, 0);
    it->load.request.cb = on_dossier;
    it->load.incident = req->incident;
    dossier_load(delivery, &it->load);
}
