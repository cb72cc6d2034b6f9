/* hold_lift.c - the end of a hold. The store knows who asked and who agrees; here the receipts of
 * both ways are made ready (the one that applies is stored), and where a wave goes on with another
 * notice version, the policy and the hash that its approval must be of. */
/* System. */
#include <string.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/hold/hold_private.h"
#include "service/delivery/plan/binding.h"

struct lifting {
    struct delivery *delivery;
    struct delivery_hold_lift *req;
    struct dossier_load load;
    struct store_hold_list list;
    struct store_hold_lift lift;
    struct receipt_batch asked, lifted;
    struct buf policy;
    struct blob policy_blob;
    uint8_t hash[DIGEST_SIZE];
    struct arena *arena;
    int64_t number; /* the person who is free when this hold ends; -1: nobody */
};

static void lifting_finish(struct lifting *it, enum result result, const struct error *error)
{
    struct delivery_hold_lift *req = it->req;
    req->request.result = result;
    if (error != NULL)
        req->request.error = *error;
    dossier_destroy(&it->load.dossier);
    receipt_batch_free(&it->asked);
    receipt_batch_free(&it->lifted);
    buf_free(&it->policy);
    arena_destroy(&it->arena);
    mem_free(it);
    req->request.cb(&req->request);
}

static void on_lifted(struct store_request *request)
{
    struct store_hold_lift *lift = container_of(request, struct store_hold_lift, request);
    struct lifting *it = container_of(lift, struct lifting, lift);
    bool known;
    if (request->result == RESULT_OK) {
        const struct wave_row *wave =
            scope_wave(&it->req->scope, lift->waves, lift->n_waves, &known);
        it->req->wave = wave != NULL ? *wave : lift->waves[0];
        it->req->wave.policy = it->req->wave.spec = (struct blob){NULL, 0};
        it->req->wave.caps = NULL;
        it->req->done = lift->done;
        it->req->holds = lift->holds;
        log_info(lift->done ? "hold_lifted" : "resume_asked", LOG_INT("holds", lift->holds));
        if (lift->done && it->number >= 0)
            hold_free_person(it->delivery, it->req->incident, (uint32_t)it->number);
        if (lift->done)
            hold_wake(it->delivery, lift->waves, lift->n_waves);
    }
    lifting_finish(it, request->result, &request->error);
}

/* ---- Receipts of both ways. ---- */
static void add_receipt(struct lifting *it, struct receipt_batch *to, enum receipt_kind kind,
                        struct json_object *facts)
{
    const struct delivery_hold_lift *req = it->req;
    char actor[ID_TEXT_SIZE];
    const struct receipt receipt = {.kind = kind,
                                    .at = it->lift.at,
                                    .incident = req->incident,
                                    .wave = it->lift.wave,
                                    .outcome = -1,
                                    .actor = delivery_principal(actor, req->principal),
                                    .note = req->note,
                                    .facts = facts};
    receipt_batch_add(to, &it->load.dossier->key, &receipt);
    receipt_batch_finish(to);
}

static void make_receipts(struct lifting *it, const struct hold_row *row)
{
    const struct dossier *dossier = it->load.dossier;
    struct json_object *facts = hold_facts(row, dossier->waves, dossier->n_waves);
    if (it->req->notice != 0)
        json_object_object_add(facts, "notice_version", json_object_new_int64(it->req->notice));
    add_receipt(it, &it->asked, RECEIPT_RESUME_ASKED, facts);
    add_receipt(it, &it->lifted,
                it->req->by_fact && !it->req->overridden ? RECEIPT_REGULATOR_TOLD
                : hold_is_whole(row)                     ? RECEIPT_RESUMED
                                                         : RECEIPT_HOLD_LIFTED,
                facts);
    it->delivery->stats.receipts++;
    it->lift.asked = &it->asked;
    it->lift.lifted = &it->lifted;
    json_object_put(facts);
}

static void store_it(struct lifting *it, const struct hold_row *row)
{
    it->lift.incident = it->req->incident;
    it->lift.hold = it->req->hold;
    it->lift.principal = it->req->principal;
    it->lift.by_fact = it->req->by_fact;
    it->lift.jurisdiction = it->req->scope.jurisdiction;
    it->lift.notice = it->req->notice;
    it->lift.at = delivery_now(it->delivery);
    make_receipts(it, row);
    it->lift.request.cb = on_lifted;
    it->lift.request.arena = it->arena;
    store_hold_lift(it->delivery->config.store, &it->lift);
}

