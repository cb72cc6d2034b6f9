/* batch.c - some members of a chunk on their way: 1 read and render, 2 intend (durable), 3 send, 4
 * record.
 *
 * No byte leaves before the intent is on disk. Callbacks are three lines; every step is numbered.
 */
/* System. */
#include <string.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"

/* This module. */
#include "service/delivery/run/run_private.h"

enum { BUSY_AGAIN_MS = 20, ARENA_MAX = 48 << 20 };

static const struct sm_state states[] = {
    [BATCH_READING] = {"reading", SM_TO(BATCH_RENDERING) | SM_TO(BATCH_RECORDING)},
    [BATCH_RENDERING] = {"rendering",
                         SM_TO(BATCH_INTENDING) | SM_TO(BATCH_SENDING) | SM_TO(BATCH_RECORDING)},
    [BATCH_INTENDING] = {"intending", SM_TO(BATCH_SENDING) | SM_TO(BATCH_RECORDING)},
    [BATCH_SENDING] = {"sending", SM_TO(BATCH_RECORDING)},
    [BATCH_RECORDING] = {"recording", 0},
};
static const struct sm_table batch_states = {"batch", states, BATCH_STATES_N};

static void batch_to(struct batch *batch, enum batch_state state)
{
    sm_move(&batch_states, &batch->state, state);
}

static const struct outcome outcome_not_sent = {
    .kind = OUTCOME_CANCELED, .status = "4.0.0", .retry_after_ms = -1};

static bool must_stop(const struct batch *batch)
{
    return batch->canceled || run_stops(batch->run) || batch->run->lost;
}

static void batch_end(struct batch *batch)
{
    batch_to(batch, BATCH_RECORDING);
    batch_record(batch);
}

/* Everything that was not handed over is provably not sent. What was comes with its outcome, the
 * last of which ends the batch. */
static void batch_give_up(struct batch *batch)
{
    unsigned n = 0;
    for (; batch->next < batch->n; batch->next++) {
        struct batch_item *item = &batch->items[batch->next];
        if (item->refused != NULL)
            continue;
        item->outcome = outcome_not_sent;
        n++;
    }
    gate_return(batch->run->gate, n);
    batch->left -= n;
    if (batch->left == 0)
        batch_end(batch);
}

/* ---- 3 send ---- */

static void batch_3_send(struct batch *batch);

/* Not to be sent now: stopped, closed, or the provider paused while this was being prepared. */
static bool is_off(const struct batch *batch)
{
    const struct gate *gate = batch->run->gate;
    return must_stop(batch) || gate->channel == NULL ||
           delivery_monotonic(batch->run->wave->delivery) < gate->paused_until;
}

static unsigned unsent(const struct batch *batch)
{
    unsigned n = 0;
    for (unsigned i = batch->next; i < batch->n; i++)
        n += batch->items[i].refused == NULL;
    return n;
}

/* How many go next: messages are handed over in parts, so that a batch may be larger than what the
 * provider takes at a time. */
static unsigned next_part(const struct batch *batch)
{
    unsigned n = unsent(batch), most = gate_part(batch->run->gate);
    return n < most ? n : most;
}

/* Room came free, or the gate was paused: then what waits goes back to its chunk. */
static void room_came(struct gate *gate)
{
    while (!list_empty(&gate->waiting)) {
        struct batch *batch = container_of(gate->waiting.next, struct batch, room);
        if (!is_off(batch) && !gate_has_room(gate, next_part(batch)))
            return;
        list_remove(&batch->room);
        batch_3_send(batch);
    }
}

static void on_outcome(struct channel_send *send, const struct outcome *outcome)
{
    struct batch_item *item = container_of(send, struct batch_item, send);
    struct batch *batch = item->batch;
    struct gate *gate = batch->run->gate;
    int64_t now = delivery_monotonic(batch->run->wave->delivery);
    require(batch->state == BATCH_SENDING && batch->left > 0);
    item->outcome = *outcome;
    item->first_fault = batch->run->gate->failures == 0;
    item->provider_fault = gate_done(gate, outcome, now - item->sent_at, now);
    if (!item->first_fault && gate->failures == 0)
        braking_well(batch->run->wave->delivery, gate);
    bool last = --batch->left == 0;
    if (last)
        batch_end(batch);
    room_came(gate);
    if (last)
        schedule_fill(batch->run->wave->delivery, gate);
}
/* The next `n` that were not refused; where they end. */
static unsigned part_end(const struct batch *batch, unsigned n)
{
    unsigned end = batch->next;
    for (; n > 0; end++)
        n -= batch->items[end].refused == NULL;
    return end;
}

