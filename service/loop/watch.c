/* watch.c - a file descriptor that wakes the loop when it is readable. Happy path: uv_poll calls
 * back. Failure modes: an error on the descriptor calls back too (its owner meets the error when it
 * reads) and ends the watching. */
/* Base. */
#include "base/mem.h"
#include "base/result.h"

/* This module. */
#include "service/loop/loop_private.h"

struct loop_watch {
    uv_poll_t poll;
    struct loop *loop;
    void (*cb)(void *context);
    void *context;
};

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct loop_watch *watch = poll->data;
    (void)status;
    (void)events;
    watch->loop->events++;
    watch->cb(watch->context);
}

struct loop_watch *loop_watch_start(struct loop *loop, int fd, void (*cb)(void *context),
                                    void *context)
{
    struct loop_watch *watch = mem_new(struct loop_watch);
    *watch = (struct loop_watch){.loop = loop, .cb = cb, .context = context};
    int code = uv_poll_init(&loop->uv, &watch->poll, fd);
    watch->poll.data = watch;
    if (code == 0)
        code = uv_poll_start(&watch->poll, UV_READABLE, on_readable);
    if (code != 0)
        panic("loop_watch_start: %s", uv_strerror(code));
    return watch;
}

static void on_closed(uv_handle_t *handle)
{
    mem_free(handle->data);
}

void loop_watch_stop(struct loop_watch **watch)
{
    if (*watch == NULL)
        return;
    uv_poll_stop(&(*watch)->poll);
    uv_close((uv_handle_t *)&(*watch)->poll, on_closed);
    *watch = NULL;
}
