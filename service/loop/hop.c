/* hop.c - work posted to the loop from any thread: a list under a mutex and one uv_async that wakes
 * the loop. Happy path: one wake for many hops, run in the order of posting. Failure modes: none; a
 * hop posted from a hop waits for the next round, so that timers and sockets get their turn. */
/* Base. */
#include "base/result.h"

/* This module. */
#include "service/loop/loop_private.h"

static void on_wake(uv_async_t *wake)
{
    struct loop *loop = wake->data;
    hops_run(loop);
    if (atomic_load(&loop->stop))
        uv_stop(&loop->uv);
}

void hops_create(struct loop *loop)
{
    require(pthread_mutex_init(&loop->mutex, NULL) == 0);
    list_init(&loop->posted);
    int code = uv_async_init(&loop->uv, &loop->wake, on_wake);
    if (code != 0)
        panic("uv_async_init: %s", uv_strerror(code));
    loop->wake.data = loop;
}

void loop_post(struct loop *loop, struct loop_hop *hop)
{
    pthread_mutex_lock(&loop->mutex);
    bool first = list_empty(&loop->posted);
    list_append(&loop->posted, &hop->node);
    pthread_mutex_unlock(&loop->mutex);
    if (first)
        uv_async_send(&loop->wake);
}

/* The hops of this round stay on loop->posted, up to a marker, so that hops_withdraw finds them all
 * in one place. */
void hops_run(struct loop *loop)
{
    struct list marker;
    pthread_mutex_lock(&loop->mutex);
    if (list_empty(&loop->posted)) {
        pthread_mutex_unlock(&loop->mutex);
        return;
    }
    list_append(&loop->posted, &marker);
    for (struct list *node; (node = list_pop(&loop->posted)) != &marker;) {
        pthread_mutex_unlock(&loop->mutex);
        struct loop_hop *hop = container_of(node, struct loop_hop, node);
        loop->events++;
        hop->cb(hop);
        pthread_mutex_lock(&loop->mutex);
    }
    bool more = !list_empty(&loop->posted);
    pthread_mutex_unlock(&loop->mutex);
    if (more)
        uv_async_send(&loop->wake);
}

void hops_withdraw(struct loop *loop, struct loop_hop *hop)
{
    pthread_mutex_lock(&loop->mutex);
    list_remove(&hop->node);
    pthread_mutex_unlock(&loop->mutex);
}

void hops_destroy(struct loop *loop)
{
    require(list_empty(&loop->posted));
    pthread_mutex_destroy(&loop->mutex);
}
