/* segment.h - a part of a segment of the roster, judged on the render lane: which people go, by
 * which channel, and receipts for those who do not. Parts of a segment share nothing that changes,
 * so that all threads of the lane work at once. For plan.c. */
#pragma once
#include "service/delivery/delivery_private.h"
#include "service/delivery/outcome/judge.h"
#include "service/delivery/plan/cut.h"
#include "service/delivery/wave/audience.h"

enum {
    SEGMENT_BLOCKS = 64,
    SEGMENT_PARTS_MAX = 4,
    RECEIPTS_A_BATCH = 500,
    SEGMENT_PEOPLE = SEGMENT_BLOCKS * ROSTER_BLOCK,
    PART_RECEIPTS = SEGMENT_PEOPLE / RECEIPTS_A_BATCH + 1 /* one for everybody of a segment */
};

struct overlap_set;
struct wish_look;
struct plan_part {
    struct lane_job job; /* `work` is plan_part_work */
    void *owner;         /* of whom plan.c knows */
    struct active_wave *wave;
    const struct roster_block *blocks; /* outlive the work */
    size_t n_blocks;
    const struct wish_look *look; /* what is known of these people from before; outlives the work */
    const struct overlap_set *overlaps; /* who just heard of another incident */
    time_ms now;
    const struct audience *who; /* only these; shared, read only */
    struct arena *arena;        /* what the work makes */
    struct arena *person_arena;
    /* Out. */
    struct cut cut; /* entries by ascending number; no chunks yet */
    int64_t people[PEOPLE_KEYS_N];
    struct receipt_batch batches[PART_RECEIPTS]; /* finished */
    size_t n_batches;
    unsigned damaged;
};
void plan_part_init(struct plan_part *part, struct active_wave *wave, time_ms now);
void plan_part_take(struct plan_part *part, const struct roster_block *blocks, size_t n);
void plan_part_work(struct lane_job *job, unsigned thread);
/* Also one that was never begun, or all zero. */
void plan_part_free(struct plan_part *part);
