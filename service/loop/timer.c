/* timer.c - timers by the loop's clock: a heap of our own, so that a fake clock drives the very
 * same code. Happy path: one uv_timer stands for the first of the heap. Failure modes: libuv's idea
 * of now may lag, so that it fires early: nothing is due then and it is set again. */
/* System. */
#include <stdint.h>

/* Base. */
#include "base/result.h"

/* This module. */
#include "service/loop/loop_private.h"

static void on_driver(uv_timer_t *driver)
{
    struct loop *loop = driver->data;
    timers_run(loop);
}

/* Sets the uv_timer, `least` ms ahead or more, when the heap's first is due before what it is set
 * for; after a stopped timer it fires in vain. */
static void driver_set(struct loop *loop, int64_t least)
{
    struct heap_node *first = heap_peek(&loop->timers);
    if (loop->manual || first == NULL || first->key >= loop->driver_due)
        return;
    int64_t ms = first->key - clock_monotonic(loop->clock);
    loop->driver_due = first->key;
    uv_update_time(&loop->uv);
    uv_timer_start(&loop->driver, on_driver, (uint64_t)(ms > least ? ms : least), 0);
}

void timers_create(struct loop *loop)
{
    heap_init(&loop->timers);
    loop->driver_due = INT64_MAX;
    uv_timer_init(&loop->uv, &loop->driver);
    loop->driver.data = loop;
}

void timers_run(struct loop *loop)
{
    int64_t now = clock_monotonic(loop->clock);
    loop->driver_due = INT64_MIN; /* nobody sets it meanwhile */
    for (size_t left = loop->timers.n; left > 0; left--) {
        struct heap_node *first = heap_peek(&loop->timers);
        if (first == NULL || first->key > now)
            break;
        heap_remove(&loop->timers, first);
        struct loop_timer *timer = container_of(first, struct loop_timer, node);
        loop->events++;
        timer->cb(timer);
    }
    loop->driver_due = INT64_MAX;
    driver_set(loop,
               1); /* libuv runs its due timers before any socket: 0 ms here could starve those */
}

int64_t loop_next_due(const struct loop *loop)
{
    struct heap_node *first = heap_peek(&loop->timers);
    if (first == NULL)
        return -1;
    int64_t ms = first->key - clock_monotonic(loop->clock);
    return ms > 0 ? ms : 0;
}

void loop_timer_init(struct loop *loop, struct loop_timer *timer, void (*cb)(struct loop_timer *))
{
    *timer = (struct loop_timer){.loop = loop, .cb = cb};
}

void loop_timer_start(struct loop_timer *timer, int64_t ms)
{
    struct loop *loop = timer->loop;
    heap_remove(&loop->timers, &timer->node);
    int64_t due;
    if (__builtin_add_overflow(clock_monotonic(loop->clock), ms > 0 ? ms : 0, &due))
        due = INT64_MAX - 1;
    timer->node.key = due;
    heap_push(&loop->timers, &timer->node);
    driver_set(loop, 0);
}

void loop_timer_stop(struct loop_timer *timer)
{
    if (timer->node.index != 0)
        heap_remove(&timer->loop->timers, &timer->node);
}

bool loop_timer_active(const struct loop_timer *timer)
{
    return timer->node.index != 0;
}
