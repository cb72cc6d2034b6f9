/* schedule.c - decides when: which waves are active, which chunks are claimed. The queue keeps, the
 * channel talks.
 *
 * A wave in PLANNING is planned, then SENDING. While sending, chunks that are due are claimed as
 * far as the gates have free slots: a bounded active window on an unbounded queue. When no chunk is
 * open any more the wave settles. */
/* System. */
#include <string.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"

/* This module. */
#include "service/delivery/brake/braking.h"
#include "service/delivery/delivery_private.h"

enum {
    IDLE_LOOK_MS = 60000,
    CLAIM_LIMIT = 4,
    RUNS_MAX = 256,
    BEGUN_EVERY_MS = 5000,
    ARENA_MAX = 64 << 20
};

struct active_wave *schedule_find(struct delivery *delivery, int64_t wave)
{
    list_each(node, &delivery->waves)
    {
        struct active_wave *w = container_of(node, struct active_wave, node);
        if (w->id == wave)
            return w;
    }
    return NULL;
}

/* ---- Rate, for the ETA. ---- */

void wave_count_done(struct active_wave *wave, unsigned n)
{
    int64_t second = delivery_monotonic(wave->delivery) / 1000;
    while (wave->rate_second < second) {
        wave->rate_second = second - wave->rate_second > RATE_SECONDS ? second - RATE_SECONDS
                                                                      : wave->rate_second + 1;
        wave->done_by_second[wave->rate_second % RATE_SECONDS] = 0;
    }
    wave->done_by_second[second % RATE_SECONDS] += n;
}

double wave_rate(const struct active_wave *wave)
{
    int64_t now = delivery_monotonic(wave->delivery) / 1000;
    uint64_t sum = 0, seconds = 0;
    for (int64_t s = now - RATE_SECONDS + 1; s <= now; s++) {
        if (s > wave->rate_second || s < 0)
            continue;
        if (wave->done_by_second[s % RATE_SECONDS] > 0 || seconds > 0)
            seconds++;
        sum += wave->done_by_second[s % RATE_SECONDS];
    }
    return seconds == 0 ? 0 : (double)sum / (double)seconds;
}

/* ---- The end of a wave. ---- */

static void wave_free(struct active_wave *wave)
{
    list_remove(&wave->node);
    dossier_destroy(&wave->dossier);
    arena_destroy(&wave->claim_arena);
    receipt_batch_free(&wave->move_receipts);
    braking_free(wave);
    mem_free(wave);
}

static bool wave_is_idle(const struct active_wave *wave)
{
    return wave->n_runs == 0 && !wave->claiming && !wave->planning && !wave->settled_asked &&
           braking_idle(&wave->braking) && wave->dossier != NULL;
}

static void wave_activate(struct delivery *delivery, const struct wave_row *row);

void schedule_drop_if_idle(struct active_wave *wave)
{
    struct delivery *delivery = wave->delivery;
    const struct wave_row row = wave->row;
    bool revive = wave->revive;
    if (!wave->stopping || wave->pinned || !wave_is_idle(wave))
        return;
    wave_free(wave);
    if (revive && !delivery->stopping)
        wave_activate(delivery, &row);
}

void schedule_stop_wave(struct active_wave *wave)
{
    wave->stopping = true;
    wave->revive = false;
    for (struct list *r = run_next(&wave->runs); r != &wave->runs; r = run_next(r))
        run_cancel((struct run *)(void *)r);
    seeds_cancel(wave, true);
}

static void on_settled(struct store_request *request)
{
    struct store_wave_move *move = container_of(request, struct store_wave_move, request);
    struct active_wave *wave = container_of(move, struct active_wave, move);
    wave->settled_asked = false;
    if (request->result == RESULT_OK) {
        log_info("wave_settled", LOG_INT("wave", wave->id));
        wave->stopping = true;
    } else if (request->result == RESULT_CONFLICT) {
        /* A late fact came first and wants work done, or the wave was moved by a person: look. */
        wave->stopping = true;
        wave->revive = true;
    } else {
        log_error("wave_settle_failed", LOG_INT("wave", wave->id),
                  LOG_TEXT("result", result_name(request->result)));
    }
    schedule_drop_if_idle(wave);
}

