/* loop.c - the one event loop: libuv's, with timers of our own and a queue of posted work. Happy
 * path: loop_run until loop_stop; under a fake clock loop_turn, turn by turn. Failure modes: libuv
 * cannot start or a handle was left open: a bug or no descriptors, the program aborts with the name
 * of the call. */
/* System. */
#include <stdint.h>

/* Base. */
#include "base/mem.h"
#include "base/result.h"

/* This module. */
#include "service/loop/loop_private.h"

enum { CLOSE_ROUNDS = 16 }; /* a closing handle needs one round, a closing signal handle some */

struct loop *loop_create(const struct clock *clock)
{
    struct loop *loop = mem_new(struct loop);
    loop->clock = clock;
    loop->manual = clock != clock_system();
    int code = uv_loop_init(&loop->uv);
    if (code != 0)
        panic("uv_loop_init: %s", uv_strerror(code));
    timers_create(loop);
    hops_create(loop);
    return loop;
}

const struct clock *loop_clock(const struct loop *loop)
{
    return loop->clock;
}

void loop_run(struct loop *loop)
{
    require(!loop->manual);
    while (!atomic_exchange(&loop->stop, false))
        uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *loop)
{
    atomic_store(&loop->stop, true);
    uv_async_send(&loop->wake);
}

bool loop_turn(struct loop *loop)
{
    uint64_t before = loop->events;
    hops_run(loop);
    timers_run(loop);
    uv_run(&loop->uv, UV_RUN_NOWAIT);
    return loop->events != before;
}

static void report_open(uv_handle_t *handle, void *context)
{
    (void)context;
    panic("loop_destroy: a %s handle is still open", uv_handle_type_name(handle->type));
}

void loop_destroy(struct loop **loop)
{
    struct loop *it = *loop;
    if (it == NULL)
        return;
    if (it->timers.n > 0)
        panic("loop_destroy: %zu timers are still started", it->timers.n);
    heap_free(&it->timers);
    uv_close((uv_handle_t *)&it->driver, NULL);
    uv_close((uv_handle_t *)&it->wake, NULL);
    int code = UV_EBUSY;
    for (int i = 0; i < CLOSE_ROUNDS && code == UV_EBUSY; i++) {
        uv_run(&it->uv, UV_RUN_NOWAIT);
        code = uv_loop_close(&it->uv);
    }
    if (code != 0)
        uv_walk(&it->uv, report_open, NULL);
    hops_destroy(it);
    mem_free(it);
    *loop = NULL;
}
