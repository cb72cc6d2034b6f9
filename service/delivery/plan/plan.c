/* plan.c - who gets what: walks the roster of a released wave and cuts chunks by cohort, segment by
 * segment.
 *
 * A segment is 64 blocks (8,192 people). Its chunks, counters and receipts are written in one
 * transaction with the cursor, so that a crash repeats a segment or does not, never half. Opening
 * and judging people runs on all threads of the render lane (segment.c). */
/* System. */
#include <string.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"

/* This module. */
#include "service/delivery/brake/braking.h"
#include "service/delivery/people/overlap.h"
#include "service/delivery/people/wish_look.h"
#include "service/delivery/plan/segment.h"
#include "service/delivery/restore/restore.h"
#include "service/delivery/wave/audience.h"

enum { MOVING_MS = 1000 };
/* All the batches of a segment's parts, and the one that says the plan is complete. */
enum { BATCHES_MAX = SEGMENT_PARTS_MAX * PART_RECEIPTS + 1 };

struct planner {
    struct lane_job job;
    struct active_wave *wave;
    struct arena *blocks_arena; /* what the store read */
    struct arena *arena;        /* members of the chunks */
    struct store_roster_read read;
    struct store_plan_append append;
    int64_t cursor, end, blocks; /* blocks: of a segment; fewer when people are big */
    struct plan_part parts[SEGMENT_PARTS_MAX];
    unsigned n_parts, judging; /* judging: on the lane */
    struct cut cut;
    struct wish_look look;
    struct overlap_set
        overlaps; /* people who just heard of another incident; empty without spacing */
    struct wave_counter people[PEOPLE_KEYS_N];
    struct receipt_batch planned;
    const struct receipt_batch *batch_list[BATCHES_MAX];
    size_t n_batches;
    time_ms now;
    struct audience_load who;
    struct loop_timer again; /* messages are under way: who got them is asked again */
};

/* ---- On the lane. ---- */

static void plan_cut(struct lane_job *job, unsigned thread)
{
    struct planner *planner = container_of(job, struct planner, job);
    const time_ms not_before = planner->wave->row.not_before;
    const struct chunk_row like = {
        .incident = planner->wave->incident,
        .wave = planner->wave->id,
        .due_at = not_before != TIME_NONE && not_before > planner->now ? not_before : planner->now};
    size_t n = 0;
    (void)thread;
    for (unsigned p = 0; p < planner->n_parts; p++)
        n += planner->parts[p].cut.n_entries;
    cut_init(&planner->cut, n);
    for (unsigned p = 0; p < planner->n_parts; p++)
        for (size_t i = 0; i < planner->parts[p].cut.n_entries; i++)
            cut_add(&planner->cut, planner->parts[p].cut.entries[i]);
    cut_chunks(&planner->cut, &like, planner->arena);
    policy_name_channels(&planner->wave->policy, planner->cut.chunks, planner->cut.n_chunks);
    restore_doubt(planner->wave, &planner->cut);
}

/* ---- On the loop. ---- */

static void plan_read(struct planner *planner);

static void segment_free(struct planner *planner)
{
    for (unsigned i = 0; i < planner->n_parts; i++)
        plan_part_free(&planner->parts[i]);
    planner->n_parts = 0;
    receipt_batch_free(&planner->planned);
    planner->n_batches = 0;
    cut_free(&planner->cut);
    wish_look_free(&planner->look);
    arena_destroy(&planner->arena);
    arena_destroy(&planner->blocks_arena);
}

static void plan_end(struct planner *planner, bool done)
{
    struct active_wave *wave = planner->wave;
    segment_free(planner);
    loop_timer_stop(&planner->again);
    audience_free(&planner->who.audience);
    overlap_free(&planner->overlaps);
    mem_free(planner);
    wave->planning = false;
    if (done) {
        wave->row.state = WAVE_SENDING;
        log_info("wave_planned", LOG_INT("wave", wave->id));
        braking_load(wave); /* how many people there are is known now */
    }
    schedule_drop_if_idle(wave);
}

