/* run.c - one claimed chunk: hands its members to batches as the gate allows, keeps the lease, ends
 * by judging the evidence. The happy path: run_start -> batches (render, intend, send, record) ->
 * run_judge -> final record.
 *
 * Failure modes: the lease was taken over (CONFLICT) or the store stopped: the run is lost and
 * writes no more; the wave is stopped: what is in flight ends or is cancelled, the chunk is given
 * back READY. */
/* System. */
#include <string.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"

/* Interfaces. */
#include "tocsin/store_backup.h"

/* This module. */
#include "service/delivery/run/run_private.h"

struct list *run_next(struct list *node)
{
    return node->next;
}

int64_t run_backoff(struct run *run, unsigned attempt)
{
    const struct delivery_config *config = &run->wave->delivery->config;
    uint32_t random;
    seal_random(&random, sizeof(random));
    return backoff_ms(config->retry_base_ms, config->retry_max_ms, attempt, random);
}

/* ---- Which members may go now. ---- */

static bool wants_query(struct run *run, uint16_t position)
{
    const struct retry *retry = retries_find(&run->retries, position);
    return retry != NULL && (retry->flags & RETRY_QUERY) && run->driver->query != NULL;
}

static bool is_sendable(struct run *run, uint16_t position, time_ms now)
{
    uint8_t byte = run->progress[position];
    const struct retry *retry;
    if (run->wave->delivery->restored && !wants_query(run, position)) /* questions alone */
        return false;
    if (run->busy[position] || run->kept[position] || (byte & (MEMBER_TOLD | MEMBER_PASSED_ON)))
        return false;
    switch (byte & MEMBER_STATE_MASK) {
    case MEMBER_PENDING:
    case MEMBER_CANCELED:
        return true;
    case MEMBER_DEFERRED:
    case MEMBER_UNCERTAIN:
        retry = retries_find(&run->retries, position);
        return retry == NULL || retry->due_at <= now;
    default:
        return false;
    }
}

/* How many members of this run wait for a slot: the scheduler claims by it. */
static void run_recount(struct run *run)
{
    time_ms now = delivery_now(run->wave->delivery);
    unsigned n = 0;
    for (unsigned i = 0; i < run->chunk.n; i++)
        n += is_sendable(run, (uint16_t)i, now);
    run->wave->queued[run->chunk.channel] += n - run->queued;
    run->queued = n;
}

/* Up to `most` members that may go now; either all are sent or all are queries. */
static unsigned pick(struct run *run, uint16_t *positions, unsigned most, bool *ret_query)
{
    time_ms now = delivery_now(run->wave->delivery);
    unsigned n = 0;
    for (unsigned i = 0; i < run->chunk.n && n < most; i++) {
        uint16_t position = (uint16_t)i;
        if (!is_sendable(run, position, now))
            continue;
        bool query = wants_query(run, position);
        if (n > 0 && query != *ret_query)
            continue;
        *ret_query = query;
        positions[n++] = position;
    }
    return n;
}

static unsigned batch_size(const struct run *run)
{
    unsigned size = gate_batch(run->gate);
    return size > run->most ? run->most : size;
}

/* ---- Holds. ---- */

bool run_stops(const struct run *run)
{
    return run->wave->stopping || run->held;
}

const struct chunk_row *run_chunk(const struct run *run)
{
    return &run->chunk;
}

