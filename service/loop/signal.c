/* signal.c - signals of the process as callbacks on the loop. Happy path: libuv catches and calls
 * back. Failure modes: a signal that cannot be caught is a bug and aborts. */
/* Base. */
#include "base/mem.h"
#include "base/result.h"

/* This module. */
#include "service/loop/loop_private.h"

struct loop_signal {
    uv_signal_t handle;
    struct loop *loop;
    void (*cb)(int signum, void *context);
    void *context;
};

static void on_signal(uv_signal_t *handle, int signum)
{
    struct loop_signal *signal = handle->data;
    signal->loop->events++;
    signal->cb(signum, signal->context);
}

struct loop_signal *loop_signal_start(struct loop *loop, int signum,
                                      void (*cb)(int signum, void *context), void *context)
{
    struct loop_signal *signal = mem_new(struct loop_signal);
    *signal = (struct loop_signal){.loop = loop, .cb = cb, .context = context};
    int code = uv_signal_init(&loop->uv, &signal->handle);
    signal->handle.data = signal;
    if (code == 0)
        code = uv_signal_start(&signal->handle, on_signal, signum);
    if (code != 0)
        panic("loop_signal_start: %s", uv_strerror(code));
    return signal;
}

static void on_closed(uv_handle_t *handle)
{
    mem_free(handle->data);
}

void loop_signal_stop(struct loop_signal **signal)
{
    if (*signal == NULL)
        return;
    uv_close((uv_handle_t *)&(*signal)->handle, on_closed);
    *signal = NULL;
}
