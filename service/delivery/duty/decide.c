/* decide.c - what people say about duties. Happy path: the state is kept with its receipt
 * (reference and note sealed); when it was the last one that people waited for, the order rule of
 * the jurisdiction is lifted and they go on. Failure modes: between the two a crash leaves the
 * hold; saying the same again lifts it. */
/* System. */
#include <string.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/duty/plan_private.h"

enum { NOTE_MAX = 8192 };

struct deciding {
    struct delivery *delivery;
    struct delivery_duty *req;
    struct dossier_load load;
    struct store_duty_decide put;
    struct delivery_hold_lift lift;
    struct receipt_batch receipts;
    struct arena *arena;
};

static void deciding_end(struct deciding *it, enum result result, const struct error *error)
{
    struct delivery_duty *req = it->req;
    req->request.result = result;
    if (error != NULL && result != RESULT_OK)
        req->request.error = *error;
    dossier_destroy(&it->load.dossier);
    receipt_batch_free(&it->receipts);
    arena_destroy(&it->arena);
    mem_free(it);
    req->request.cb(&req->request);
}

static void on_lifted(struct delivery_request *request)
{
    struct delivery_hold_lift *lift = container_of(request, struct delivery_hold_lift, request);
    struct deciding *it = container_of(lift, struct deciding, lift);
    it->req->freed = request->result == RESULT_OK && lift->holds > 0;
    if (request->result != RESULT_OK && request->result != RESULT_NOT_FOUND) {
        deciding_end(it, request->result, &request->error);
        return;
    }
    deciding_end(it, RESULT_OK, NULL); /* NOT_FOUND: nobody waited */
}

static void on_put(struct store_request *request)
{
    struct store_duty_decide *put = container_of(request, struct store_duty_decide, request);
    struct deciding *it = container_of(put, struct deciding, put);
    if (request->result != RESULT_OK) {
        deciding_end(it, request->result, &request->error);
        return;
    }
    it->req->row = put->row;
    if (put->changed)
        log_info("duty_decided", LOG_TEXT("state", sm_name(&duty_states, put->row.state)));
    if (!put->row.blocks || put->waits) {
        deciding_end(it, RESULT_OK, NULL);
        return;
    }
    it->lift = (struct delivery_hold_lift){.request = {.cb = on_lifted, .arena = it->arena},
                                           .incident = it->req->incident,
                                           .principal = it->req->principal,
                                           .scope = {.jurisdiction = put->row.jurisdiction},
                                           .by_fact = true,
                                           .overridden = put->row.state == DUTY_OVERRIDDEN,
                                           .note = it->req->note};
    delivery_hold_lift(it->delivery, &it->lift);
}

static void add_receipt(struct deciding *it)
{
    const struct delivery_duty *req = it->req;
    char actor[ID_TEXT_SIZE], day[DAY_TEXT_SIZE];
    struct json_object *facts = json_object_new_object();
    struct buf note;
    buf_init(&note, NOTE_MAX);
    if (req->attachment_digest != NULL)
        json_object_object_add(facts, "attachment", json_object_new_string(req->attachment_digest));
    if (!req->override)
        json_object_object_add(facts, "done_on",
                               json_object_new_string(day_format(day, req->told_at)));
    json_object_object_add(facts, "duty", json_object_new_string(req->key));
    buf_printf(&note, "reference: %s; note: %s", str_or(req->reference, ""), str_or(req->note, ""));
    const struct receipt receipt = {.kind =
                                        req->override ? RECEIPT_DUTY_OVERRIDDEN : RECEIPT_DUTY_DONE,
                                    .at = it->put.at,
                                    .incident = req->incident,
                                    .outcome = -1,
                                    .actor = delivery_principal(actor, req->principal),
                                    .note = note.data,
                                    .facts = facts};
    receipt_batch_add(&it->receipts, &it->load.dossier->key, &receipt);
    receipt_batch_finish(&it->receipts);
    it->delivery->stats.receipts++;
    buf_wipe(&note);
    json_object_put(facts);
}

static void on_dossier(struct delivery_request *request)
{
    struct dossier_load *load = container_of(request, struct dossier_load, request);
    struct deciding *it = container_of(load, struct deciding, load);
    const struct delivery_duty *req = it->req;
    if (request->result != RESULT_OK) {
        deciding_end(it, request->result, &request->error);
        return;
    }
    it->put = (struct store_duty_decide){.request = {.cb = on_put, .arena = req->request.arena},
                                         .incident = req->incident,
                                         .key = req->key,
                                         .to = req->override ? DUTY_OVERRIDDEN : DUTY_DONE,
                                         .told_at = req->override ? TIME_NONE : req->told_at,
                                         .at = delivery_now(it->delivery),
                                         .principal = req->principal,
                                         .receipts = &it->receipts};
    add_receipt(it);
    store_duty_decide(it->delivery->config.store, &it->put);
}

