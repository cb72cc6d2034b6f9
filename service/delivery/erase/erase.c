/* erase.c - a person goes, from one incident or from all: each incident is worked through by
 * erase_person.c, then the store is secured once. See the header for the promise. */
/* System. */
#include <string.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/delivery_private.h"
#include "service/delivery/erase/erase.h"
#include "service/delivery/people/preference.h"

enum { INCIDENTS_A_PAGE = 100, ITEMS_MAX = 1000 };

struct forgetting {
    struct delivery *delivery;
    struct delivery_erase *req;
    struct store_incident_list list;
    struct arena *arena; /* of a page of the list */
    size_t at;
    struct erase_task task;
    struct erase_secure secure;
    struct store_preference_erase account;
    struct preference_key key;
    struct receipt_batch receipts;
    bool account_done;
};

bool erase_basis_ok(const char *basis)
{
    size_t n = 0;
    for (; basis != NULL && basis[n] != 0; n++) {
        char c = basis[n];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && strchr("-._()", c) == NULL)
            return false;
    }
    return n > 0 && n <= ERASE_BASIS_MAX;
}

static void forgetting_finish(struct forgetting *it, enum result result, const struct error *error)
{
    struct delivery_erase *req = it->req;
    req->request.result = result;
    if (error != NULL)
        req->request.error = *error;
    req->request.error.code = result;
    buf_wipe(&it->secure.needles);
    receipt_batch_free(&it->receipts);
    arena_destroy(&it->arena);
    mem_free(it);
    req->request.cb(&req->request);
}

/* ---- The end: secured, answered. ---- */

static void answer(struct forgetting *it)
{
    struct delivery_erase *req = it->req;
    struct error error;
    if (req->n == 0 && req->preferences == 0) {
        error_set(&error, RESULT_NOT_FOUND, "/recipient_id",
                  "No incident has anybody of this id, or the person was erased before; check the "
                  "id as it was uploaded.");
        forgetting_finish(it, RESULT_NOT_FOUND, &error);
    } else if (req->incident != 0 && req->items[0].result != RESULT_OK) {
        error = it->task.error;
        forgetting_finish(it, req->items[0].result, &error);
    } else {
        forgetting_finish(it, RESULT_OK, NULL);
    }
}

static void on_secured(struct erase_secure *secure)
{
    struct forgetting *it = container_of(secure, struct forgetting, secure);
    it->req->rebuilt = secure->rebuilt;
    it->req->verified = secure->verified;
    log_info("people_erased", LOG_INT("people", it->req->people),
             LOG_INT("verified", it->req->verified));
    answer(it);
}

static void end(struct forgetting *it);

static void on_account_gone(struct store_request *request)
{
    struct store_preference_erase *erase =
        container_of(request, struct store_preference_erase, request);
    struct forgetting *it = container_of(erase, struct forgetting, account);
    it->account_done = true;
    if (request->result != RESULT_OK) {
        forgetting_finish(it, request->result, &request->error);
        return;
    }
    buf_add(&it->secure.needles, erase->needles, erase->n_needles * NEEDLE_SIZE);
    it->req->preferences += (unsigned)erase->rows;
    end(it);
}

static void account_receipt(struct forgetting *it)
{
    char actor[ID_TEXT_SIZE];
    struct json_object *facts = json_object_new_object();
    json_object_object_add(facts, "basis", json_object_new_string(it->req->basis));
    json_object_object_add(facts, "preferences", json_object_new_int(1));
    const struct receipt receipt = {.kind = RECEIPT_ERASED,
                                    .at = delivery_now(it->delivery),
                                    .outcome = -1,
                                    .reason = "requested",
                                    .actor = delivery_principal(actor, it->req->principal),
                                    .facts = facts};
    receipt_batch_init(&it->receipts, 0, 0, 0);
    receipt_batch_add(&it->receipts, NULL, &receipt);
    receipt_batch_finish(&it->receipts);
    json_object_put(facts);
}

