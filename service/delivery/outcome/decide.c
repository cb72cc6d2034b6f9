/* decide.c - a person decides about a message of which nobody knows whether it was sent. The
 * decision is a receipt with the decider's name; the chunk is looked at again at once. */
/* System. */
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/delivery_private.h"
#include "service/delivery/person.h"

struct deciding {
    struct delivery *delivery;
    struct delivery_decide *req;
    struct person_load person;
    struct store_chunk_get get;
    struct store_fact put;
    struct receipt_batch receipts;
};

static void deciding_finish(struct deciding *it, enum result result, const struct error *error)
{
    struct delivery_decide *req = it->req;
    req->request.result = result;
    if (result == RESULT_CONFLICT)
        error_set(&req->request.error, result, "channel",
                  "Nothing of this person waits for a decision on this channel; look at the "
                  "person's timeline.");
    else if (error != NULL)
        req->request.error = *error;
    receipt_batch_free(&it->receipts);
    person_unload(&it->person);
    mem_free(it);
    req->request.cb(&req->request);
}

static void on_put(struct store_request *request)
{
    struct store_fact *put = container_of(request, struct store_fact, request);
    struct deciding *it = container_of(put, struct deciding, put);
    struct active_wave *wave = schedule_find(it->delivery, put->wave);
    if (request->result == RESULT_OK && wave != NULL)
        schedule_poke(wave);
    else if (request->result == RESULT_OK && put->reopened) {
        it->get.wave_row.state = WAVE_SENDING;
        schedule_wave(it->delivery, &it->get.wave_row);
    }
    deciding_finish(it, request->result, &request->error);
}

static void add_receipt(struct deciding *it, const struct chunk_row *chunk)
{
    static const char *const reasons[] = {[DECISION_SENT] = "decided_sent",
                                          [DECISION_RESEND] = "decided_resend",
                                          [DECISION_NEXT_RUNG] = "decided_next_rung"};
    char actor[ID_TEXT_SIZE];
    const struct receipt receipt = {
        .kind = RECEIPT_EVIDENCE,
        .at = delivery_now(it->delivery),
        .incident = chunk->incident,
        .wave = chunk->wave,
        .channel = it->req->channel,
        .outcome = -1,
        .reason = reasons[it->req->verb],
        .actor = delivery_principal(actor, it->req->principal),
        .seed = &it->person.seed,
        .recipient_id = it->person.recipient.recipient_id,
        .number = it->person.number,
        .note = it->req->note,
    };
    receipt_batch_init(&it->receipts, chunk->incident, chunk->wave, chunk->id);
    receipt_batch_add(&it->receipts, &it->person.dossier->key, &receipt);
    receipt_batch_finish(&it->receipts);
    it->delivery->stats.receipts++;
}

static void put_decision(struct deciding *it, const struct chunk_row *chunk, unsigned position)
{
    static const uint8_t states[] = {[DECISION_SENT] = MEMBER_ACCEPTED,
                                     [DECISION_RESEND] = MEMBER_PENDING,
                                     [DECISION_NEXT_RUNG] = MEMBER_FAILED};
    add_receipt(it, chunk);
    it->put.request.cb = on_put;
    it->put.chunk = chunk->id;
    it->put.position = (uint16_t)position;
    it->put.state = states[it->req->verb];
    it->put.at = delivery_now(it->delivery);
    it->put.wake = true;
    it->put.receipts = &it->receipts;
    store_fact_put(it->delivery->config.store, &it->put);
}

static bool is_channel(const struct deciding *it, const struct policy *policy,
                       const struct chunk_row *chunk)
{
    return chunk->channel < policy->n_channels &&
           str_equal(policy->channels[chunk->channel].channel, it->req->channel);
}

static void on_chunks(struct store_request *request)
{
    struct store_chunk_get *get = container_of(request, struct store_chunk_get, request);
    struct deciding *it = container_of(get, struct deciding, get);
    struct policy policy;
    if (request->result != RESULT_OK ||
        dossier_policy(it->delivery, &get->wave_row, &policy) != RESULT_OK) {
        deciding_finish(it, request->result == RESULT_NOT_FOUND ? RESULT_CONFLICT : request->result,
                        &request->error);
        return;
    }
    for (size_t i = 0; i < get->n; i++) {
        const struct chunk_row *chunk = &get->rows[i];
        for (unsigned k = 0; is_channel(it, &policy, chunk) && k < chunk->n; k++) {
            if (chunk->members[k] != it->person.number ||
                (chunk->progress[k] & MEMBER_STATE_MASK) != MEMBER_ASKED)
                continue;
            put_decision(it, chunk, k);
            return;
        }
    }
    deciding_finish(it, RESULT_CONFLICT, NULL);
}

static void on_person(struct delivery_request *request)
{
    struct person_load *person = container_of(request, struct person_load, request);
    struct deciding *it = container_of(person, struct deciding, person);
    if (request->result != RESULT_OK || person->dossier->n_waves == 0) {
        deciding_finish(it, request->result, &request->error);
        return;
    }
    it->get.request.cb = on_chunks;
    it->get.request.arena = person->arena;
    it->get.wave = it->req->wave != 0 ? it->req->wave : person->dossier->waves[0].id;
    it->get.number = person->number;
    store_chunk_get(it->delivery->config.store, &it->get);
}

void delivery_decide(struct delivery *delivery, struct delivery_decide *req)
{
    struct deciding *it = mem_new(struct deciding);
    it->delivery = delivery;
    it->req = req;
    receipt_batch_init(&it->receipts, req->incident, 0, 0);
    it->person.request.cb = on_person;
    it->person.incident = req->incident;
    it->person.recipient_id = req->recipient_id;
    person_load(delivery, &it->person);
}