static void settle(struct active_wave *wave)
{
    const struct receipt settled = {.kind = RECEIPT_SETTLED,
                                    .at = delivery_now(wave->delivery),
                                    .incident = wave->incident,
                                    .wave = wave->id,
                                    .outcome = -1};
    wave->settled_asked = true;
    receipt_batch_free(&wave->move_receipts);
    receipt_batch_init(&wave->move_receipts, wave->incident, wave->id, 0);
    receipt_batch_add(&wave->move_receipts, &wave->dossier->key, &settled);
    receipt_batch_finish(&wave->move_receipts);
    wave->delivery->stats.receipts++;
    memset(&wave->move, 0, sizeof(wave->move));
    wave->move.request.cb = on_settled;
    wave->move.wave = wave->id;
    wave->move.from = WAVE_SENDING;
    wave->move.to = WAVE_SETTLED;
    wave->move.at = settled.at;
    wave->move.hold_until = TIME_NONE;
    wave->move.receipts = &wave->move_receipts;
    store_wave_move(wave->delivery->config.store, &wave->move);
}

/* ---- Claims. ---- */

/* Channels with free slots and not yet enough claimed work. */
static uint32_t claimable(struct active_wave *wave)
{
    int64_t now = delivery_monotonic(wave->delivery);
    uint32_t mask = 0;
    for (unsigned i = 0; i < wave->policy.n_channels; i++) {
        struct gate *gate = wave->gates[i];
        if (gate == NULL || gate_free(gate, now) == 0)
            continue;
        if (wave->delivery->restored && gate->driver->query == NULL)
            continue;
        if (wave->queued[i] < 2 * gate->window && braking_channel_open(wave, i))
            mask |= 1u << i;
    }
    return mask;
}

/* A wave that waits for evidence for three weeks is not looked at four times a second: the store
 * knows when the next chunk is due. All channels must have been asked; once a minute it is looked
 * at all the same. */
static time_ms idle_until(const struct active_wave *wave, const struct store_chunk_claim *claim)
{
    const time_ms look = claim->now + IDLE_LOOK_MS;
    if (claim->n > 0 || wave->n_runs > 0 || claim->begun ||
        claim->channels != (1u << wave->policy.n_channels) - 1)
        return 0;
    return claim->next_due != TIME_NONE && claim->next_due < look ? claim->next_due : look;
}

static void on_claimed(struct store_request *request)
{
    struct store_chunk_claim *claim = container_of(request, struct store_chunk_claim, request);
    struct active_wave *wave = container_of(claim, struct active_wave, claim);
    struct delivery *delivery = wave->delivery;
    wave->claiming = false;
    if (request->result != RESULT_OK) {
        log_error("claim_failed", LOG_INT("wave", wave->id),
                  LOG_TEXT("result", result_name(request->result)));
        arena_destroy(&wave->claim_arena);
        schedule_drop_if_idle(wave);
        return;
    }
    wave->next_due = claim->next_due;
    if (claim->n == 0 && !claim->begun)
        wave->dry |= claim->channels;
    wave->idle_until = idle_until(wave, claim);
    wave->looked = wave->looked || claim->n == 0;
    delivery->stats.chunks_claimed += claim->n;
    for (size_t i = 0; i < claim->n; i++)
        run_start(wave, &(struct run_claim){&claim->chunks[i], claim->intents[i],
                                            claim->n_intents[i], claim->held, claim->n_held});
    bool empty = claim->n == 0 && !claim->open;
    bool again = claim->n > 0 || wave->poked || claim->begun;
    arena_destroy(&wave->claim_arena);
    if (empty && wave->n_runs == 0 && !wave->stopping && !wave->poked && !delivery->restored)
        settle(wave);
    else if (again)
        schedule_poke(wave);
    schedule_drop_if_idle(wave);
}

