/* legal_plan.c - a plan of duties. Happy path: the incident is opened; its holds, and what is known
 * of its duties, are read; the roster is counted; the law is evaluated; the duties take the place
 * of those of the plan before, in one transaction with the receipt that names the rules. Before a
 * release, jurisdictions that must wait are held. Failure modes: facts that contradict each other
 * are refused with the member's name; the store's. */
/* System. */
#include <string.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/duty/plan_private.h"

enum { ARENA_MAX = 128 << 20 };

void plan_end(struct legal_plan *it, enum result result, const struct error *error)
{
    struct delivery_legal_plan *req = it->req;
    req->request.result = result;
    if (error != NULL && result != RESULT_OK)
        req->request.error = *error;
    if (req->held_text != NULL && req->request.arena != NULL)
        req->held_text = arena_strdup(req->request.arena, req->held_text);
    if (it->evaluated)
        law_result_free(&it->law);
    json_object_put(it->document);
    receipt_batch_free(&it->receipts);
    dossier_destroy(&it->dossier);
    arena_destroy(&it->arena);
    mem_free(it);
    req->request.cb(&req->request);
}

/* ---- Kept. ---- */

static void on_put(struct store_request *request)
{
    struct store_duty_plan *put = container_of(request, struct store_duty_plan, request);
    struct legal_plan *it = container_of(put, struct legal_plan, put);
    if (request->result != RESULT_OK)
        plan_end(it, request->result, &request->error);
    else if (it->req->wave != 0)
        plan_hold_back(it);
    else
        plan_end(it, RESULT_OK, NULL);
}

static void put_int(struct json_object *to, const char *name, int64_t number)
{
    json_object_object_add(to, name, json_object_new_int64(number));
}

static void add_receipt(struct legal_plan *it)
{
    const struct law_rules *rules = it->delivery->config.rules;
    char digest[DIGEST_TEXT_SIZE], actor[ID_TEXT_SIZE];
    struct json_object *facts = json_object_new_object();
    int64_t waits = 0;
    for (size_t i = 0; i < it->law.n_obligations; i++)
        waits += plan_waits(it, i);
    hex_encode(digest, law_rules_digest(rules), DIGEST_SIZE);
    put_int(facts, "duties", (int64_t)it->put.n);
    put_int(facts, "questions", (int64_t)it->law.n_questions);
    json_object_object_add(facts, "rules_digest", json_object_new_string(digest));
    json_object_object_add(facts, "rules_version",
                           json_object_new_string(law_rules_version(rules)));
    put_int(facts, "waiting", waits);
    const struct receipt receipt = {.kind = RECEIPT_PLAN_MADE,
                                    .at = delivery_now(it->delivery),
                                    .incident = it->req->incident,
                                    .wave = it->req->wave,
                                    .outcome = -1,
                                    .actor = delivery_principal(actor, it->req->principal),
                                    .facts = facts};
    receipt_batch_add(&it->receipts, &it->dossier->key, &receipt);
    receipt_batch_finish(&it->receipts);
    it->delivery->stats.receipts++;
    json_object_put(facts);
}

static void keep(struct legal_plan *it)
{
    struct error error;
    if (plan_rows(it))
        it->req->json = plan_write(it);
    if (it->req->json == NULL) {
        error_set(&error, RESULT_TOO_LARGE, NULL,
                  "The plan has no room: there are too many jurisdictions at once.");
        plan_end(it, RESULT_TOO_LARGE, &error);
        return;
    }
    add_receipt(it);
    it->put.request.cb = on_put;
    it->put.request.arena = it->arena;
    it->put.incident = it->req->incident;
    it->put.rows = it->rows;
    it->put.receipts = &it->receipts;
    store_duty_plan(it->delivery->config.store, &it->put);
}

/* ---- Evaluated. ---- */

static void evaluate(struct legal_plan *it)
{
    struct error error;
    const struct legal_facts_in in = {.document = it->dossier->document,
                                      .census = &it->census.census,
                                      .duties = it->before.rows,
                                      .n_duties = it->before.n,
                                      .begun = it->before.begun,
                                      .n_begun = it->before.n_begun,
                                      .holds = it->holds.items,
                                      .n_holds = it->holds.n,
                                      .now = delivery_now(it->delivery)};
    it->document = legal_facts_make(&in);
    enum result result = law_facts_read(it->document, it->arena, &it->facts, &error);
    if (result == RESULT_OK &&
        !law_evaluate(it->delivery->config.rules, &it->facts, it->arena, &it->law))
        result = error_set(&error, RESULT_TOO_LARGE, NULL,
                           "The law's answer has no room: there are too many jurisdictions.");
    if (result != RESULT_OK) {
        plan_end(it, result, &error);
        return;
    }
    it->evaluated = true;
    keep(it);
}

static void on_census(struct census_take *take)
{
    struct legal_plan *it = container_of(take, struct legal_plan, census);
    if (take->result != RESULT_OK)
        plan_end(it, take->result, &take->error);
    else
        evaluate(it);
}

/* ---- Read. ---- */

static void on_duties(struct store_request *request)
{
    struct store_duty_list *list = container_of(request, struct store_duty_list, request);
    struct legal_plan *it = container_of(list, struct legal_plan, before);
    if (request->result != RESULT_OK) {
        plan_end(it, request->result, &request->error);
        return;
    }
    it->census.cb = on_census;
    it->census.delivery = it->delivery;
    it->census.dossier = it->dossier;
    census_take(&it->census);
}

static void on_holds(struct delivery_request *request)
{
    struct delivery_hold_list *list = container_of(request, struct delivery_hold_list, request);
    struct legal_plan *it = container_of(list, struct legal_plan, holds);
    if (request->result != RESULT_OK) {
        plan_end(it, request->result, &request->error);
        return;
    }
    it->before = (struct store_duty_list){.request = {.cb = on_duties, .arena = it->arena},
                                          .incident = it->req->incident};
    store_duty_list(it->delivery->config.store, &it->before);
}

static void on_dossier(struct delivery_request *request)
{
    struct dossier_load *load = container_of(request, struct dossier_load, request);
    struct legal_plan *it = container_of(load, struct legal_plan, load);
    struct error error;
    it->dossier = load->dossier;
    if (request->result != RESULT_OK) {
        plan_end(it, request->result, &request->error);
        return;
    }
    if (it->delivery->config.rules == NULL) {
        error_set(&error, RESULT_UNAVAILABLE, NULL,
                  "No rules are configured; ask the operator to set `rules`.");
        plan_end(it, RESULT_UNAVAILABLE, &error);
        return;
    }
    if (!str_equal(it->dossier->policy.kind, "breach")) {
        error_set(&error, RESULT_CONFLICT, "kind",
                  "This is no breach: the law of breach notification asks nothing of it.");
        plan_end(it, RESULT_CONFLICT, &error);
        return;
    }
    it->holds = (struct delivery_hold_list){.request = {.cb = on_holds, .arena = it->arena},
                                            .incident = it->req->incident};
    delivery_hold_list(it->delivery, &it->holds);
}

void delivery_legal_plan(struct delivery *delivery, struct delivery_legal_plan *req)
{
    struct legal_plan *it = mem_new(struct legal_plan);
    it->delivery = delivery;
    it->req = req;
    it->arena = arena_create(ARENA_MAX);
    req->json = req->held_text = NULL;
    req->held = 0;
    receipt_batch_init(&it->receipts, req->incident, 0, 0);
    it->load.request.cb = on_dossier;
    it->load.incident = req->incident;
    it->load.wave = req->wave;
    it->load.newest = req->wave == 0;
    dossier_load(delivery, &it->load);
}
