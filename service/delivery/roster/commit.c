/* commit.c - the parts of a resumable upload become the roster: one act. */
/* System. */
#include <string.h>

/* Base. */
#include "base/mem.h"

/* This module. */
#include "service/delivery/delivery_private.h"
#include "service/delivery/roster/intake.h"

struct commit {
    struct delivery *delivery;
    struct delivery_roster_commit *req;
    struct store_roster_commit commit;
    struct receipt_batch receipts;
};

static void on_committed(struct store_request *request)
{
    struct store_roster_commit *store = container_of(request, struct store_roster_commit, request);
    struct commit *commit = container_of(store, struct commit, commit);
    struct delivery_roster_commit *req = commit->req;
    /* Committed before: the client has not heard the answer, and hears the same one now. */
    req->request.result = request->result == RESULT_EXISTS ? RESULT_OK : request->result;
    req->request.error = request->error;
    req->counts.accepted = store->accepted;
    req->counts.duplicates = store->duplicates;
    req->counts.rejected = store->rejected;
    req->counts.warnings = store->warnings;
    if (request->result == RESULT_OK)
        commit->delivery->stats.recipients_accepted += (uint64_t)store->accepted;
    receipt_batch_free(&commit->receipts);
    mem_free(commit);
    req->request.cb(&req->request);
}

void delivery_roster_commit(struct delivery *delivery, struct delivery_roster_commit *req)
{
    struct commit *commit = mem_new(struct commit);
    char actor[ID_TEXT_SIZE];
    struct json_object *facts = json_object_new_object();
    json_object_object_add(facts, "parts", json_object_new_int64(req->parts));
    const struct receipt receipt = {.kind = RECEIPT_ROSTER_ACCEPTED,
                                    .at = delivery_now(delivery),
                                    .incident = req->incident,
                                    .outcome = -1,
                                    .reason = "parts",
                                    .actor = delivery_principal(actor, req->principal),
                                    .facts = facts};
    commit->delivery = delivery;
    commit->req = req;
    receipt_batch_init(&commit->receipts, req->incident, 0, 0);
    receipt_batch_add(&commit->receipts, &delivery->vault.service, &receipt);
    receipt_batch_finish(&commit->receipts);
    json_object_put(facts);
    commit->commit.request.cb = on_committed;
    commit->commit.incident = req->incident;
    commit->commit.parts = req->parts;
    commit->commit.count = req->count;
    commit->commit.expected = req->expected;
    commit->commit.at = receipt.at;
    commit->commit.receipts = &commit->receipts;
    store_roster_commit(delivery->config.store, &commit->commit);
}
