/* plan.c - who gets what: walks the roster of a released wave and cuts chunks by cohort, segment by
 * segment.
 *
 * A segment is 64 blocks (8,192 people). Its chunks, counters and receipts are written in one
 * transaction with the cursor, so that a crash repeats a segment or does not, never half. Opening
 * and judging people runs on the render lane. A person whose text would have a hole is withheld,
 * with the fields that are missing; the others go. */
/* System. */
#include <string.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/plan/cut.h"
#include "service/delivery/delivery_private.h"
#include "service/delivery/plan/fate.h"
#include "service/delivery/outcome/judge.h"
#include "service/delivery/restore/restore.h"

enum {
    SEGMENT_BLOCKS = 64,
    RECEIPTS_A_BATCH = 500,
    SEGMENT_PEOPLE = SEGMENT_BLOCKS * ROSTER_BLOCK,
    /* one for everybody of a segment, and one that says the plan is complete */
    SEGMENT_RECEIPTS = SEGMENT_PEOPLE / RECEIPTS_A_BATCH + 2
};

struct planner {
    struct lane_job job;
    struct active_wave *wave;
    struct arena *blocks_arena; /* what the store read */
    struct arena *arena;        /* what the segment made */
    struct arena *person_arena;
    struct store_roster_read read;
    struct store_plan_append append;
    int64_t cursor, end, blocks; /* blocks: of a segment; fewer when people are big */
    struct cut cut;
    struct wave_counter people[PEOPLE_KEYS_N];
    struct receipt_batch batches[SEGMENT_RECEIPTS];
    const struct receipt_batch *batch_list[SEGMENT_RECEIPTS];
    size_t n_batches;
    unsigned damaged;
    time_ms now;
};

/* ---- On the lane. ---- */

static struct receipt_batch *planner_batch(struct planner *planner)
{
    struct receipt_batch *last =
        planner->n_batches == 0 ? NULL : &planner->batches[planner->n_batches - 1];
    if (last != NULL && last->n < RECEIPTS_A_BATCH)
        return last;
    last = &planner->batches[planner->n_batches++];
    receipt_batch_init(last, planner->wave->incident, planner->wave->id, 0);
    return last;
}

static void add_entry(struct planner *planner, const struct recipient *r, struct ladder_rung where,
                      unsigned rung)
{
    const struct channel_driver *driver = planner->wave->drivers[where.channel];
    struct recipient to;
    ladder_person(r, driver->facts.address, where.address, &to);
    const struct cut_entry entry = {
        .cohort = cohort_make(planner->arena, driver, &to),
        .number = r->number,
        .channel = where.channel,
        .address = where.address,
        .rung = (uint8_t)rung,
    };
    cut_add(&planner->cut, entry);
}

static void leave_out(struct planner *planner, const struct recipient *r,
                      const struct seal_key *seed, const struct receipt *why)
{
    struct receipt receipt = *why;
    receipt.at = planner->now;
    receipt.incident = planner->wave->incident;
    receipt.wave = planner->wave->id;
    receipt.outcome = -1;
    receipt.seed = seed;
    receipt.recipient_id = r->recipient_id;
    receipt.number = r->number;
    receipt_batch_add(planner_batch(planner), &planner->wave->dossier->key, &receipt);
}

/* The notice goes now, so that nobody is told late; what this person can read is still owed. */
static void owe_format(struct planner *planner, const struct recipient *r,
                       const struct seal_key *seed)
{
    struct json_object *facts = json_object_new_object();
    json_object_object_add(facts, "format",
                           json_object_new_string(read_format_name(recipient_format(r))));
    json_object_object_add(facts, "next", json_object_new_string("give_the_notice_in_this_format"));
    json_object_object_add(facts, "owner", json_object_new_string("operator"));
    const struct receipt owed = {
        .kind = RECEIPT_FORMAT_OWED, .reason = "no_channel_has_it", .facts = facts};
    leave_out(planner, r, seed, &owed);
    json_object_put(facts);
}

static void plan_person(struct planner *planner, const struct recipient *r,
                        const struct seal_key *seed)
{
    struct active_wave *wave = planner->wave;
    struct fate fate;
    const struct fate_question question = {.dossier = wave->dossier,
                                           .policy = &wave->policy,
                                           .drivers = wave->drivers,
                                           .recipient = r,
                                           .seed = seed,
                                           .now = planner->now,
                                           .arena = planner->person_arena};
    fate_judge(&question, &fate);
    struct receipt why = {.facts = fate.facts, .reason = fate.reason};
    switch (fate.kind) {
    case FATE_UNREACHABLE:
        planner->people[PEOPLE_UNREACHABLE].value++;
        why.kind = RECEIPT_UNREACHABLE;
        leave_out(planner, r, seed, &why);
        break;
    case FATE_WITHHELD:
        planner->people[PEOPLE_WITHHELD].value++;
        why.kind = RECEIPT_WITHHELD;
        leave_out(planner, r, seed, &why);
        break;
    case FATE_GOES:
        planner->people[PEOPLE_PLANNED].value++;
        add_entry(planner, r, fate.ladder.rungs[0], fate.ladder.paper ? RUNG_PAPER : 0);
        if (fate.format_owed)
            owe_format(planner, r, seed);
        for (unsigned i = 0; i < fate.ladder.n_beside; i++)
            add_entry(planner, r, fate.ladder.beside[i], RUNG_BESIDE);
        break;
    }
    json_object_put(fate.facts);
}

