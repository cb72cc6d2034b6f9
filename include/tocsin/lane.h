/* lane.h - named worker lanes: blocking or heavy work off the loop, the result back on it.
 *
 * A lane has n threads and one queue. `work` runs on a lane thread and sees only its job; `done`
 * runs on the loop, exactly once, never from inside lane_submit(). Jobs of a one-thread lane run in
 * the order of submission. A lane with 0 threads is pumped by its test: lane_pump() runs the next
 * job on the calling thread, which stands for thread 0 (its thread_start and thread_stop run inside
 * lane_create and lane_destroy). */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/list.h"
#include "tocsin/loop.h"

struct lane;

/* Embedded in its owner, who keeps it until `done` has run. */
struct lane_job {
    struct list node;                                    /* private */
    struct lane *lane;                                   /* private */
    void (*work)(struct lane_job *job, unsigned thread); /* thread: 0..n-1, for per-thread state */
    void (*done)(struct lane_job *job);
};

/* `name` (a static word) names the threads. `thread_start` / `thread_stop` (may be NULL) run on
 * each lane thread. */
struct lane_config {
    const char *name;
    unsigned threads;
    void (*thread_start)(void *context, unsigned thread);
    void (*thread_stop)(void *context, unsigned thread);
    void *context;
};
struct lane *lane_create(struct loop *loop, const struct lane_config *config);

/* Always taken; `job->work` and `job->done` are set by the caller. Loop thread only. */
void lane_submit(struct lane *lane, struct lane_job *job);
/* Jobs submitted and not yet done. */
size_t lane_pending(const struct lane *lane);
/* Runs one queued job on this thread; false when there is none. Lanes with 0 threads only. */
bool lane_pump(struct lane *lane);
/* Finishes what was submitted (the `done`s run inside, on the loop thread), joins the threads,
 * frees. Not from inside a `done` of this lane. */
void lane_destroy(struct lane **lane);
