/* run.h - one preflight under way: its checks, and who still works on them. For this folder only.
 * Loop thread. */
#pragma once
#include "base/arena.h"
#include "base/list.h"
#include "service/preflight/check.h"
#include "service/preflight/preflight.h"
#include "tocsin/clock.h"
#include "tocsin/http_client.h"
#include "tocsin/lane.h"

enum { CHECKS_MAX = 160, RUN_ARENA_MAX = 4 << 20 };

struct run {
    struct preflight *owner;
    const struct preflight_config *config;
    struct lane *lane;
    struct arena *arena;
    struct preflight_ask *ask;
    uint8_t number; /* 1..255 */
    time_ms started_at;
    unsigned open; /* what has not come back */
    struct check *checks[CHECKS_MAX];
    size_t n;
    struct check *clock;           /* waits for what others' clocks say */
    time_ms newest;                /* what this machine has written last */
    int64_t drift_ms;              /* of the trusted clock that differs most; ours minus theirs */
    unsigned clocks;               /* that were heard */
    struct list fetches, messages; /* to be cut short */
};

/* In the arena, "not checked" until somebody says more. Past the bound the last one is given again.
 */
struct check *check_add(struct run *run, const char *name, const char *subject);
static inline void run_hold(struct run *run)
{
    run->open++;
}
void run_release(struct run *run); /* the last one ends the run: nothing may be touched after it */
time_ms run_now(const struct run *run);

/* Each begins its checks. */
void local_begin(struct run *run);
void local_end(struct run *run); /* the clock, when all is known */
void outside_begin(struct run *run);
void callbacks_begin(struct run *run);
void callbacks_cancel(struct run *run);
void messages_begin(struct run *run);
void messages_cancel(struct run *run);
/* An endpoint on the lane, and its certificate. */
struct channel_endpoint;
void outside_look(struct run *run, const char *subject, const struct channel_endpoint *at);