static void plan_appended(struct store_request *request)
{
    struct store_plan_append *append = container_of(request, struct store_plan_append, request);
    struct planner *planner = container_of(append, struct planner, append);
    if (request->result !=
        RESULT_OK) { /* held meanwhile, or the disk: the cursor says where to go on */
        log_error("plan_failed", LOG_INT("wave", planner->wave->id),
                  LOG_TEXT("result", result_name(request->result)));
        planner->wave->stopping = true;
        plan_end(planner, false);
        return;
    }
    bool done = append->done;
    planner->cursor = append->cursor;
    planner->wave->delivery->stats.receipts += planner->n_batches;
    segment_free(planner);
    if (done)
        plan_end(planner, true);
    else
        plan_read(planner);
}

/* Planning is complete: the receipt that says so, with the digest of what was approved. */
static void add_planned_receipt(struct planner *planner)
{
    struct json_object *facts = json_object_new_object();
    json_object_object_add(facts, "approval",
                           json_object_new_string(planner->wave->policy.approval));
    const struct receipt planned = {.kind = RECEIPT_PLANNED,
                                    .at = planner->now,
                                    .incident = planner->wave->incident,
                                    .wave = planner->wave->id,
                                    .outcome = -1,
                                    .facts = facts};
    struct receipt_batch *batch = &planner->planned;
    receipt_batch_init(batch, planner->wave->incident, planner->wave->id, 0);
    receipt_batch_add(batch, &planner->wave->dossier->key, &planned);
    receipt_batch_finish(batch);
    planner->batch_list[planner->n_batches++] = batch;
    json_object_put(facts);
}

static void plan_is_cut(struct lane_job *job)
{
    struct planner *planner = container_of(job, struct planner, job);
    struct store_plan_append *append = &planner->append;
    memset(append, 0, sizeof(*append));
    append->request.cb = plan_appended;
    append->wave = planner->wave->id;
    append->cursor_from = planner->cursor;
    append->cursor = planner->cursor + planner->blocks < planner->end
                         ? planner->cursor + planner->blocks
                         : planner->end;
    append->done = append->cursor >= planner->end;
    if (append->done)
        add_planned_receipt(planner);
    append->chunks = planner->cut.chunks;
    append->n_chunks = planner->cut.n_chunks;
    append->people = planner->people;
    append->n_people = PEOPLE_KEYS_N;
    append->receipts = planner->batch_list;
    append->n_receipts = planner->n_batches;
    store_plan_append(planner->wave->delivery->config.store, append);
}

static void add_part(struct planner *planner, const struct plan_part *part)
{
    for (unsigned i = 0; i < PEOPLE_KEYS_N; i++)
        planner->people[i].value += part->people[i];
    for (size_t i = 0; i < part->n_batches; i++)
        planner->batch_list[planner->n_batches++] = &part->batches[i];
    if (part->damaged > 0)
        log_error("roster_damaged", LOG_INT("people", part->damaged));
}

static void part_judged(struct lane_job *job)
{
    const struct plan_part *part = container_of(job, struct plan_part, job);
    struct planner *planner = part->owner;
    if (--planner->judging > 0)
        return;
    for (unsigned i = 0; i < planner->n_parts; i++)
        add_part(planner, &planner->parts[i]);
    planner->job.work = plan_cut;
    planner->job.done = plan_is_cut;
    lane_submit(planner->wave->delivery->render, &planner->job);
}

static unsigned parts_wanted(const struct delivery_config *config)
{
    unsigned n = config->plan_parts > 0 ? config->plan_parts : config->render_threads;
    return n == 0 ? 1 : n > SEGMENT_PARTS_MAX ? SEGMENT_PARTS_MAX : n;
}

/* Every thread of the lane gets its share of the segment. */
static void plan_judge(struct planner *planner)
{
    struct delivery *delivery = planner->wave->delivery;
    const struct roster_block *blocks = planner->read.blocks;
    size_t left = planner->read.n;
    const unsigned n = parts_wanted(&delivery->config);
    planner->n_parts = planner->judging = n;
    for (unsigned i = 0; i < n; i++) {
        struct plan_part *part = &planner->parts[i];
        const size_t share = left / (n - i);
        plan_part_init(part, planner->wave, planner->now);
        part->who = &planner->who.audience;
        plan_part_take(part, blocks, share);
        part->owner = planner;
        part->look = &planner->look;
        part->overlaps = &planner->overlaps;
        part->job.work = plan_part_work;
        part->job.done = part_judged;
        blocks += share;
        left -= share;
    }
    for (unsigned i = 0; i < n; i++)
        lane_submit(delivery->render, &planner->parts[i].job);
}

