/* record.c - what became of a batch: the only writer of attempts. Each outcome becomes a change of
 * the member's progress, a retry where one is due, and a receipt (sealed on the lane), all in one
 * transaction with the intent's end. */
/* System. */
#include <string.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"

/* This module. */
#include "service/delivery/people/preference.h"
#include "service/delivery/run/run_private.h"

enum { UNCERTAIN_AGAIN_MS = 60000, QUERY_FIRST_MS = 10000, QUERIES_MAX = 6, STEP_ASIDE = 20 };

/* Nobody acts for ten years: then the chunk looks again. */
#define ASKED_KEEP_MS (INT64_C(3652) * 86400000)

static void retry_at(struct run *run, uint16_t position, struct retry retry, int64_t ms)
{
    const struct retry *before = retries_find(&run->retries, position);
    if (before != NULL && !(retry.flags & RETRY_TAKEN_BACK_MASK))
        retry.flags |= before->flags & RETRY_TAKEN_BACK_MASK;
    retry.position = position;
    retry.due_at = delivery_now(run->wave->delivery) + ms;
    retries_put(&run->retries, retry);
}

uint8_t run_uncertain(struct run *run, uint16_t position, unsigned attempt, unsigned flags)
{
    struct delivery *delivery = run->wave->delivery;
    struct retry retry = {.attempt = (uint8_t)attempt};
    enum on_uncertain what = run->driver->facts.on_uncertain;
    delivery->stats.uncertain++;
    if (what == UNCERTAIN_QUERY && run->driver->query != NULL && !(flags & RETRY_WAS_UNCERTAIN)) {
        retry.flags = RETRY_QUERY | RETRY_WAS_UNCERTAIN;
        retry_at(run, position, retry, QUERY_FIRST_MS);
        return MEMBER_UNCERTAIN;
    }
    if (run->driver->facts.keyed && attempt < delivery->config.retry_limit) {
        retry_at(run, position, retry, run_backoff(run, attempt));
        return MEMBER_UNCERTAIN;
    }
    if (what == UNCERTAIN_RETRY && !(flags & RETRY_WAS_UNCERTAIN)) {
        retry.flags = RETRY_WAS_UNCERTAIN;
        int64_t ms = delivery->config.retry_base_ms < UNCERTAIN_AGAIN_MS
                         ? delivery->config.retry_base_ms
                         : UNCERTAIN_AGAIN_MS;
        retry_at(run, position, retry, ms);
        return MEMBER_UNCERTAIN;
    }
    retry.flags = RETRY_WAS_UNCERTAIN; /* kept for its number: a decision to resend counts on */
    retry_at(run, position, retry, ASKED_KEEP_MS);
    delivery->stats.asked++;
    log_warn("person_must_decide", LOG_INT("chunk", run->chunk.id), LOG_INT("position", position),
             LOG_TEXT("channel", run->driver->facts.channel));
    return MEMBER_ASKED;
}

/* The provider's own fault: nothing is counted in an outage, the gate says when. But a message that
 * itself makes the provider fail (it drops the line, or refuses us for this text) must neither keep
 * all others back nor be tried for ever: everyone steps aside, and who fails where the provider was
 * well is counted. */
static bool counts_against(const struct batch_item *item)
{
    const struct outcome *outcome = &item->outcome;
    return item->first_fault && outcome->retry_after_ms < 0 &&
           (outcome->code == 0 || outcome->kind == OUTCOME_REJECTED);
}

static uint8_t provider_failed(struct run *run, const struct batch_item *item)
{
    const unsigned made = counts_against(item) ? item->attempt : item->attempt - 1u;
    const struct retry again = {.attempt = (uint8_t)made, .flags = item->flags};
    retry_at(run, item->position, again, run_backoff(run, item->attempt) / STEP_ASIDE);
    return item->flags & RETRY_WAS_UNCERTAIN ? MEMBER_UNCERTAIN : MEMBER_DEFERRED;
}

