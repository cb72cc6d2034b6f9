/* act.c - what people decide about a wave: approve, release, hold, resume, cancel. Each is a
 * receipt.
 *
 * An approval binds to the hash of all that decides what is sent; a release checks it again. A hold
 * stops the engine before it is written, so that no byte leaves while the disk is busy. */
/* System. */
#include <string.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/delivery_private.h"

struct act {
    struct delivery *delivery;
    struct delivery_act *req;
    struct dossier_load load;
    struct dossier *dossier;
    const struct wave_row *wave;
    struct store_approval approval;
    struct store_wave_move move;
    struct receipt_batch receipts;
    struct buf policy;
    struct blob policy_blob;
    uint8_t hash[DIGEST_SIZE];
    unsigned again; /* times the wave moved on between look and leap */
};

enum { AGAIN_MOST = 5 };

static void act_finish(struct act *act, enum result result, const struct error *error)
{
    struct delivery_act *req = act->req;
    req->request.result = result;
    if (error != NULL)
        req->request.error = *error;
    req->required = act->delivery->config.approvals_required;
    dossier_destroy(&act->dossier);
    receipt_batch_free(&act->receipts);
    buf_free(&act->policy);
    mem_free(act);
    req->request.cb(&req->request);
}

static void act_refuse(struct act *act, enum result result, const char *field, const char *text)
{
    struct error error;
    error_set(&error, result, field, "%s", text);
    act_finish(act, result, &error);
}

static void add_receipt(struct act *act, enum receipt_kind kind)
{
    const struct delivery_act *req = act->req;
    struct json_object *facts = json_object_new_object();
    char actor[ID_TEXT_SIZE], until[TIME_TEXT_SIZE];
    struct buf note;
    buf_init(&note, 8192);
    if (req->approval_hash[0] != 0)
        json_object_object_add(facts, "hash", json_object_new_string(req->approval_hash));
    if (req->until != TIME_NONE && req->until > 0 && kind == RECEIPT_HELD)
        json_object_object_add(facts, "until",
                               json_object_new_string(time_format(until, req->until)));
    if (kind == RECEIPT_HELD)
        buf_printf(&note, "reason: %s; agency: %s; officer: %s", str_or(req->reason, ""),
                   str_or(req->agency, ""), str_or(req->officer, ""));
    const struct receipt receipt = {.kind = kind,
                                    .at = delivery_now(act->delivery),
                                    .incident = req->incident,
                                    .wave = act->wave->id,
                                    .outcome = -1,
                                    .actor = delivery_principal(actor, req->principal),
                                    .note = note.length > 0 ? note.data : NULL,
                                    .facts = facts};
    receipt_batch_add(&act->receipts, &act->dossier->key, &receipt);
    receipt_batch_finish(&act->receipts);
    act->delivery->stats.receipts++;
    buf_wipe(&note);
    json_object_put(facts);
}

/* ---- Approve. ---- */

static void on_approved(struct store_request *request)
{
    struct store_approval *approval = container_of(request, struct store_approval, request);
    struct act *act = container_of(approval, struct act, approval);
    act->req->wave = approval->wave; /* the caller may have said "the first" */
    act->req->approvals = approval->approvals;
    act->req->state = approval->state;
    act_finish(act, request->result, &request->error);
}

/* Hash of what would be sent now; false after an answer was given. */
static bool hash_now(struct act *act)
{
    struct error error;
    if (act->dossier->row.accepted == 0) {
        act_refuse(act, RESULT_CONFLICT, "recipients",
                   "This incident has no recipients yet; upload the roster first.");
        return false;
    }
    enum result result = dossier_check(act->dossier, &error);
    if (result != RESULT_OK) {
        act_finish(act, result, &error);
        return false;
    }
    dossier_hash(act->dossier, act->req->approval_hash, act->hash);
    return true;
}

static void approve(struct act *act)
{
    struct delivery_act *req = act->req;
    if (!hash_now(act))
        return;
    if (req->hash != NULL && !str_equal(req->hash, req->approval_hash)) {
        act_refuse(act, RESULT_CONFLICT, "hash",
                   "Something changed since you looked: look at the preview again, then approve.");
        return;
    }
    add_receipt(act, RECEIPT_APPROVED);
    act->approval.request.cb = on_approved;
    act->approval.incident = req->incident;
    act->approval.wave = act->wave->id;
    act->approval.principal = req->principal;
    memcpy(act->approval.hash, act->hash, DIGEST_SIZE);
    act->approval.version = act->dossier->row.version;
    act->approval.required = act->delivery->config.approvals_required;
    act->approval.at = delivery_now(act->delivery);
    act->approval.receipts = &act->receipts;
    store_approval_put(act->delivery->config.store, &act->approval);
}

/* ---- Moves of the wave. ---- */

/* The engine moved the wave (planned -> sending) while a person moved it: who says hold must not be
 * told to try again, with the wave stopped in memory and sending on disk. */
static bool act_again(struct act *act, enum result result)
{
    bool by_state = act->req->verb == VERB_HOLD || act->req->verb == VERB_CANCEL;
    if (result != RESULT_CONFLICT || !by_state || act->again == AGAIN_MOST)
        return false;
    act->again++;
    dossier_destroy(&act->dossier);
    receipt_batch_free(&act->receipts);
    receipt_batch_init(&act->receipts, act->req->incident, 0, 0);
    memset(&act->move, 0, sizeof(act->move));
    dossier_load(act->delivery, &act->load);
    return true;
}