static void mark_sent(struct batch *batch, unsigned end)
{
    int64_t now = delivery_monotonic(batch->run->wave->delivery);
    for (; batch->next < end; batch->next++)
        if (batch->items[batch->next].refused == NULL)
            batch->items[batch->next].sent_at = now > 0 ? now : 1;
    /* Written with the outcomes: a crash before the judgement must not shorten the wait. */
    struct run *run = batch->run;
    run->retries.evidence_until =
        delivery_now(run->wave->delivery) + run->wave->policy.channels[run->chunk.channel].wait_ms;
}

static enum result hand_over(struct batch *batch, unsigned end)
{
    struct channel_send *sends[BATCH_MAX];
    struct gate *gate = batch->run->gate;
    unsigned n = 0;
    for (unsigned i = batch->next; i < end; i++)
        if (batch->items[i].refused == NULL)
            sends[n++] = &batch->items[i].send;
    if (!batch->query)
        return gate->driver->send(gate->channel, sends, n);
    return gate->driver->query(gate->channel, sends[0]); /* queries go one by one */
}

/* False: no more for now. */
static bool send_part(struct batch *batch, unsigned n)
{
    const unsigned end = part_end(batch, n);
    enum result result = hand_over(batch, end);
    if (result == RESULT_OK) {
        gate_sent(batch->run->gate, n);
        mark_sent(batch, end);
        if (batch->state != BATCH_SENDING)
            batch_to(batch, BATCH_SENDING);
        return true;
    }
    if (result == RESULT_BUSY)
        loop_timer_start(&batch->busy, BUSY_AGAIN_MS);
    else
        batch_give_up(batch);
    return false;
}

/* Who has begun goes on before the others that wait. */
static void wait_for_room(struct batch *batch)
{
    struct list *waiting = &batch->run->gate->waiting;
    list_append(batch->state == BATCH_SENDING ? waiting->next : waiting, &batch->room);
}

static void batch_3_send(struct batch *batch)
{
    for (unsigned n; (n = next_part(batch)) > 0;) {
        if (is_off(batch)) {
            batch_give_up(batch);
            return;
        }
        if (!gate_has_room(batch->run->gate, n)) {
            wait_for_room(batch);
            return;
        }
        if (!send_part(batch, n))
            return;
    }
}

static void on_busy_over(struct loop_timer *timer)
{
    batch_3_send(container_of(timer, struct batch, busy));
}

/* ---- 2 intend ---- */

static void on_intended(struct store_request *request)
{
    struct store_chunk_record *record = container_of(request, struct store_chunk_record, request);
    struct batch *batch = container_of(record, struct batch, record);
    if (request->result == RESULT_DENIED) { /* claimed before somebody said hold */
        batch->run->held = true;
        batch->intent.n = 0;
    } else if (request->result == RESULT_BUSY) {
        braking_refused(batch, &request->error);
    } else if (request->result != RESULT_OK) {
        batch->run->lost = true;
        log_warn("intent_refused", LOG_INT("chunk", batch->run->chunk.id),
                 LOG_TEXT("result", result_name(request->result)));
    }
    batch_3_send(batch);
}

static unsigned drop_refused(struct batch *batch)
{
    unsigned n = 0;
    for (unsigned i = 0; i < batch->n; i++)
        if (batch->items[i].refused == NULL)
            batch->positions[n++] = batch->items[i].position;
    gate_return(batch->run->gate, batch->left - n);
    batch->left = n;
    return n;
}