static uint8_t deferred(struct run *run, const struct batch_item *item, const char **ret_reason)
{
    struct delivery *delivery = run->wave->delivery;
    if (item->provider_fault)
        *ret_reason = "provider";
    bool counts = !item->provider_fault || counts_against(item);
    if (counts && item->attempt >= delivery->config.retry_limit) {
        retries_remove(&run->retries, item->position);
        *ret_reason = "retry_limit";
        return MEMBER_FAILED;
    }
    delivery->stats.deferred++;
    if (item->provider_fault)
        return provider_failed(run, item);
    const uint8_t state = item->flags & RETRY_WAS_UNCERTAIN ? MEMBER_UNCERTAIN : MEMBER_DEFERRED;
    retry_at(run, item->position,
             (struct retry){.attempt = item->attempt, .flags = item->flags & (uint8_t)~RETRY_QUERY},
             run_backoff(run, item->attempt));
    return state; /* what may have left before stays so: a correction asks */
}

/* It had been taken when the stop came, and was taken back: it goes anew, as if never sent. */
static uint8_t taken_back(struct run *run, const struct batch_item *item)
{
    unsigned times = item->flags & RETRY_TAKEN_BACK_MASK;
    if (times < RETRY_TAKEN_BACK_MASK)
        times += RETRY_TAKEN_BACK;
    retry_at(run, item->position, (struct retry){.attempt = item->attempt, .flags = (uint8_t)times},
             0);
    return MEMBER_DEFERRED;
}

static bool was_taken_back(const struct batch_item *item)
{
    return !item->batch->query && item->sent_at > 0 && item->outcome.kind == OUTCOME_CANCELED &&
           item->outcome.provider_ref[0] != 0;
}

/* What became of asking the provider to give a message back, when a hold came: said in its receipt.
 */
static const char *stop_word(const struct batch_item *item)
{
    if (was_taken_back(item))
        return "withdrawn";
    bool taken = item->outcome.kind == OUTCOME_ACCEPTED || item->outcome.kind == OUTCOME_DELIVERED;
    return item->batch->canceled && !item->batch->query && taken ? "too_late" : NULL;
}

/* The provider certainly does not have it: it may go again. */
static uint8_t not_sent(struct run *run, const struct batch_item *item)
{
    if (was_taken_back(item))
        return taken_back(run, item);
    if (!item->batch->query && item->attempt == 1)
        return MEMBER_CANCELED;
    if (!item->batch->query) { /* due at once: what a decision sent again had been due in years */
        const struct retry again = {.attempt = (uint8_t)(item->attempt - 1), .flags = item->flags};
        retry_at(run, item->position, again, 0);
        return item->flags & RETRY_WAS_UNCERTAIN ? MEMBER_UNCERTAIN : MEMBER_DEFERRED;
    }
    if (item->sent_at == 0 || item->batch->canceled) /* we stopped asking: that is no answer */
        return MEMBER_UNCERTAIN;
    retry_at(run, item->position, (struct retry){.attempt = item->attempt}, 0);
    return MEMBER_DEFERRED;
}

/* A question that got no answer yet is asked again a few times, then a person decides. */
static uint8_t query_again(struct run *run, const struct batch_item *item)
{
    unsigned asked = item->flags >> 4;
    if (asked + 1 >= QUERIES_MAX && !item->provider_fault)
        return run_uncertain(run, item->position, item->attempt, RETRY_WAS_UNCERTAIN);
    /* A provider that cannot be reached has not been asked. */
    const unsigned times = item->provider_fault ? asked : asked + 1;
    const struct retry again = {.attempt = item->attempt,
                                .flags = (uint8_t)((item->flags & 0x0f) | (times << 4))};
    retry_at(run, item->position, again, QUERY_FIRST_MS << asked);
    return MEMBER_UNCERTAIN;
}

