/* watch.c - the watchdog of what stands still by decision: holds past their `until`. It only says
 * so, every hour; a hold never ends by itself. (What is stuck in flight is run.c's, what is slow
 * gate.c's.) */
/* System. */
#include <string.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"

/* This module. */
#include "service/delivery/delivery_private.h"

enum { LOOK_MS = 60 * 1000, SAY_MS = 60 * 60 * 1000 };

struct watch {
    struct delivery *delivery;
    struct store_hold_list list;
    struct arena *arena;
};

static void on_held(struct store_request *request)
{
    struct store_hold_list *list = container_of(request, struct store_hold_list, request);
    struct watch *watch = container_of(list, struct watch, list);
    struct delivery *delivery = watch->delivery;
    time_ms now = delivery_now(delivery);
    unsigned overdue = 0;
    bool say = now - delivery->holds_said_at >= SAY_MS;
    for (size_t i = 0; request->result == RESULT_OK && i < list->n; i++) {
        const struct hold_row *hold = &list->rows[i];
        if (hold->until == TIME_NONE || hold->until > now)
            continue;
        overdue++;
        if (say)
            log_warn("hold_over", LOG_INT("wave", hold->wave),
                     LOG_INT("minutes_over", (now - hold->until) / 60000));
    }
    if (overdue > 0 && say)
        delivery->holds_said_at = now;
    delivery->stats.holds_held = request->result == RESULT_OK ? (unsigned)list->n : 0;
    delivery->stats.holds_overdue = overdue;
    delivery->watching = false;
    arena_destroy(&watch->arena);
    mem_free(watch);
}

void watch_holds(struct delivery *delivery)
{
    int64_t now = delivery_monotonic(delivery);
    if (delivery->watching || delivery->stopping ||
        (delivery->watched_at != 0 && now - delivery->watched_at < LOOK_MS))
        return;
    struct watch *watch = mem_new(struct watch);
    delivery->watching = true;
    delivery->watched_at = now == 0 ? 1 : now;
    watch->delivery = delivery;
    watch->arena = arena_create(8 << 20);
    watch->list.request.cb = on_held;
    watch->list.request.arena = watch->arena;
    watch->list.active = true;
    store_hold_list(delivery->config.store, &watch->list);
}
