/* act.c - what people decide about a wave: hold, resume, cancel; approve and release are
 * approve.c's. Each is a receipt.
 *
 * A hold stops the engine before it is written, so that no byte leaves while the disk is busy. */
/* System. */
#include <string.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/act_private.h"

enum { AGAIN_MOST = 5 };

void act_finish(struct act *act, enum result result, const struct error *error)
{
    struct delivery_act *req = act->req;
    req->request.result = result;
    if (error != NULL)
        req->request.error = *error;
    req->required = act->delivery->config.approvals_required;
    json_object_put(act->binding);
    json_object_put(act->facts);
    arena_destroy(&act->arena);
    dossier_destroy(&act->dossier);
    receipt_batch_free(&act->receipts);
    buf_free(&act->policy);
    buf_free(&act->document);
    mem_free(act);
    req->request.cb(&req->request);
}

void act_refuse(struct act *act, enum result result, const char *field, const char *text)
{
    struct error error;
    error_set(&error, result, field, "%s", text);
    act_finish(act, result, &error);
}

void act_receipt(struct act *act, enum receipt_kind kind)
{
    const struct delivery_act *req = act->req;
    struct json_object *facts =
        act->facts != NULL ? json_object_get(act->facts) : json_object_new_object();
    char actor[ID_TEXT_SIZE], until[TIME_TEXT_SIZE];
    struct buf note;
    buf_init(&note, 8192);
    if (req->approval_hash[0] != 0)
        json_object_object_add(facts, "hash", json_object_new_string(req->approval_hash));
    if (req->until != TIME_NONE && req->until > 0 && kind == RECEIPT_HELD)
        json_object_object_add(facts, "until",
                               json_object_new_string(time_format(until, req->until)));
    if (kind == RECEIPT_BREAK_GLASS)
        buf_printf(&note, "reason: %s", str_or(req->reason, ""));
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
        if (move->break_glass != 0)
            break_glass_alarm(delivery, move->row.id);
        if (move->row.state == WAVE_PLANNING || move->row.state == WAVE_SENDING)
            schedule_wave(delivery, &move->row);
    }
    act_finish(act, request->result, &request->error);
}

void act_move(struct act *act, enum wave_state to, enum receipt_kind kind)
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
    act_receipt(act, kind);
    move->request.cb = on_moved;
    move->wave = act->wave->id;
    move->from = act->wave->state;
    move->to = to;
    move->at = delivery_now(act->delivery);
    move->break_glass = kind == RECEIPT_BREAK_GLASS ? act->req->principal : 0;
    move->hold_until = act->req->until > 0 ? act->req->until : TIME_NONE;
    move->receipts = &act->receipts;
    store_wave_move(act->delivery->config.store, move);
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
    act_move(act, WAVE_HELD, RECEIPT_HELD);
}

static void resume(struct act *act)
{
    if (act->wave->state != WAVE_HELD)
        act_refuse(act, RESULT_CONFLICT, "state", "Only a held wave can be resumed.");
    else
        act_move(act, act->wave->held_from, RECEIPT_RESUMED);
}

static void cancel(struct act *act)
{
    struct active_wave *wave = schedule_find(act->delivery, act->wave->id);
    if (wave != NULL && sm_allowed(&wave_states, act->wave->state, WAVE_CANCELED))
        schedule_stop_wave(wave);
    act_move(act, WAVE_CANCELED, RECEIPT_CANCELED);
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
    static void (*const verbs[])(struct act *) = {[VERB_APPROVE] = act_approve,
                                                  [VERB_RELEASE] = act_release,
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
    buf_init(&act->document, SIZE_MAX);
    receipt_batch_init(&act->receipts, req->incident, 0, 0);
    act->load.request.cb = on_dossier;
    act->load.incident = req->incident;
    dossier_load(delivery, &act->load);
}
