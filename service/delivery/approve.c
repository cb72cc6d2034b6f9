/* approve.c - approving and releasing a wave.
 *
 * An approval binds to the hash of everything that decides what is sent (plan/binding.h); the
 * document itself is kept beside it. A release makes the document again: when it is another one
 * (the configuration changed at a restart), the approval is void, and the answer names the members
 * that changed. Break-glass: one person releases alone, where that is configured, with a reason. */
/* System. */
#include <string.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/act_private.h"
#include "service/delivery/plan/binding.h"
#include "service/delivery/plan/difference.h"

/* What would be sent now, and its hash; false after an answer was given. */
static bool bind_now(struct act *act)
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
    json_object_put(act->binding);
    act->binding = binding_make(act->delivery, act->dossier, act->wave);
    binding_hash(act->binding, act->req->approval_hash, act->hash);
    return true;
}

static bool same_as_approved(const struct act *act)
{
    return memcmp(act->hash, act->wave->approved_hash, DIGEST_SIZE) == 0;
}

static void fact_text(struct act *act, const char *name, const char *text)
{
    if (act->facts == NULL)
        act->facts = json_object_new_object();
    json_object_object_add(act->facts, name, json_object_new_string(text));
}

/* ---- What was approved is void: something changed since. ---- */

enum { NAMES_MAX = 200 };

static void after_void(struct act *act);

static void on_voided(struct store_request *request)
{
    struct store_wave_move *move = container_of(request, struct store_wave_move, request);
    struct act *act = container_of(move, struct act, move);
    if (request->result != RESULT_OK) {
        act_finish(act, request->result, &request->error);
        return;
    }
    receipt_batch_free(&act->receipts);
    receipt_batch_init(&act->receipts, act->req->incident, 0, 0);
    memset(&act->move, 0, sizeof(act->move));
    after_void(act);
}

static void on_approved_read(struct store_request *request)
{
    struct store_approvals *approvals = container_of(request, struct store_approvals, request);
    struct act *act = container_of(approvals, struct act, approvals);
    char names[NAMES_MAX] = "";
    if (request->result != RESULT_OK) {
        act_finish(act, request->result, &request->error);
        return;
    }
    struct json_object *before = binding_open(approvals->document.sealed, &act->dossier->key);
    if (before != NULL)
        difference_names(before, act->binding, names, sizeof(names));
    json_object_put(before);
    fact_text(act, "changed", names[0] != 0 ? names : "unknown");
    act_receipt(act, RECEIPT_APPROVAL_VOIDED);
    act->move = (struct store_wave_move){.request.cb = on_voided,
                                         .wave = act->wave->id,
                                         .from = WAVE_APPROVED,
                                         .to = WAVE_DRAFT,
                                         .at = delivery_now(act->delivery),
                                         .hold_until = TIME_NONE,
                                         .receipts = &act->receipts};
    store_wave_move(act->delivery->config.store, &act->move);
}

static void void_approval(struct act *act)
{
    if (act->arena == NULL)
        act->arena = arena_create(16 << 20);
    act->approvals = (struct store_approvals){
        .request = {.cb = on_approved_read, .arena = act->arena},
        .incident = act->req->incident,
        .wave = act->wave->id,
        .want = act->wave->approved_hash,
    };
    store_approvals_get(act->delivery->config.store, &act->approvals);
}