/* The member's new state; *ret_reason is a fixed word or NULL. */
static uint8_t judge_outcome(struct run *run, const struct batch_item *item,
                             const char **ret_reason)
{
    switch (item->outcome.kind) {
    case OUTCOME_DELIVERED:
        retries_remove(&run->retries, item->position);
        return MEMBER_DELIVERED;
    case OUTCOME_ACCEPTED:
        retries_remove(&run->retries, item->position);
        return MEMBER_ACCEPTED;
    case OUTCOME_REJECTED:
        if (item->provider_fault) /* it refuses us, not the person */
            return deferred(run, item, ret_reason);
        retries_remove(&run->retries, item->position);
        *ret_reason = blame_name(item->outcome.blame);
        return MEMBER_FAILED;
    case OUTCOME_DEFERRED:
        return item->batch->query ? query_again(run, item) : deferred(run, item, ret_reason);
    case OUTCOME_CANCELED:
        return not_sent(run, item);
    case OUTCOME_UNCERTAIN:
        return run_uncertain(run, item->position, item->attempt, item->flags);
    case OUTCOME_N:
        break;
    }
    panic("outcome %d", (int)item->outcome.kind);
}

static enum evidence evidence_of(enum outcome_kind kind)
{
    switch (kind) {
    case OUTCOME_DELIVERED:
        return EVIDENCE_DELIVERED;
    case OUTCOME_ACCEPTED:
        return EVIDENCE_ACCEPTED;
    case OUTCOME_REJECTED:
        return EVIDENCE_FAILED;
    case OUTCOME_DEFERRED:
    case OUTCOME_CANCELED:
    case OUTCOME_UNCERTAIN:
    case OUTCOME_N:
        break;
    }
    return EVIDENCE_NONE;
}

/* ---- On the lane. ---- */

static void add_receipt(struct batch *batch, const struct batch_item *item)
{
    const struct run *run = batch->run;
    const struct outcome *outcome = &item->outcome;
    bool sent = item->refused == NULL;
    const struct receipt receipt = {
        .kind = RECEIPT_ATTEMPT,
        .at = batch->judged_at,
        .incident = run->chunk.incident,
        .wave = run->chunk.wave,
        .channel = run->driver->facts.channel,
        .attempt = item->attempt,
        .outcome = sent ? (int)outcome->kind : (int)OUTCOME_REJECTED,
        .evidence = !sent                  ? EVIDENCE_FAILED
                    : item->provider_fault ? EVIDENCE_NONE
                                           : evidence_of(outcome->kind),
        .in_account = run->driver->facts.address == ADDRESS_ACCOUNT,
        .status = sent ? outcome->status : "5.6.0",
        .code = sent ? outcome->code : 0,
        .notice_digest = item->digest,
        .reason = item->reason,
        .seed = &item->seed,
        .recipient_id = item->recipient_id,
        .number = item->number,
        .address = item->address,
        .provider = outcome->provider,
        .provider_ref = outcome->provider_ref,
        .diagnostic = outcome->diagnostic,
    };
    receipt_batch_add(&batch->receipts, &run->wave->dossier->key, &receipt);
}

static void seal_receipts(struct lane_job *job, unsigned thread)
{
    struct batch *batch = container_of(job, struct batch, job);
    (void)thread;
    for (unsigned i = 0; i < batch->n; i++)
        if (batch->items[i].receipted)
            add_receipt(batch, &batch->items[i]);
    receipt_batch_finish(&batch->receipts);
}

/* ---- On the loop. ---- */