/* Channels that are closed or full: their evidence is judged all the same, every few seconds. */
static uint32_t judgeable(struct active_wave *wave)
{
    int64_t now = delivery_monotonic(wave->delivery);
    uint32_t mask = 0;
    if (now - wave->begun_at < BEGUN_EVERY_MS || wave->delivery->restored)
        return 0;
    for (unsigned i = 0; i < wave->policy.n_channels; i++)
        if (wave->gates[i] != NULL)
            mask |= 1u << i;
    wave->begun_at = now;
    return mask;
}

static void claim(struct active_wave *wave)
{
    struct delivery *delivery = wave->delivery;
    uint32_t open = claimable(wave);
    uint32_t begun = open == 0 || wave->n_runs > 0 ? judgeable(wave) : 0;
    uint32_t channels = begun != 0 ? begun : open;
    if (channels == 0 || wave->n_runs >= RUNS_MAX)
        return;
    wave->claiming = true;
    wave->poked = false;
    wave->claim_arena = arena_create(ARENA_MAX);
    memset(&wave->claim, 0, sizeof(wave->claim));
    wave->claim.request.cb = on_claimed;
    wave->claim.request.arena = wave->claim_arena;
    wave->claim.owner = delivery->owner;
    wave->claim.now = delivery_now(delivery);
    wave->claim.lease_ms = delivery->config.lease_ms;
    wave->claim.wave = wave->id;
    wave->claim.channels = channels;
    wave->claim.limit = CLAIM_LIMIT;
    wave->claim.begun = begun != 0;
    store_chunk_claim(delivery->config.store, &wave->claim);
}

void schedule_poke(struct active_wave *wave)
{
    if (wave->claiming) {
        wave->poked = true;
        return;
    }
    if (wave->stopping || wave->planning || wave->settled_asked || wave->dossier == NULL ||
        wave->row.state != WAVE_SENDING)
        return;
    if (braking_ready(wave)) /* else it pokes when it is */
        claim(wave);
}

/* ---- Waves become active. ---- */

static void wave_bind(struct active_wave *wave)
{
    struct delivery *delivery = wave->delivery;
    dossier_drivers(delivery, &wave->policy, wave->drivers);
    for (unsigned i = 0; i < wave->policy.n_channels; i++) {
        int live = wave->policy.channels[i].live;
        wave->gates[i] = live < 0 ? NULL : &delivery->gates[live];
        if (live < 0)
            log_error("channel_not_configured", LOG_INT("wave", wave->id),
                      LOG_TEXT("channel", wave->policy.channels[i].channel));
    }
}

/* Takes the row as it is now: whoever woke the wave may have seen an older one, whose plan cursor
 * or state has moved on since. */
static enum result wave_policy_load(struct active_wave *wave)
{
    for (size_t i = 0; i < wave->dossier->n_waves; i++) {
        const struct wave_row *row = &wave->dossier->waves[i];
        if (row->id != wave->id)
            continue;
        wave->row = *row;
        wave->row.policy = (struct blob){NULL, 0};
        return dossier_policy(wave->delivery, row, &wave->policy);
    }
    return RESULT_NOT_FOUND;
}

static void on_loaded(struct delivery_request *request)
{
    struct dossier_load *load = container_of(request, struct dossier_load, request);
    struct active_wave *wave = container_of(load, struct active_wave, load);
    enum result result = request->result;
    wave->dossier = load->dossier;
    if (result == RESULT_OK)
        result = wave_policy_load(wave);
    if (result == RESULT_OK)
        result = dossier_check(wave->dossier, &request->error);
    if (result != RESULT_OK) {
        log_error("wave_load_failed", LOG_INT("wave", wave->id),
                  LOG_TEXT("result", result_name(result)), LOG_TEXT("why", request->error.text));
        wave_free(wave);
        return;
    }
    wave_bind(wave);
    if (wave->row.state != WAVE_PLANNING && wave->row.state != WAVE_SENDING)
        wave->stopping = true; /* moved on meanwhile: nothing to do here */
    if (wave->stopping)
        schedule_drop_if_idle(wave);
    else if (wave->row.state == WAVE_PLANNING)
        plan_start(wave);
    else
        braking_load(wave);
}