/* What an account wished may be known though no incident has its person. */
static void forget_account(struct forgetting *it)
{
    delivery_preference_key(it->delivery, PERSON_KEY_ACCOUNT, it->req->account_id, &it->key);
    account_receipt(it);
    if (it->arena == NULL)
        it->arena = arena_create(1 << 20);
    it->account =
        (struct store_preference_erase){.request = {.cb = on_account_gone, .arena = it->arena},
                                        .keys = &it->key,
                                        .n_keys = 1,
                                        .receipts = &it->receipts};
    store_preference_erase(it->delivery->config.store, &it->account);
}

static void end(struct forgetting *it)
{
    if (it->req->incident == 0 && it->req->account_id != NULL && !it->account_done) {
        forget_account(it);
        return;
    }
    if (it->req->people == 0 && it->req->preferences == 0) { /* nothing to look for */
        answer(it);
        return;
    }
    it->secure.cb = on_secured;
    it->secure.ledger = it->delivery->config.ledger;
    erase_secure(it->delivery->config.loop, it->delivery->config.store, &it->secure);
}

/* ---- One incident after the other. ---- */

static void next(struct forgetting *it);

static void add_item(struct forgetting *it)
{
    struct delivery_erase *req = it->req;
    const struct erase_task *task = &it->task;
    if (req->n == ITEMS_MAX)
        return;
    req->items[req->n++] = (struct erase_item){
        .incident = task->incident,
        .result = task->result,
        .people = task->people,
        .why =
            task->result == RESULT_OK ? NULL : arena_strdup(req->request.arena, task->error.text),
    };
    req->people += task->people;
    req->preferences += task->preferences;
}

static void on_person(struct erase_task *task)
{
    struct forgetting *it = container_of(task, struct forgetting, task);
    /* Of all incidents, those that never had the person, or are erased as a whole, say nothing. */
    bool silent = task->result == RESULT_NOT_FOUND || task->result == RESULT_DENIED;
    if (it->req->incident != 0 || !silent)
        add_item(it);
    if (it->req->incident != 0)
        end(it);
    else
        next(it);
}

static void start(struct forgetting *it, id incident)
{
    it->task = (struct erase_task){
        .cb = on_person,
        .incident = incident,
        .recipient_id = it->req->recipient_id,
        .account_id = it->req->account_id,
        .principal = it->req->principal,
        .everywhere = it->req->incident == 0,
        .basis = it->req->basis,
        .needles = &it->secure.needles,
    };
    erase_person(it->delivery, &it->task);
}

static void on_listed(struct store_request *request)
{
    struct store_incident_list *list = container_of(request, struct store_incident_list, request);
    struct forgetting *it = container_of(list, struct forgetting, list);
    it->at = 0;
    if (request->result != RESULT_OK)
        forgetting_finish(it, request->result, &request->error);
    else if (list->n == 0)
        end(it);
    else
        next(it);
}

static void read_page(struct forgetting *it, int64_t after)
{
    arena_destroy(&it->arena);
    it->arena = arena_create(256 << 20);
    it->list = (struct store_incident_list){.request = {.cb = on_listed, .arena = it->arena},
                                            .after = after,
                                            .limit = INCIDENTS_A_PAGE};
    store_incident_list(it->delivery->config.store, &it->list);
}

static void next(struct forgetting *it)
{
    if (it->at < it->list.n)
        start(it, it->list.rows[it->at++].id);
    else if (it->list.n < INCIDENTS_A_PAGE)
        end(it);
    else
        read_page(it, it->list.rows[it->list.n - 1].created_at);
}

void delivery_erase(struct delivery *delivery, struct delivery_erase *req)
{
    struct forgetting *it = mem_new(struct forgetting);
    it->delivery = delivery;
    it->req = req;
    buf_init(&it->secure.needles, SIZE_MAX);
    receipt_batch_init(&it->receipts, 0, 0, 0);
    req->n = 0;
    req->people = req->preferences = 0;
    req->rebuilt = req->verified = false;
    req->items =
        arena_alloc(req->request.arena, (req->incident != 0 ? 1 : ITEMS_MAX) * sizeof(*req->items));
    require(req->items != NULL && erase_basis_ok(req->basis) &&
            (req->recipient_id != NULL) != (req->account_id != NULL));
    if (req->incident != 0)
        start(it, req->incident);
    else
        read_page(it, 0);
}