static void refuse_voided(struct act *act)
{
    struct error error;
    error_set(
        &error, RESULT_CONFLICT, "hash",
        "What would be sent is no longer what was approved. Changed: %s. The approval is void; "
        "everybody who approved must look again: have it approved again.",
        json_get_string(act->facts, "changed"));
    act_finish(act, RESULT_CONFLICT, &error);
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

static void put_approval(struct act *act)
{
    const struct delivery_act *req = act->req;
    json_object_put(act->facts);
    act->facts = NULL;
    act_receipt(act, RECEIPT_APPROVED);
    binding_seal(act->binding, &act->dossier->key, &act->document);
    act->approval = (struct store_approval){.request.cb = on_approved,
                                            .incident = req->incident,
                                            .wave = act->wave->id,
                                            .principal = req->principal,
                                            .version = act->dossier->row.version,
                                            .required = act->delivery->config.approvals_required,
                                            .claimed = act->delivery->config.approvers_claimed,
                                            .document = {act->document.data, act->document.length},
                                            .at = delivery_now(act->delivery),
                                            .receipts = &act->receipts};
    memcpy(act->approval.hash, act->hash, DIGEST_SIZE);
    store_approval_put(act->delivery->config.store, &act->approval);
}

static void after_void(struct act *act)
{
    if (act->req->verb == VERB_APPROVE)
        put_approval(act);
    else
        refuse_voided(act);
}

/* A number that is wrong means that the person looked at something else: it is kept. */
static void on_refusal_noted(struct delivery_request *request)
{
    struct delivery_note *note = container_of(request, struct delivery_note, request);
    struct act *act = container_of(note, struct act, note);
    act_refuse(act, RESULT_INVALID, "/people",
               "This is not the number of people: look at the summary again, then type the number "
               "that it shows.");
}

static void refuse_number(struct act *act, int64_t people)
{
    static char actor[ID_TEXT_SIZE]; /* the loop's only */
    act->facts = json_object_new_object();
    json_object_object_add(act->facts, "typed", json_object_new_int64(act->req->people));
    json_object_object_add(act->facts, "people", json_object_new_int64(people));
    act->note =
        (struct delivery_note){.request.cb = on_refusal_noted,
                               .receipt = {.kind = RECEIPT_APPROVAL_REFUSED,
                                           .at = delivery_now(act->delivery),
                                           .incident = act->req->incident,
                                           .wave = act->wave->id,
                                           .outcome = -1,
                                           .reason = "wrong_number",
                                           .actor = delivery_principal(actor, act->req->principal),
                                           .facts = act->facts}};
    delivery_note(act->delivery, &act->note);
}

static void approve_counted(struct act *act, int64_t people)
{
    if (act->req->counted && act->req->people != people)
        refuse_number(act, people);
    else if (act->wave->state == WAVE_APPROVED && !same_as_approved(act))
        void_approval(act);
    else
        put_approval(act);
}

/* A later wave is for those whom its audience names: they are counted as the summary does. */
static void on_rehearsed(struct delivery_request *request)
{
    struct delivery_rehearse *rehearse = container_of(request, struct delivery_rehearse, request);
    struct act *act = container_of(rehearse, struct act, rehearse);
    struct json_object *json = NULL;
    if (request->result != RESULT_OK) {
        act_finish(act, request->result, &request->error);
        return;
    }
    json_read(rehearse->json, strlen(rehearse->json), &json, NULL);
    int64_t people = json_get_int(json, "goes", 0) + json_get_int(json, "unreachable", 0) +
                     json_get_int(json, "withheld", 0);
    json_object_put(json);
    approve_counted(act, people);
}

static void count_audience(struct act *act)
{
    if (act->arena == NULL)
        act->arena = arena_create(16 << 20);
    act->rehearse = (struct delivery_rehearse){
        .request = {.cb = on_rehearsed, .arena = act->arena},
        .incident = act->req->incident,
        .ordinal = act->wave->ordinal,
        .limit = 1,
    };
    delivery_rehearse(act->delivery, &act->rehearse);
}

void act_approve(struct act *act)
{
    const struct delivery_act *req = act->req;
    if (!bind_now(act))
        return;
    if (req->hash != NULL && !str_equal(req->hash, req->approval_hash))
        act_refuse(act, RESULT_CONFLICT, "hash",
                   "Something changed since you looked: look at the preview again, then approve.");
    else if (req->counted && act->wave->ordinal > 1)
        count_audience(act);
    else
        approve_counted(act, act->dossier->row.accepted);
}

/* ---- Release. ---- */

/* What a wave takes in, and what a correction withdraws. */
static void read_spec(struct act *act)
{
    struct json_object *audience = json_get(act->dossier->spec, "audience");
    struct json_object *parts = json_get(audience, "parts");
    struct json_object *versions = json_get(audience, "told_with_notice");
    size_t n = parts == NULL ? 0 : json_object_array_length(parts);
    if (wave_kind_takes(act->wave->kind))
        for (size_t i = 0; i < n && i < PARTS_MOST; i++)
            act->parts[act->move.n_parts++] =
                (unsigned)json_object_get_int64(json_object_array_get_idx(parts, i));
    n = versions == NULL ? 0 : json_object_array_length(versions);
    if (act->wave->kind == WAVE_CORRECTION)
        for (size_t i = 0; i < n && i < VERSIONS_MOST; i++)
            act->withdraws[act->move.n_withdraws++] =
                json_object_get_int64(json_object_array_get_idx(versions, i));
    act->move.parts = act->parts;
    act->move.withdraws = act->withdraws;
}

/* The texts as they are now: what is sent after an upgrade is what was approved before it. */
static void keep_notices(struct act *act, struct policy *policy)
{
    uint8_t digest[DIGEST_SIZE];
    dossier_pack(act->dossier, &act->notices);
    sha256(digest, act->notices.data, act->notices.length);
    hex_encode(policy->notices, digest, DIGEST_SIZE);
    memcpy(act->notices_digest, policy->notices, sizeof(act->notices_digest));
    act->move.notices_digest = act->notices_digest;
    act->move.notices = (struct blob){act->notices.data, act->notices.length};
}

static void keep_policy(struct act *act)
{
    struct policy policy = act->dossier->policy;
    keep_notices(act, &policy);
    str_copy(policy.approval, sizeof(policy.approval), act->req->approval_hash);
    policy_write(&act->policy, &policy);
    act->policy_blob = (struct blob){act->policy.data, act->policy.length};
    act->move.policy = &act->policy_blob;
    act->move.version = act->dossier->row.version;
    read_spec(act);
}

static void on_legal(struct delivery_request *request)
{
    struct delivery_legal_plan *legal = container_of(request, struct delivery_legal_plan, request);
    struct act *act = container_of(legal, struct act, legal);
    if (request->result != RESULT_OK)
        act_finish(act, request->result, &request->error);
    else
        act_move(act, WAVE_PLANNING, act->released_by);
}

/* Jurisdictions whose regulator must be told first are held back before anything is claimed. */
static void go(struct act *act, enum receipt_kind kind)
{
    const struct delivery_config *config = &act->delivery->config;
    act->released_by = kind;
    if (config->rules == NULL || !config->law_enforced ||
        !str_equal(act->dossier->policy.kind, "breach")) {
        act_move(act, WAVE_PLANNING, kind);
        return;
    }
    if (act->arena == NULL)
        act->arena = arena_create(16 << 20);
    act->legal = (struct delivery_legal_plan){.request = {.cb = on_legal, .arena = act->arena},
                                              .incident = act->req->incident,
                                              .principal = act->req->principal,
                                              .wave = act->wave->id};
    delivery_legal_plan(act->delivery, &act->legal);
}

static void break_glass(struct act *act)
{
    if (!act->delivery->config.break_glass) {
        act_refuse(act, RESULT_DENIED, "break_glass",
                   "One person cannot release alone here; have the wave approved, or ask the "
                   "operator to set break_glass.");
        return;
    }
    if (str_empty(act->req->reason)) {
        act_refuse(act, RESULT_INVALID, "/reason", "Releasing alone needs a reason; say why.");
        return;
    }
    if (!bind_now(act))
        return;
    keep_policy(act);
    binding_seal(act->binding, &act->dossier->key, &act->document);
    act->move.hash = act->hash;
    act->move.document = (struct blob){act->document.data, act->document.length};
    go(act, RECEIPT_BREAK_GLASS);
}

/* Nobody falls out: a rejected row is somebody who has not been told. False after an answer. */
static bool all_rows_decided(struct act *act)
{
    const int64_t undecided = act->dossier->row.undecided;
    char incident[ID_TEXT_SIZE];
    struct error error;
    if (undecided == 0)
        return true;
    error_set(&error, RESULT_CONFLICT, "rejected",
              "%lld rejected rows are undecided: upload their corrections or have them waived; GET "
              "/v1/incidents/%s/rejected?undecided=true lists them.",
              (long long)undecided, id_format(incident, "inc", act->req->incident));
    act_finish(act, RESULT_CONFLICT, &error);
    return false;
}

void act_release(struct act *act)
{
    const bool alone = act->wave->state == WAVE_DRAFT && act->req->break_glass;
    if ((alone || act->wave->state == WAVE_APPROVED) && !all_rows_decided(act))
        return;
    if (act->wave->state == WAVE_DRAFT && act->req->break_glass) {
        break_glass(act);
        return;
    }
    if (act->wave->state != WAVE_APPROVED) {
        act_refuse(act, RESULT_CONFLICT, "state",
                   act->wave->state == WAVE_DRAFT
                       ? "Another person must approve this wave before it is released."
                       : "This wave was released already; look at the incident's state.");
        return;
    }
    if (!bind_now(act))
        return;
    if (!same_as_approved(act)) {
        void_approval(act);
        return;
    }
    keep_policy(act);
    go(act, RECEIPT_RELEASED);
}