static void wave_activate(struct delivery *delivery, const struct wave_row *row)
{
    struct active_wave *wave = mem_new(struct active_wave);
    wave->delivery = delivery;
    wave->id = row->id;
    wave->incident = row->incident;
    wave->row = *row;
    wave->row.policy = (struct blob){NULL, 0};
    wave->next_due = TIME_NONE;
    braking_init(wave);
    list_init(&wave->runs);
    list_append(&delivery->waves, &wave->node);
    receipt_batch_init(&wave->move_receipts, wave->incident, wave->id, 0);
    wave->load.request.cb = on_loaded;
    wave->load.incident = row->incident;
    wave->load.wave = row->id;
    dossier_load(delivery, &wave->load);
}

void schedule_wave(struct delivery *delivery, const struct wave_row *row)
{
    struct active_wave *wave = schedule_find(delivery, row->id);
    if (delivery->stopping || (delivery->restored && row->state != WAVE_SENDING))
        return;
    if (wave == NULL)
        wave_activate(delivery, row);
    else if (wave->stopping) { /* resumed while its last runs are ending: begin anew behind them */
        wave->revive = true;
    } else {
        schedule_poke(wave);
    }
}

/* Nothing of this gate's channels was due when it was last asked for. */
static bool is_dry(const struct active_wave *wave, const struct gate *gate)
{
    for (unsigned i = 0; i < wave->policy.n_channels; i++)
        if (wave->gates[i] == gate && !(wave->dry >> i & 1))
            return false;
    return true;
}

static void wave_fill(struct active_wave *wave, struct gate *gate)
{
    int64_t now = delivery_monotonic(wave->delivery);
    list_each(node, &wave->runs)
    {
        struct run *run = (struct run *)(void *)node;
        if (gate_free(gate, now) == 0)
            return;
        if (run_gate(run) == gate)
            run_fill(run);
    }
    if (!is_dry(wave, gate) && gate_free(gate, now) > 0)
        schedule_poke(wave);
}

void schedule_fill(struct delivery *delivery, struct gate *gate)
{
    struct list *served = NULL;
    list_each(node, &delivery->waves)
    {
        unsigned before = gate->in_flight;
        wave_fill(container_of(node, struct active_wave, node), gate);
        if (served == NULL && gate->in_flight > before)
            served = node;
    }
    if (served == NULL) /* one waits for the other: who was served goes behind */
        return;
    list_remove(served);
    list_append(&delivery->waves, served);
}

/* ---- The periodic round. ---- */

static void watch_runs(struct active_wave *wave, int64_t now)
{
    for (struct list *r = run_next(&wave->runs); r != &wave->runs; r = run_next(r))
        run_watch((struct run *)(void *)r, now);
}

static void pump_runs(struct active_wave *wave)
{
    struct list *next;
    for (struct list *r = run_next(&wave->runs); r != &wave->runs; r = next) {
        next = run_next(r);
        run_pump((struct run *)(void *)r);
    }
}

/* One wave's turn. A run that leaves may be the last one: the wave is pinned until the turn is
 * over. */
static void wave_turn(struct active_wave *wave, bool cancel)
{
    wave->pinned = true;
    wave->dry = 0;
    if (cancel)
        schedule_stop_wave(wave);
    else if (wave->stopping)
        seeds_cancel(wave, false);
    watch_runs(wave, delivery_monotonic(wave->delivery));
    pump_runs(wave);
    if (wave->n_runs > 0 || delivery_now(wave->delivery) >= wave->idle_until)
        schedule_poke(wave);
    wave->pinned = false;
    schedule_drop_if_idle(wave);
}

void schedule_tick(struct delivery *delivery)
{
    bool late = delivery->stopping && delivery_monotonic(delivery) >= delivery->stop_deadline;
    list_each_safe(node, &delivery->waves)
        wave_turn(container_of(node, struct active_wave, node), late);
    if (delivery->stopping && !delivery->starting && list_empty(&delivery->waves))
        delivery_stopped_sending(delivery);
}
