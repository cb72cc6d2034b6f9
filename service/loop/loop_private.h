/* loop_private.h - what the files of this folder share: the loop itself. uv.h lives in this folder
 * only. */
#pragma once
/* System. */
#include <pthread.h>
#include <stdatomic.h>

/* Libraries. */
#include <uv.h>

/* Base. */
#include "base/heap.h"
#include "base/list.h"

/* Interfaces. */
#include "tocsin/loop.h"

struct loop {
    uv_loop_t uv;
    const struct clock *clock;
    bool manual;        /* the clock is not the system's: nothing fires by itself */
    uint64_t events;    /* callbacks run so far: loop_turn tells by it whether anything ran */
    struct heap timers; /* keys: clock_monotonic */
    uv_timer_t driver;  /* wakes for the first timer; real clock only */
    int64_t driver_due; /* its due time; INT64_MAX = not set */
    uv_async_t wake;    /* posted work, stop */
    pthread_mutex_t mutex;
    struct list posted; /* struct loop_hop, under mutex */
    atomic_bool stop;
};

void timers_create(struct loop *loop);
/* Runs the timers due now; one that is started again inside waits for the next round. */
void timers_run(struct loop *loop);

void hops_create(struct loop *loop);
/* Runs what was posted before the call. */
void hops_run(struct loop *loop);
/* Takes a hop back that may be posted and has not run. Loop thread. */
void hops_withdraw(struct loop *loop, struct loop_hop *hop);
void hops_destroy(struct loop *loop);