void delivery_duty(struct delivery *delivery, struct delivery_duty *req)
{
    struct deciding *it = mem_new(struct deciding);
    it->delivery = delivery;
    it->req = req;
    it->arena = arena_create(16 << 20);
    req->freed = false;
    receipt_batch_init(&it->receipts, req->incident, 0, 0);
    it->load.request.cb = on_dossier;
    it->load.incident = req->incident;
    it->load.newest = true;
    dossier_load(delivery, &it->load);
}

/* ---- The list. ---- */

struct listing {
    struct delivery_duty_list *req;
    struct store_duty_list list;
};

static void on_list(struct store_request *request)
{
    struct store_duty_list *list = container_of(request, struct store_duty_list, request);
    struct listing *it = container_of(list, struct listing, list);
    struct delivery_duty_list *req = it->req;
    req->request.result = request->result;
    req->request.error = request->error;
    req->rows = list->rows;
    req->n = list->n;
    mem_free(it);
    req->request.cb(&req->request);
}

void delivery_duty_list(struct delivery *delivery, struct delivery_duty_list *req)
{
    struct listing *it = mem_new(struct listing);
    it->req = req;
    it->list = (struct store_duty_list){.request = {.cb = on_list, .arena = req->request.arena},
                                        .incident = req->incident,
                                        .limit = req->limit};
    store_duty_list(delivery->config.store, &it->list);
}

/* ---- Not to notify. ---- */

struct refraining {
    struct delivery *delivery;
    struct delivery_not_notifying *req;
    struct dossier_load load;
    struct store_receipt_append append;
    struct receipt_batch receipts;
};

static void refraining_end(struct refraining *it, enum result result, const struct error *error)
{
    struct delivery_not_notifying *req = it->req;
    req->request.result = result;
    if (result != RESULT_OK)
        req->request.error = *error;
    dossier_destroy(&it->load.dossier);
    receipt_batch_free(&it->receipts);
    mem_free(it);
    req->request.cb(&req->request);
}

static void on_noted(struct store_request *request)
{
    struct store_receipt_append *append =
        container_of(request, struct store_receipt_append, request);
    struct refraining *it = container_of(append, struct refraining, append);
    refraining_end(it, request->result, &request->error);
}

static int64_t months_of(const struct delivery *delivery, const char *jurisdiction)
{
    const struct law_rule *rule = delivery->config.rules == NULL
                                      ? NULL
                                      : law_rules_find(delivery->config.rules, jurisdiction);
    return rule == NULL ? 0 : json_get_int(json_get(law_rule_json(rule), "records"), "months", 0);
}

static struct json_object *refraining_facts(struct refraining *it)
{
    struct delivery_not_notifying *req = it->req;
    struct json_object *facts = json_object_new_object(), *places = json_object_new_array();
    req->months = 0;
    for (size_t i = 0; i < req->n; i++) {
        const int64_t months = months_of(it->delivery, req->jurisdictions[i]);
        req->months = months > req->months ? months : req->months;
        json_object_array_add(places, json_object_new_string(req->jurisdictions[i]));
    }
    if (req->evidence != NULL)
        json_object_object_add(facts, "evidence", json_object_new_string(req->evidence));
    json_object_object_add(facts, "jurisdictions", places);
    json_object_object_add(facts, "keep_months", json_object_new_int64(req->months));
    return facts;
}

static void on_refrain(struct delivery_request *request)
{
    struct dossier_load *load = container_of(request, struct dossier_load, request);
    struct refraining *it = container_of(load, struct refraining, load);
    char actor[ID_TEXT_SIZE];
    if (request->result != RESULT_OK) {
        refraining_end(it, request->result, &request->error);
        return;
    }
    struct json_object *facts = refraining_facts(it);
    const struct receipt receipt = {.kind = RECEIPT_NOT_NOTIFIED,
                                    .at = delivery_now(it->delivery),
                                    .incident = it->req->incident,
                                    .outcome = -1,
                                    .actor = delivery_principal(actor, it->req->principal),
                                    .note = it->req->reasons,
                                    .facts = facts};
    receipt_batch_add(&it->receipts, &load->dossier->key, &receipt);
    receipt_batch_finish(&it->receipts);
    it->delivery->stats.receipts++;
    json_object_put(facts);
    it->append.request.cb = on_noted;
    it->append.receipts = &it->receipts;
    store_receipt_append(it->delivery->config.store, &it->append);
}

void delivery_not_notifying(struct delivery *delivery, struct delivery_not_notifying *req)
{
    struct refraining *it = mem_new(struct refraining);
    it->delivery = delivery;
    it->req = req;
    receipt_batch_init(&it->receipts, req->incident, 0, 0);
    it->load.request.cb = on_refrain;
    it->load.incident = req->incident;
    it->load.newest = true;
    dossier_load(delivery, &it->load);
}