/* ---- A hold by its id: what it covers stands in the receipt. ---- */
static void note_person(struct lifting *it, const struct hold_row *row)
{
    unsigned holds = 0;
    for (size_t i = 0; i < it->list.n; i++)
        holds += it->list.rows[i].number == row->number;
    it->number = row->number >= 0 && holds == 1 ? row->number : -1;
}

static void on_list(struct store_request *request)
{
    struct store_hold_list *list = container_of(request, struct store_hold_list, request);
    struct lifting *it = container_of(list, struct lifting, list);
    struct error error;
    for (size_t i = 0; request->result == RESULT_OK && i < list->n; i++)
        if (list->rows[i].id == it->req->hold) {
            note_person(it, &list->rows[i]);
            store_it(it, &list->rows[i]);
            return;
        }
    if (request->result == RESULT_OK)
        error_set(&error, RESULT_NOT_FOUND, "hold",
                  "There is no such hold any more; list them with GET .../holds.");
    else
        error = request->error;
    lifting_finish(it, request->result == RESULT_OK ? RESULT_NOT_FOUND : request->result, &error);
}

static void find_hold(struct lifting *it)
{
    it->list.request.cb = on_list;
    it->list.request.arena = it->arena;
    it->list.incident = it->req->incident;
    it->list.active = true;
    store_hold_list(it->delivery->config.store, &it->list);
}

/* ---- A wave, or the incident. ---- */
static enum result make_policy(struct lifting *it, struct error *error)
{
    struct dossier *dossier = it->load.dossier;
    struct policy policy = dossier->policy;
    char hex[DIGEST_TEXT_SIZE];
    enum result result = dossier_check(dossier, error);
    if (result != RESULT_OK)
        return result;
    struct json_object *binding = binding_make(it->delivery, dossier, dossier->wave);
    binding_hash(binding, hex, it->hash);
    json_object_put(binding);
    str_copy(policy.approval, sizeof(policy.approval), hex);
    policy_write(&it->policy, &policy);
    it->policy_blob = (struct blob){it->policy.data, it->policy.length};
    it->lift.policy = &it->policy_blob;
    it->lift.hash = it->hash;
    return RESULT_OK;
}

static void lift_whole(struct lifting *it)
{
    const struct dossier *dossier = it->load.dossier;
    struct error error;
    bool known;
    const struct wave_row *wave =
        scope_wave(&it->req->scope, dossier->waves, dossier->n_waves, &known);
    it->lift.wave = wave == NULL ? 0 : wave->id;
    bool changes = wave != NULL && it->req->notice != 0 && it->req->notice != wave->notice;
    enum result result = changes ? make_policy(it, &error) : RESULT_OK;
    if (result != RESULT_OK) {
        lifting_finish(it, result, &error);
        return;
    }
    store_it(it, &(struct hold_row){.wave = it->lift.wave,
                                    .jurisdiction = it->req->scope.jurisdiction,
                                    .number = -1,
                                    .until = TIME_NONE});
}

static void on_dossier(struct delivery_request *request)
{
    struct dossier_load *load = container_of(request, struct dossier_load, request);
    struct lifting *it = container_of(load, struct lifting, load);
    if (request->result != RESULT_OK)
        lifting_finish(it, request->result, &request->error);
    else if (it->req->hold != 0)
        find_hold(it);
    else
        lift_whole(it);
}

void delivery_hold_lift(struct delivery *delivery, struct delivery_hold_lift *req)
{
    struct lifting *it = mem_new(struct lifting);
    it->delivery = delivery;
    it->req = req;
    it->number = -1;
    it->arena = arena_create(64 << 20);
    buf_init(&it->policy, SIZE_MAX);
    receipt_batch_init(&it->asked, req->incident, 0, 0);
    receipt_batch_init(&it->lifted, req->incident, 0, 0);
    it->load.request.cb = on_dossier;
    it->load.incident = req->incident;
    it->load.wave = req->scope.wave;
    it->load.ordinal = req->scope.ordinal;
    it->load.goes_on = true;
    dossier_load(delivery, &it->load);
}
