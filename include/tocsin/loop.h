/* loop.h - the one event loop that owns all state, its timers, and work posted to it from other
 * threads.
 *
 * Everything in service/ runs on the loop thread unless its header says otherwise. libuv stays
 * behind this header (service/loop/ includes uv.h; others get a `struct loop *`).
 *
 * With a fake clock the loop is *manual*: nothing fires by itself; loop_turn() runs what is due at
 * the fake time. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/heap.h"
#include "base/list.h"
#include "tocsin/clock.h"

struct loop;

/* A loop on this thread. `clock` must outlive it. */
struct loop *loop_create(const struct clock *clock);
const struct clock *loop_clock(const struct loop *loop);
/* Runs until loop_stop(). Real clock only. */
void loop_run(struct loop *loop);
/* Thread-safe, signal-safe: loop_run returns soon. */
void loop_stop(struct loop *loop);
/* Runs what is ready: posted work, due timers, one non-blocking round of libuv. Returns whether
 * anything ran. For tests and for draining at shutdown. */
bool loop_turn(struct loop *loop);
/* Milliseconds until the next timer is due by the loop's clock; -1 when there is none. */
int64_t loop_next_due(const struct loop *loop);
/* All handles must be closed before; aborts otherwise. Sets *loop to NULL. */
void loop_destroy(struct loop **loop);

/* A timer embedded in its owner. One-shot; the callback may start it again. */
struct loop_timer {
    struct heap_node node; /* private */
    struct loop *loop;     /* private */
    void (*cb)(struct loop_timer *timer);
};
/* Must be called once before the others. */
void loop_timer_init(struct loop *loop, struct loop_timer *timer, void (*cb)(struct loop_timer *));
/* Due `ms` from now; starting again moves it. Never fires from inside this call. */
void loop_timer_start(struct loop_timer *timer, int64_t ms);
/* Harmless when not started; afterwards the callback does not come. */
void loop_timer_stop(struct loop_timer *timer);
bool loop_timer_active(const struct loop_timer *timer);

/* Work for the loop from any thread ("hop"). The struct is owned by the caller until `cb` has run
 * on the loop. */
struct loop_hop {
    struct list node; /* private */
    void (*cb)(struct loop_hop *hop);
};
void loop_post(struct loop *loop, struct loop_hop *hop); /* thread-safe */

/* Watches a file descriptor (the HTTP server's epoll). One per fd; the callback runs on the loop
 * when readable. */
struct loop_watch;
struct loop_watch *loop_watch_start(struct loop *loop, int fd, void (*cb)(void *context),
                                    void *context);
void loop_watch_stop(struct loop_watch **watch);

/* Calls `cb` on the loop when the process gets this signal. Stopped by loop_signal_stop. */
struct loop_signal;
struct loop_signal *loop_signal_start(struct loop *loop, int signum,
                                      void (*cb)(int signum, void *context), void *context);
void loop_signal_stop(struct loop_signal **signal);