static int position_of(const struct run *run, uint32_t number)
{
    unsigned low = 0, high = run->chunk.n;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (run->members[middle] < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low < run->chunk.n && run->members[low] == number ? (int)low : -1;
}

void run_hold(struct run *run)
{
    run->held = true;
    run_cancel(run);
    run_pump(run);
}

void run_hold_person(struct run *run, uint32_t number)
{
    int position = position_of(run, number);
    if (position < 0)
        return;
    run->kept[position] = true;
    list_each(node, &run->batches)
    {
        struct batch *batch = container_of(node, struct batch, node);
        for (unsigned i = 0; i < batch->n; i++)
            if (batch->items[i].position == position)
                batch_cancel(batch);
    }
    run_recount(run);
}

void run_free_person(struct run *run, uint32_t number)
{
    int position = position_of(run, number);
    if (position >= 0) {
        run->kept[position] = false;
        run_recount(run);
    }
}

/* ---- Late facts about a chunk in work. ---- */

struct run *run_find(struct active_wave *wave, int64_t chunk)
{
    list_each(node, &wave->runs)
    {
        struct run *run = container_of(node, struct run, node);
        if (run->chunk.id == chunk && !run->lost && !run->ended)
            return run;
    }
    return NULL;
}

bool run_is_judging(const struct run *run)
{
    return run->judgement != NULL;
}

uint8_t run_member(const struct run *run, uint16_t position)
{
    return run->progress[position];
}

void run_merge_fact(struct run *run, uint16_t position, uint8_t state)
{
    uint8_t merged = member_merge(run->progress[position], state);
    run->rejudge = run->rejudge || (run->judgement != NULL && merged != run->progress[position]);
    run->progress[position] = merged;
    run_recount(run);
}

/* ---- The life of a run. ---- */

static void run_free(struct run *run)
{
    struct active_wave *wave = run->wave;
    require(list_empty(&run->batches));
    wave->queued[run->chunk.channel] -= run->queued;
    wave->n_runs--;
    list_remove(&run->node);
    mem_free(run->members);
    mem_free(run->progress);
    mem_free(run->cohort);
    mem_free(run);
}

static void run_leave(struct run *run)
{
    struct active_wave *wave = run->wave;
    run_free(run);
    if (wave->stopping)
        schedule_drop_if_idle(wave);
    else
        schedule_poke(wave);
}

static void on_given_back(struct store_request *request)
{
    struct store_chunk_record *record = container_of(request, struct store_chunk_record, request);
    struct run *run = container_of(record, struct run, renew);
    run_leave(run);
}

/* The chunk goes back as it is. */
static void give_back(struct run *run, enum chunk_state state, time_ms due_at)
{
    run->ending = true;
    memset(&run->renew, 0, sizeof(run->renew));
    run->renew.request.cb = on_given_back;
    run->renew.chunk = run->chunk.id;
    run->renew.gen = run->chunk.gen;
    run->renew.state = (int)state;
    run->renew.due_at = due_at;
    run->renew.lease_until = TIME_NONE;
    store_chunk_record(run->wave->delivery->config.store, &run->renew);
}

/* In a restored store nothing is decided before the approval: the chunk rests until then, or until
 * the next question is due. */
static void rest(struct run *run)
{
    const struct delivery *delivery = run->wave->delivery;
    time_ms due = delivery->approving ? delivery_now(delivery) : STORE_RESTORE_RESTS;
    for (unsigned i = 0; i < run->retries.n; i++) {
        const struct retry *retry = &run->retries.list[i];
        const bool open = run->progress[retry->position] == MEMBER_UNCERTAIN; /* no fact came */
        if (open && wants_query(run, retry->position) && retry->due_at < due)
            due = retry->due_at;
    }
    give_back(run, CHUNK_WAITING, due);
}

static bool run_is_quiet(const struct run *run)
{
    return run->n_batches == 0 && run->judgement == NULL && !run->renewing && !run->ending;
}

/* Slots come free one by one; a batch of a few costs as much as a full one. More will come. */
static bool is_crumb(const struct run *run, unsigned n)
{
    return n < batch_size(run) && n < run->queued && run->gate->in_flight > 0 &&
           run->gate->rate <= 0;
}

static void start_batches(struct run *run)
{
    struct delivery *delivery = run->wave->delivery;
    uint16_t positions[BATCH_MAX];
    for (;;) {
        bool query = false;
        unsigned free = gate_free(run->gate, delivery_monotonic(delivery));
        unsigned most = free < batch_size(run) ? free : batch_size(run);
        if (is_crumb(run, most))
            break;
        unsigned n = most == 0 ? 0 : pick(run, positions, most, &query);
        if (query) /* questions go one by one, and past all brakes: no message leaves */
            n = n == 0 ? 0 : 1;
        else
            n = braking_room(run, n);
        if (n == 0)
            break;
        gate_take(run->gate, n);
        for (unsigned i = 0; i < n; i++)
            run->busy[positions[i]] = true;
        batch_start(run, positions, n, query);
    }
    run_recount(run);
}

const struct gate *run_gate(const struct run *run)
{
    return run->gate;
}

void run_fill(struct run *run)
{
    bool closed = run->ending || run->judgement != NULL || run->lost || run->ended;
    if (!closed && !run_stops(run) && run->queued > 0)
        start_batches(run);
}

/* When the brakes let it go on, or something else wants it before. */
static time_ms parked_due(const struct run *run)
{
    const time_ms now = delivery_now(run->wave->delivery);
    time_ms due = run->parked_until;
    const time_ms others[] = {retries_due(&run->retries), run->retries.evidence_until};
    for (size_t i = 0; i < 2; i++)
        if (others[i] > now && others[i] < due)
            due = others[i];
    return due;
}

void run_pump(struct run *run)
{
    if (run->ending || run->judgement != NULL)
        return;
    if (!run->lost && !run->ended && !run_stops(run))
        start_batches(run);
    if (!run_is_quiet(run))
        return;
    if (run->lost || run->ended)
        run_leave(run);
    else if (run_stops(run))
        give_back(run, CHUNK_READY, delivery_now(run->wave->delivery));
    else if (run->wave->delivery->restored) {
        if (run->queued == 0)
            rest(run);
    } else if (run->queued == 0 ||
               run_can_judge(run)) /* an outage keeps nobody from the next rung */
        run_judge(run);
    else if (run->parked_until > 0)
        give_back(run, CHUNK_READY, parked_due(run));
}

void run_batch_done(struct run *run, struct batch *batch, enum result result)
{
    run->n_batches--;
    list_remove(&batch->node);
    if (result != RESULT_OK && !run->lost) {
        run->lost = true;
        log_warn("run_lost", LOG_INT("chunk", run->chunk.id),
                 LOG_TEXT("result", result_name(result)));
    }
    run->renewed_at = delivery_monotonic(run->wave->delivery);
}

void run_cancel(struct run *run)
{
    list_each(node, &run->batches) batch_cancel(container_of(node, struct batch, node));
}

void run_start(struct active_wave *wave, const struct run_claim *claim)
{
    const struct chunk_row *chunk = claim->chunk;
    struct run *run = mem_new(struct run);
    run->wave = wave;
    run->gate = wave->gates[chunk->channel];
    run->driver = run->gate->driver;
    run->chunk = *chunk;
    run->chunk.cohort = run->cohort = mem_strdup(chunk->cohort);
    run->chunk.retries = (struct blob){NULL, 0};
    run->members = mem_alloc(chunk->n + 1, sizeof(*run->members));
    run->progress = mem_alloc(chunk->n + 1, 1);
    memcpy(run->members, chunk->members, chunk->n * sizeof(*run->members));
    memcpy(run->progress, chunk->progress, chunk->n);
    run->chunk.members = run->members;
    run->chunk.progress = run->progress;
    if (!retries_read(&run->retries, chunk->retries))
        log_error("retries_damaged", LOG_INT("chunk", chunk->id));
    run->most = BATCH_MAX;
    run->next_seq = chunk->gen * INTENT_SEQS;
    run->renewed_at = delivery_monotonic(wave->delivery);
    list_init(&run->batches);
    list_append(&wave->runs, &run->node);
    wave->n_runs++;
    for (size_t i = 0; i < claim->n_held; i++) {
        int position = position_of(run, claim->held[i]);
        if (position >= 0)
            run->kept[position] = true;
    }
    if (claim->n_intents > 0)
        run_judge_intents(run, claim->intents, claim->n_intents);
    run_pump(run);
}

/* ---- Lease and watchdog. ---- */

static void on_renewed(struct store_request *request)
{
    struct store_chunk_record *record = container_of(request, struct store_chunk_record, request);
    struct run *run = container_of(record, struct run, renew);
    run->renewing = false;
    if (request->result != RESULT_OK) {
        run->lost = true;
        run_cancel(run);
    }
    run->renewed_at = delivery_monotonic(run->wave->delivery);
    run_pump(run);
}

static void renew(struct run *run)
{
    struct delivery *delivery = run->wave->delivery;
    run->renewing = true;
    memset(&run->renew, 0, sizeof(run->renew));
    run->renew.request.cb = on_renewed;
    run->renew.chunk = run->chunk.id;
    run->renew.gen = run->chunk.gen;
    run->renew.state = -1;
    run->renew.lease_until = delivery_now(delivery) + delivery->config.lease_ms;
    store_chunk_record(delivery->config.store, &run->renew);
}

/* How long its messages have been with the driver; 0: none is. */
static int64_t batch_oldest_ms(const struct batch *batch, int64_t now)
{
    int64_t oldest = 0;
    for (unsigned i = 0; batch->state == BATCH_SENDING && i < batch->n; i++)
        if (batch->items[i].sent_at > 0 && now - batch->items[i].sent_at > oldest)
            oldest = now - batch->items[i].sent_at;
    return oldest;
}

int64_t run_oldest_ms(const struct run *run, int64_t now)
{
    int64_t oldest = 0;
    list_each(node, &run->batches)
    {
        int64_t ms = batch_oldest_ms(container_of(node, struct batch, node), now);
        oldest = ms > oldest ? ms : oldest;
    }
    return oldest;
}

void run_watch(struct run *run, int64_t now)
{
    if (!run->renewing && !run->ending && !run->lost &&
        now - run->renewed_at > run->wave->delivery->config.lease_ms / 3)
        renew(run);
    list_each(node, &run->batches)
    {
        struct batch *batch = container_of(node, struct batch, node);
        if (batch->canceled || batch_oldest_ms(batch, now) <= SEND_LIMIT_MS)
            continue;
        log_warn("in_flight_too_long", LOG_INT("chunk", run->chunk.id),
                 LOG_INT("sends", batch->left), LOG_TEXT("channel", run->driver->facts.channel));
        batch_cancel(batch);
    }
}
