/* act.c - what people decide about a wave: cancel here, approve and release in approve.c; to hold
 * and to resume is hold/'s, and only passed on. Each is a receipt. A released wave that is held is
 * approved as it would go on: with the newest facts. */
/* System. */
#include <string.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/act_private.h"
#include "service/delivery/hold/hold.h"

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
    buf_free(&act->notices);
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
    char actor[ID_TEXT_SIZE];
    struct buf note;
    buf_init(&note, 8192);
    if (req->approval_hash[0] != 0)
        json_object_object_add(facts, "hash", json_object_new_string(req->approval_hash));
    if (kind == RECEIPT_RELEASED || kind == RECEIPT_APPROVED || kind == RECEIPT_BREAK_GLASS) {
        json_object_object_add(facts, "kind",
                               json_object_new_string(wave_kind_name(act->wave->kind)));
        json_object_object_add(facts, "notice_version",
                               json_object_new_int64(act->dossier->notice));
    }
    if (kind == RECEIPT_BREAK_GLASS)
        buf_printf(&note, "reason: %s", str_or(req->reason, ""));
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

/* The engine moved the wave (planned -> sending) while a person moved it: who says stop must not be
 * told to try again, with the wave stopped in memory and sending on disk. */
static bool act_again(struct act *act, enum result result)
{
    bool by_state = act->req->verb == VERB_CANCEL;
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
    move->hold_until = TIME_NONE;
    move->receipts = &act->receipts;
    store_wave_move(act->delivery->config.store, move);
}

static void cancel(struct act *act)
{
    struct active_wave *wave = schedule_find(act->delivery, act->wave->id);
    if (wave != NULL && sm_allowed(&wave_states, act->wave->state, WAVE_CANCELED))
        schedule_stop_wave(wave);
    act_move(act, WAVE_CANCELED, RECEIPT_CANCELED);
}

/* A released wave that is held is looked at as it would go on. */
static bool look_again(struct act *act)
{
    const struct wave_row *wave = act->dossier->wave;
    if (act->req->verb != VERB_APPROVE || act->load.goes_on || wave == NULL ||
        wave->state != WAVE_HELD || wave->released_at == TIME_NONE)
        return false;
    dossier_destroy(&act->dossier);
    act->load.goes_on = true;
    dossier_load(act->delivery, &act->load);
    return true;
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
    if (look_again(act))
        return;
    act->wave = act->dossier->wave;
    act->req->ordinal = act->wave == NULL ? 0 : act->wave->ordinal;
    if (act->wave == NULL) {
        act_refuse(act, RESULT_NOT_FOUND, "wave", "This incident has no such wave.");
        return;
    }
    static void (*const verbs[])(struct act *) = {
        [VERB_APPROVE] = act_approve, [VERB_RELEASE] = act_release, [VERB_CANCEL] = cancel};
    verbs[act->req->verb](act);
}

/* ---- Hold and resume: passed on. ---- */
struct passing {
    struct delivery *delivery;
    struct delivery_act *req;
    struct delivery_hold_place place;
    struct delivery_hold_lift lift;
};

static void passing_finish(struct passing *it, const struct delivery_request *from,
                           const struct wave_row *wave)
{
    struct delivery_act *req = it->req;
    req->request.result = from->result;
    req->request.error = from->error;
    if (from->result == RESULT_OK) {
        req->wave = wave->id;
        req->ordinal = wave->ordinal;
        req->state = wave->state;
        req->approvals = wave->approvals;
    }
    req->required = it->delivery->config.approvals_required;
    mem_free(it);
    req->request.cb(&req->request);
}

static void on_placed(struct delivery_request *request)
{
    struct delivery_hold_place *place = container_of(request, struct delivery_hold_place, request);
    struct passing *it = container_of(place, struct passing, place);
    passing_finish(it, request, &place->wave);
}

static void on_lifted(struct delivery_request *request)
{
    struct delivery_hold_lift *lift = container_of(request, struct delivery_hold_lift, request);
    struct passing *it = container_of(lift, struct passing, lift);
    it->req->asked = request->result == RESULT_OK && !lift->done;
    if (request->result == RESULT_NOT_FOUND && str_equal(request->error.field, "hold")) {
        /* The incident as a whole is not held; perhaps its first wave is. */
        if (lift->scope.wave == 0 && lift->scope.ordinal == 0) {
            lift->scope.ordinal = 1;
            delivery_hold_lift(it->delivery, lift);
            return;
        }
        request->result = error_set(&request->error, RESULT_CONFLICT, "state",
                                    "Only what is held can be resumed; list the holds.");
    }
    passing_finish(it, request, &lift->wave);
}

static void pass_on(struct delivery *delivery, struct delivery_act *req)
{
    struct passing *it = mem_new(struct passing);
    const struct hold_scope scope = {.wave = req->wave, .ordinal = req->ordinal};
    it->delivery = delivery;
    it->req = req;
    if (req->verb == VERB_HOLD) {
        it->place = (struct delivery_hold_place){.request.cb = on_placed,
                                                 .incident = req->incident,
                                                 .principal = req->principal,
                                                 .scope = scope,
                                                 .reason = req->reason,
                                                 .agency = req->agency,
                                                 .officer = req->officer,
                                                 .until = req->until};
        delivery_hold_place(delivery, &it->place);
        return;
    }
    it->lift = (struct delivery_hold_lift){.request.cb = on_lifted,
                                           .incident = req->incident,
                                           .principal = req->principal,
                                           .scope = scope,
                                           .notice = req->notice,
                                           .note = req->reason};
    delivery_hold_lift(delivery, &it->lift);
}

void delivery_act(struct delivery *delivery, struct delivery_act *req)
{
    req->approval_hash[0] = 0;
    req->asked = false;
    if (req->verb == VERB_HOLD || req->verb == VERB_RESUME) {
        pass_on(delivery, req);
        return;
    }
    struct act *act = mem_new(struct act);
    act->delivery = delivery;
    act->req = req;
    buf_init(&act->policy, SIZE_MAX);
    buf_init(&act->notices, SIZE_MAX);
    buf_init(&act->document, SIZE_MAX);
    receipt_batch_init(&act->receipts, req->incident, 0, 0);
    act->load.request.cb = on_dossier;
    act->load.incident = req->incident;
    act->load.wave = req->wave;
    act->load.ordinal = req->ordinal;
    dossier_load(delivery, &act->load);
}