static void plan_looked(struct wish_look *look)
{
    struct planner *planner = container_of(look, struct planner, look);
    if (look->result != RESULT_OK || planner->wave->stopping) {
        planner->wave->stopping = true;
        plan_end(planner, false);
        return;
    }
    plan_judge(planner);
}

static void plan_blocks_read(struct store_request *request)
{
    struct store_roster_read *read = container_of(request, struct store_roster_read, request);
    struct planner *planner = container_of(read, struct planner, read);
    if (request->result == RESULT_TOO_LARGE && planner->blocks > 1) {
        planner->blocks /= 2;
        segment_free(planner);
        plan_read(planner);
        return;
    }
    if (request->result != RESULT_OK || planner->wave->stopping) {
        planner->wave->stopping = true;
        plan_end(planner, false);
        return;
    }
    planner->look = (struct wish_look){.delivery = planner->wave->delivery,
                                       .cb = plan_looked,
                                       .incident_key = &planner->wave->dossier->key,
                                       .blocks = read->blocks,
                                       .n_blocks = read->n};
    wish_look_start(&planner->look);
}

static void plan_read(struct planner *planner)
{
    planner->blocks_arena = arena_create(32 << 20);
    planner->arena = arena_create(64 << 20);
    planner->now = delivery_now(planner->wave->delivery);
    for (unsigned i = 0; i < PEOPLE_KEYS_N; i++)
        planner->people[i] = (struct wave_counter){planner->wave->id, 0xff, (uint8_t)i, 0};
    memset(&planner->read, 0, sizeof(planner->read));
    planner->read.request.cb = plan_blocks_read;
    planner->read.request.arena = planner->blocks_arena;
    planner->read.incident = planner->wave->incident;
    planner->read.from = planner->cursor;
    planner->read.limit = (unsigned)planner->blocks;
    planner->read.taken_by = planner->who.audience.taken_by;
    store_roster_read(planner->wave->delivery->config.store, &planner->read);
}

/* ---- Who else just heard of another incident. ---- */
static void plan_overlaps(struct overlap_set *set)
{
    struct planner *planner = container_of(set, struct planner, overlaps);
    if (set->result != RESULT_OK || planner->wave->stopping) {
        planner->wave->stopping = true;
        plan_end(planner, false);
        return;
    }
    plan_read(planner);
}

static void look_for_overlaps(struct planner *planner)
{
    struct active_wave *wave = planner->wave;
    if (wave->policy.spacing_ms == 0) {
        plan_read(planner);
        return;
    }
    planner->overlaps.delivery = wave->delivery;
    planner->overlaps.cb = plan_overlaps;
    planner->overlaps.incident = wave->incident;
    planner->overlaps.spacing_ms = wave->policy.spacing_ms;
    overlap_start(&planner->overlaps);
}

/* ---- Who. ---- */
static void on_audience(struct delivery_request *request)
{
    struct audience_load *load = container_of(request, struct audience_load, request);
    struct planner *planner = container_of(load, struct planner, who);
    if (request->result != RESULT_OK || planner->wave->stopping) {
        planner->wave->stopping = true;
        plan_end(planner, false);
    } else if (load->audience.moving) {
        audience_free(&load->audience);
        loop_timer_start(&planner->again, MOVING_MS);
    } else {
        look_for_overlaps(planner);
    }
}

static void ask_audience(struct planner *planner)
{
    memset(&planner->who, 0, sizeof(planner->who));
    planner->who.request.cb = on_audience;
    planner->who.dossier = planner->wave->dossier;
    audience_load(planner->wave->delivery, &planner->who);
}

static void on_again(struct loop_timer *timer)
{
    struct planner *planner = container_of(timer, struct planner, again);
    if (planner->wave->stopping)
        plan_end(planner, false);
    else
        ask_audience(planner);
}

void plan_start(struct active_wave *wave)
{
    struct planner *planner = mem_new(struct planner);
    wave->planning = true;
    planner->wave = wave;
    planner->cursor = wave->row.plan_cursor;
    planner->end = wave->dossier->row.blocks;
    planner->blocks = SEGMENT_BLOCKS;
    log_info("planning", LOG_INT("wave", wave->id), LOG_INT("blocks", planner->end),
             LOG_INT("from", planner->cursor));
    loop_timer_init(wave->delivery->config.loop, &planner->again, on_again);
    ask_audience(planner);
}
