/* waive.c - a named approver says that rejected rows need no notice. Happy path: the rows are read
 * (a receipt names part, line and field), then decided about in one transaction with their
 * receipts.
 *
 * Failure modes: a row is decided already or unknown; who uploaded it waives it. */
/* System. */
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/delivery_private.h"
#include "service/delivery/roster/roster.h"

struct waiving {
    struct delivery *delivery;
    struct delivery_waive *req;
    struct dossier_load load;
    struct dossier *dossier;
    struct store_reject_list list;
    struct arena *arena;
    struct store_reject_waive waive;
    struct receipt_batch receipts;
    int64_t rows[WAIVE_ROWS_MAX];
    size_t n;
};

static void finish(struct waiving *it, enum result result, const struct error *error)
{
    struct delivery_waive *req = it->req;
    req->request.result = result;
    if (error != NULL)
        req->request.error = *error;
    dossier_destroy(&it->dossier);
    receipt_batch_free(&it->receipts);
    arena_destroy(&it->arena);
    mem_free(it);
    req->request.cb(&req->request);
}

static void on_waived(struct store_request *request)
{
    struct store_reject_waive *waive = container_of(request, struct store_reject_waive, request);
    struct waiving *it = container_of(waive, struct waiving, waive);
    it->req->waived = request->result == RESULT_OK ? (int64_t)it->n : 0;
    it->req->undecided = waive->undecided;
    it->delivery->stats.receipts += it->n;
    finish(it, request->result, &request->error);
}

static void add_receipt(struct waiving *it, size_t i)
{
    char actor[ID_TEXT_SIZE], upload[ID_TEXT_SIZE];
    struct json_object *facts = json_object_new_object();
    json_object_object_add(facts, "field", json_object_new_string(it->list.rejects[i].field));
    json_object_object_add(facts, "line", json_object_new_int64(it->list.rejects[i].line));
    json_object_object_add(facts, "part", json_object_new_int64(it->list.parts[i]));
    json_object_object_add(facts, "row", json_object_new_int64(it->list.rows[i]));
    json_object_object_add(facts, "upload",
                           json_object_new_string(id_format(upload, "upl", it->list.uploads[i])));
    const struct receipt receipt = {.kind = RECEIPT_ROW_WAIVED,
                                    .at = delivery_now(it->delivery),
                                    .incident = it->req->incident,
                                    .outcome = -1,
                                    .reason = "waived",
                                    .actor = delivery_principal(actor, it->req->principal),
                                    .note = it->req->reason,
                                    .facts = facts};
    receipt_batch_add(&it->receipts, &it->dossier->key, &receipt);
    json_object_put(facts);
}

static bool wanted(const struct waiving *it, int64_t row)
{
    for (size_t i = 0; i < it->req->n; i++)
        if (it->req->rows[i] == row)
            return true;
    return it->req->rows == NULL;
}

static void waive(struct waiving *it)
{
    if (it->n == 0) {
        struct error error;
        error_set(&error, RESULT_CONFLICT, "rows",
                  "No row is left to decide about; list the rejected rows again.");
        finish(it, RESULT_CONFLICT, &error);
        return;
    }
    receipt_batch_finish(&it->receipts);
    it->waive = (struct store_reject_waive){.request.cb = on_waived,
                                            .incident = it->req->incident,
                                            .principal = it->req->principal,
                                            .rows = it->rows,
                                            .n = it->n,
                                            .receipts = &it->receipts};
    store_reject_waive(it->delivery->config.store, &it->waive);
}

static void list_next(struct waiving *it, int64_t after);

static void on_list(struct store_request *request)
{
    struct store_reject_list *list = container_of(request, struct store_reject_list, request);
    struct waiving *it = container_of(list, struct waiving, list);
    const size_t most = it->req->rows == NULL ? WAIVE_ROWS_MAX : it->req->n;
    struct error error;
    if (request->result != RESULT_OK) {
        finish(it, request->result, &request->error);
        return;
    }
    for (size_t i = 0; i < list->n && it->n < most; i++) {
        if (!wanted(it, list->rows[i]))
            continue;
        it->rows[it->n++] = list->rows[i];
        add_receipt(it, i);
    }
    if (list->n > 0 && it->n < most) {
        list_next(it, list->next);
    } else if (it->req->rows != NULL && it->n < it->req->n) {
        error_set(&error, RESULT_CONFLICT, "rows",
                  "One of these rows is decided already, or is no rejected row of this incident; "
                  "list the undecided ones again.");
        finish(it, RESULT_CONFLICT, &error);
    } else {
        waive(it);
    }
}

static void list_next(struct waiving *it, int64_t after)
{
    arena_destroy(&it->arena);
    it->arena = arena_create(4 << 20);
    it->list = (struct store_reject_list){.request = {.cb = on_list, .arena = it->arena},
                                          .incident = it->req->incident,
                                          .after = after,
                                          .limit = 1000,
                                          .undecided = true};
    store_reject_list(it->delivery->config.store, &it->list);
}

static void on_dossier(struct delivery_request *request)
{
    struct dossier_load *load = container_of(request, struct dossier_load, request);
    struct waiving *it = container_of(load, struct waiving, load);
    it->dossier = load->dossier;
    if (request->result != RESULT_OK)
        finish(it, request->result, &request->error);
    else
        list_next(it, 0);
}

void delivery_waive(struct delivery *delivery, struct delivery_waive *req)
{
    struct waiving *it = mem_new(struct waiving);
    it->delivery = delivery;
    it->req = req;
    receipt_batch_init(&it->receipts, req->incident, 0, 0);
    it->load.request.cb = on_dossier;
    it->load.incident = req->incident;
    dossier_load(delivery, &it->load);
}