static void batch_2_intend(struct batch *batch)
{
    struct run *run = batch->run;
    struct delivery *delivery = run->wave->delivery;
    unsigned n = drop_refused(batch);
    if (n == 0 || must_stop(batch)) {
        batch_give_up(batch);
        return;
    }
    if (batch->query) { /* a question needs no intent: no message leaves */
        batch_3_send(batch);
        return;
    }
    batch_to(batch, BATCH_INTENDING);
    batch->intent = (struct chunk_intent){.seq = run->next_seq++,
                                          .gen = run->chunk.gen,
                                          .positions = batch->positions,
                                          .n = n,
                                          .attempt = batch->items[0].attempt,
                                          .notice = run->wave->row.notice};
    memset(&batch->record, 0, sizeof(batch->record));
    batch->record.request.cb = on_intended;
    batch->record.chunk = run->chunk.id;
    batch->record.gen = run->chunk.gen;
    batch->record.intents_put = &batch->intent;
    batch->record.n_intents_put = 1;
    batch->record.state = -1;
    batch->record.lease_until = delivery_now(delivery) + delivery->config.lease_ms;
    braking_intend(batch);
    store_chunk_record(delivery->config.store, &batch->record);
}

/* ---- 1 read and render ---- */

static void on_rendered(struct lane_job *job)
{
    batch_2_intend(container_of(job, struct batch, job));
}

static void on_read(struct store_request *request)
{
    struct store_roster_read *read = container_of(request, struct store_roster_read, request);
    struct batch *batch = container_of(read, struct batch, read);
    if (request->result == RESULT_TOO_LARGE && batch->n > 1)
        batch->run->most = batch->n / 2;
    if (request->result != RESULT_OK || must_stop(batch)) {
        batch_give_up(batch);
        return;
    }
    batch_to(batch, BATCH_RENDERING);
    batch->job.work = batch_render;
    batch->job.done = on_rendered;
    lane_submit(batch->run->wave->delivery->render, &batch->job);
}

static void batch_1_read(struct batch *batch)
{
    batch->state = BATCH_READING;
    batch->read.request.cb = on_read;
    batch->read.request.arena = batch->arena;
    batch->read.incident = batch->run->chunk.incident;
    batch->read.numbers = batch->numbers;
    batch->read.n_numbers = batch->n;
    store_roster_read(batch->run->wave->delivery->config.store, &batch->read);
}

static void item_init(struct batch *batch, unsigned i, uint16_t position)
{
    struct batch_item *item = &batch->items[i];
    const struct retry *retry = retries_find(&batch->run->retries, position);
    item->batch = batch;
    item->position = position;
    item->number = batch->run->members[position];
    item->attempt = (uint8_t)(retry == NULL ? 1 : retry->attempt + (batch->query ? 0 : 1));
    item->flags = retry == NULL ? 0 : retry->flags;
    item->send.cb = on_outcome;
    batch->numbers[i] = item->number;
}

void batch_start(struct run *run, const uint16_t *positions, unsigned n, bool query)
{
    struct batch *batch = mem_new(struct batch);
    batch->run = run;
    batch->query = query;
    batch->n = batch->left = n;
    batch->items = mem_alloc(n, sizeof(*batch->items));
    batch->arena = arena_create(ARENA_MAX);
    receipt_batch_init(&batch->receipts, run->chunk.incident, run->chunk.wave, run->chunk.id);
    buf_init(&batch->retries, SIZE_MAX);
    loop_timer_init(run->wave->delivery->config.loop, &batch->busy, on_busy_over);
    list_init(&batch->room);
    for (unsigned i = 0; i < n; i++)
        item_init(batch, i, positions[i]);
    list_append(&run->batches, &batch->node);
    run->n_batches++;
    braking_draw(batch);
    batch_1_read(batch);
}

void batch_cancel(struct batch *batch)
{
    struct gate *gate = batch->run->gate;
    batch->canceled = true;
    if (batch->state != BATCH_SENDING || gate->channel == NULL)
        return;
    for (unsigned i = 0; i < batch->n; i++) {
        struct batch_item *item = &batch->items[i];
        if (item->sent_at > 0 && !atomic_exchange(&item->send.stop, true))
            gate->driver->cancel(gate->channel, &item->send);
    }
}