static void on_moved(struct store_request *request)
{
    struct store_wave_move *move = container_of(request, struct store_wave_move, request);
    struct act *act = container_of(move, struct act, move);
    struct delivery *delivery = act->delivery;
    if (act_again(act, request->result))
        return;
    if (request->result == RESULT_OK) {
        act->req->wave = move->row.id;
        act->req->state = move->row.state;
        act->req->approvals = move->row.approvals;
        log_info("wave_moved", LOG_INT("wave", move->row.id),
                 LOG_TEXT("to", sm_name(&wave_states, move->row.state)));
        if (move->row.state == WAVE_PLANNING || move->row.state == WAVE_SENDING)
            schedule_wave(delivery, &move->row);
    }
    act_finish(act, request->result, &request->error);
}

static void move_wave(struct act *act, enum wave_state to, enum receipt_kind kind)
{
    struct store_wave_move *move = &act->move;
    if (!sm_allowed(&wave_states, act->wave->state, to)) {
        struct error error;
        error_set(&error, RESULT_CONFLICT, "state",
                  "The wave is %s, which does not go to %s; look at the incident's state.",
                  sm_name(&wave_states, act->wave->state), sm_name(&wave_states, to));
        act_finish(act, RESULT_CONFLICT, &error);
        return;
    }
    add_receipt(act, kind);
    move->request.cb = on_moved;
    move->wave = act->wave->id;
    move->from = act->wave->state;
    move->to = to;
    move->at = delivery_now(act->delivery);
    move->hold_until = act->req->until > 0 ? act->req->until : TIME_NONE;
    move->receipts = &act->receipts;
    store_wave_move(act->delivery->config.store, move);
}

static void release(struct act *act)
{
    struct policy policy = act->dossier->policy;
    if (act->wave->state != WAVE_APPROVED) {
        act_refuse(act, RESULT_CONFLICT, "state",
                   act->wave->state == WAVE_DRAFT
                       ? "Another person must approve this wave before it is released."
                       : "This wave was released already; look at the incident's state.");
        return;
    }
    if (!hash_now(act))
        return;
    if (memcmp(act->hash, act->wave->approved_hash, DIGEST_SIZE) != 0) {
        act_refuse(act, RESULT_CONFLICT, "hash",
                   "What would be sent is no longer what was approved; have it approved again.");
        return;
    }
    str_copy(policy.approval, sizeof(policy.approval), act->req->approval_hash);
    policy_write(&act->policy, &policy);
    act->policy_blob = (struct blob){act->policy.data, act->policy.length};
    act->move.policy = &act->policy_blob;
    act->move.version = act->dossier->row.version;
    move_wave(act, WAVE_PLANNING, RECEIPT_RELEASED);
}

static void hold(struct act *act)
{
    struct active_wave *wave = schedule_find(act->delivery, act->wave->id);
    if (str_empty(act->req->reason)) {
        act_refuse(act, RESULT_INVALID, "/reason", "A hold needs a reason; say why.");
        return;
    }
    if (wave != NULL && sm_allowed(&wave_states, act->wave->state, WAVE_HELD))
        schedule_stop_wave(wave);
    move_wave(act, WAVE_HELD, RECEIPT_HELD);
}

static void resume(struct act *act)
{
    if (act->wave->state != WAVE_HELD)
        act_refuse(act, RESULT_CONFLICT, "state", "Only a held wave can be resumed.");
    else
        move_wave(act, act->wave->held_from, RECEIPT_RESUMED);
}

static void cancel(struct act *act)
{
    struct active_wave *wave = schedule_find(act->delivery, act->wave->id);
    if (wave != NULL && sm_allowed(&wave_states, act->wave->state, WAVE_CANCELED))
        schedule_stop_wave(wave);
    move_wave(act, WAVE_CANCELED, RECEIPT_CANCELED);
}

static const struct wave_row *wave_wanted(const struct act *act)
{
    const struct dossier *dossier = act->dossier;
    for (size_t i = 0; i < dossier->n_waves; i++)
        if (act->req->wave == 0 || dossier->waves[i].id == act->req->wave)
            return &dossier->waves[i];
    return NULL;
}

static void on_dossier(struct delivery_request *request)
{
    struct dossier_load *load = container_of(request, struct dossier_load, request);
    struct act *act = container_of(load, struct act, load);
    act->dossier = load->dossier;
    if (request->result != RESULT_OK) {
        act_finish(act, request->result, &request->error);
        return;
    }
    act->wave = wave_wanted(act);
    if (act->wave == NULL) {
        act_refuse(act, RESULT_NOT_FOUND, "wave", "This incident has no such wave.");
        return;
    }
    static void (*const verbs[])(struct act *) = {[VERB_APPROVE] = approve,
                                                  [VERB_RELEASE] = release,
                                                  [VERB_HOLD] = hold,
                                                  [VERB_RESUME] = resume,
                                                  [VERB_CANCEL] = cancel};
    verbs[act->req->verb](act);
}

void delivery_act(struct delivery *delivery, struct delivery_act *req)
{
    struct act *act = mem_new(struct act);
    act->delivery = delivery;
    act->req = req;
    req->approval_hash[0] = 0;
    buf_init(&act->policy, SIZE_MAX);
    receipt_batch_init(&act->receipts, req->incident, 0, 0);
    act->load.request.cb = on_dossier;
    act->load.incident = req->incident;
    dossier_load(delivery, &act->load);
}