static void record_item(struct batch *batch, unsigned i)
{
    struct batch_item *item = &batch->items[i];
    struct run *run = batch->run;
    uint8_t state = MEMBER_FAILED;
    item->reason = item->refused;
    run->busy[item->position] = false;
    if (item->refused == NULL)
        state = judge_outcome(run, item, &item->reason);
    if (item->reason == NULL)
        item->reason = stop_word(item);
    batch->changes[i] = (struct member_change){item->position, state};
    run->progress[item->position] = member_merge(run->progress[item->position], state);
    /* What was never handed over needs no receipt: nothing happened. */
    item->receipted = item->sent_at > 0 || (item->refused != NULL && item->recipient_id != NULL);
    batch->n_receipts += item->receipted;
}

static void batch_free(struct batch *batch)
{
    loop_timer_stop(&batch->busy);
    receipt_batch_free(&batch->receipts);
    buf_free(&batch->retries);
    mem_wipe_free(batch->items, batch->n * sizeof(*batch->items));
    arena_destroy(&batch->arena);
    mem_free(batch);
}

/* What was refused for its address, or by its person, is skipped from now on, in every incident. */
static void note_address(struct run *run, const struct batch_item *item)
{
    const enum channel_address kind = run->driver->facts.address;
    const struct outcome *outcome = &item->outcome;
    struct preference_note note = {.source = "refused", .incident = run->chunk.incident};
    if (item->refused != NULL || outcome->kind != OUTCOME_REJECTED || item->provider_fault ||
        run->wave->policy.test || kind >= (enum channel_address)CONTACT_KINDS_N ||
        !preference_of_blame(outcome->blame, EVIDENCE_FAILED, &note.word))
        return;
    note.kind = (enum contact_kind)kind;
    note.contact.value = kind == ADDRESS_EMAIL ? item->send.email : item->send.phone;
    if (kind == ADDRESS_POSTAL && item->send.postal != NULL)
        note.contact.postal = *item->send.postal;
    preference_note(run->wave->delivery, &note);
}

static void on_recorded(struct store_request *request)
{
    struct store_chunk_record *record = container_of(request, struct store_chunk_record, request);
    struct batch *batch = container_of(record, struct batch, record);
    struct run *run = batch->run;
    wave_count_done(run->wave, batch->n);
    for (unsigned i = 0; request->result == RESULT_OK && i < batch->n; i++)
        note_address(run, &batch->items[i]);
    run_batch_done(run, batch, request->result);
    batch_free(batch);
    run_pump(run);
}

/* The retries are those of now: batches may be sealed in another order than they were judged. */
static void write_record(struct batch *batch)
{
    struct run *run = batch->run;
    struct delivery *delivery = run->wave->delivery;
    struct store_chunk_record *record = &batch->record;
    retries_write(&batch->retries, &run->retries);
    batch->retries_blob = (struct blob){batch->retries.data, batch->retries.length};
    memset(record, 0, sizeof(*record));
    record->request.cb = on_recorded;
    record->chunk = run->chunk.id;
    record->gen = run->chunk.gen;
    record->intents_drop = &batch->intent.seq;
    record->n_intents_drop = batch->intent.n > 0 ? 1 : 0;
    record->changes = batch->changes;
    record->n_changes = batch->n;
    record->retries = &batch->retries_blob;
    record->state = -1;
    record->at = delivery_now(delivery);
    record->lease_until = record->at + delivery->config.lease_ms;
    record->receipts = batch->n_receipts > 0 ? &batch->receipts : NULL;
    braking_record(batch);
    store_chunk_record(delivery->config.store, record);
}

static void on_sealed(struct lane_job *job)
{
    write_record(container_of(job, struct batch, job));
}

void batch_record(struct batch *batch)
{
    struct delivery *delivery = batch->run->wave->delivery;
    batch->judged_at = delivery_now(delivery);
    for (unsigned i = 0; i < batch->n; i++)
        record_item(batch, i);
    if (batch->n_receipts == 0) {
        write_record(batch);
        return;
    }
    delivery->stats.receipts += batch->n_receipts;
    batch->job.work = seal_receipts;
    batch->job.done = on_sealed;
    lane_submit(delivery->render, &batch->job);
}