/* Erased before the plan, or stored bytes that do not open: told by nobody, but counted, so that
 * roster and outcomes add up. */
static void skip_unopened(struct planner *planner, const char *reason)
{
    const struct receipt receipt = {.kind = RECEIPT_UNREACHABLE,
                                    .at = planner->now,
                                    .incident = planner->wave->incident,
                                    .wave = planner->wave->id,
                                    .outcome = -1,
                                    .reason = reason};
    planner->people[PEOPLE_UNREACHABLE].value++;
    receipt_batch_add(planner_batch(planner), &planner->wave->dossier->key, &receipt);
}

static void plan_block(struct planner *planner, struct roster_codec *codec,
                       const struct roster_block *block)
{
    struct seal_key seeds[ROSTER_BLOCK];
    struct recipient r;
    bool opens = roster_open_seeds(block, &planner->wave->dossier->key, seeds);
    for (unsigned slot = 0; slot < block->n; slot++) {
        arena_reset(planner->person_arena);
        enum result result = RESULT_NOT_FOUND; /* a void slot is nobody */
        if (opens)
            result = roster_open_person(codec, block, seeds, slot, planner->person_arena, &r);
        else if (!roster_is_void(block, slot))
            result = RESULT_INVALID;
        if (result == RESULT_OK) {
            plan_person(planner, &r, &seeds[slot]);
        } else if (result == RESULT_DENIED) {
            skip_unopened(planner, "erased");
        } else if (result != RESULT_NOT_FOUND) {
            planner->damaged++;
            skip_unopened(planner, "damaged");
        }
    }
    explicit_bzero(seeds, sizeof(seeds));
}

static void plan_work(struct lane_job *job, unsigned thread)
{
    struct planner *planner = container_of(job, struct planner, job);
    for (size_t i = 0; i < planner->read.n; i++)
        plan_block(planner, planner->wave->delivery->codecs[thread], &planner->read.blocks[i]);
    const struct chunk_row like = {
        .incident = planner->wave->incident, .wave = planner->wave->id, .due_at = planner->now};
    cut_chunks(&planner->cut, &like, planner->arena);
    restore_doubt(planner->wave, &planner->cut);
    for (size_t i = 0; i < planner->n_batches; i++) {
        receipt_batch_finish(&planner->batches[i]);
        planner->batch_list[i] = &planner->batches[i];
    }
}

/* ---- On the loop. ---- */

static void plan_read(struct planner *planner);

static void segment_free(struct planner *planner)
{
    for (size_t i = 0; i < planner->n_batches; i++)
        receipt_batch_free(&planner->batches[i]);
    planner->n_batches = 0;
    cut_free(&planner->cut);
    arena_destroy(&planner->arena);
    arena_destroy(&planner->person_arena);
    arena_destroy(&planner->blocks_arena);
}

static void plan_end(struct planner *planner, bool done)
{
    struct active_wave *wave = planner->wave;
    segment_free(planner);
    mem_free(planner);
    wave->planning = false;
    if (done) {
        wave->row.state = WAVE_SENDING;
        log_info("wave_planned", LOG_INT("wave", wave->id));
        schedule_poke(wave);
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
    struct receipt_batch *batch = &planner->batches[planner->n_batches];
    receipt_batch_init(batch, planner->wave->incident, planner->wave->id, 0);
    receipt_batch_add(batch, &planner->wave->dossier->key, &planned);
    receipt_batch_finish(batch);
    planner->batch_list[planner->n_batches++] = batch;
    json_object_put(facts);
}

static void plan_judged(struct lane_job *job)
{
    struct planner *planner = container_of(job, struct planner, job);
    struct store_plan_append *append = &planner->append;
    if (planner->damaged > 0)
        log_error("roster_damaged", LOG_INT("people", planner->damaged));
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
    planner->job.work = plan_work;
    planner->job.done = plan_judged;
    lane_submit(planner->wave->delivery->render, &planner->job);
}

static void plan_read(struct planner *planner)
{
    planner->blocks_arena = arena_create(32 << 20);
    planner->arena = arena_create(64 << 20);
    planner->person_arena = arena_create(1 << 20);
    cut_init(&planner->cut, (size_t)SEGMENT_PEOPLE * (1 + planner->wave->policy.n_beside));
    planner->damaged = 0;
    planner->now = delivery_now(planner->wave->delivery);
    for (unsigned i = 0; i < PEOPLE_KEYS_N; i++)
        planner->people[i] = (struct wave_counter){planner->wave->id, 0xff, (uint8_t)i, 0};
    memset(&planner->read, 0, sizeof(planner->read));
    planner->read.request.cb = plan_blocks_read;
    planner->read.request.arena = planner->blocks_arena;
    planner->read.incident = planner->wave->incident;
    planner->read.from = planner->cursor;
    planner->read.limit = (unsigned)planner->blocks;
    store_roster_read(planner->wave->delivery->config.store, &planner->read);
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
    plan_read(planner);
}
