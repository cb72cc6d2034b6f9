/* watch.c - now and then, how long there is left for what is open, for the metrics: the nearest day
 * of each place and addressee over all incidents. */
/* System. */
#include <string.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/delivery_private.h"
#include "service/delivery/duty/duty.h"

enum { LOOK_MS = 60000, ROWS = 500, ARENA_MAX = 4 << 20 };

struct looking {
    struct delivery *delivery;
    struct store_duty_list list;
    struct arena *arena;
};

static void note(struct delivery *delivery, const struct duty_row *row)
{
    struct duty_clock *clocks = delivery->duty_clocks;
    delivery->duties_open++;
    for (size_t i = 0; i < delivery->n_duty_clocks; i++)
        if (clocks[i].addressee == row->addressee &&
            str_equal(clocks[i].jurisdiction, row->jurisdiction))
            return; /* they come by due date */
    if (row->due_at == TIME_NONE || delivery->n_duty_clocks == DUTY_CLOCKS_MAX)
        return;
    struct duty_clock *clock = &clocks[delivery->n_duty_clocks];
    clock->addressee = row->addressee;
    clock->due_at = row->due_at;
    if (str_copy(clock->jurisdiction, sizeof(clock->jurisdiction), row->jurisdiction))
        delivery->n_duty_clocks++;
}

static void on_list(struct store_request *request)
{
    struct store_duty_list *list = container_of(request, struct store_duty_list, request);
    struct looking *it = container_of(list, struct looking, list);
    struct delivery *delivery = it->delivery;
    if (request->result == RESULT_OK) {
        delivery->n_duty_clocks = 0;
        delivery->duties_open = 0;
        for (size_t i = 0; i < list->n; i++)
            note(delivery, &list->rows[i]);
    }
    delivery->duty_looking = false;
    arena_destroy(&it->arena);
    mem_free(it);
}

void duty_look(struct delivery *delivery)
{
    const int64_t now = delivery_monotonic(delivery);
    if (delivery->config.rules == NULL || delivery->duty_looking ||
        (delivery->duty_looked_at != 0 && now - delivery->duty_looked_at < LOOK_MS))
        return;
    struct looking *it = mem_new(struct looking);
    delivery->duty_looking = true;
    delivery->duty_looked_at = now == 0 ? 1 : now;
    it->delivery = delivery;
    it->arena = arena_create(ARENA_MAX);
    it->list =
        (struct store_duty_list){.request = {.cb = on_list, .arena = it->arena}, .limit = ROWS};
    store_duty_list(delivery->config.store, &it->list);
}

size_t delivery_duty_clocks(const struct delivery *delivery, const struct duty_clock **ret_clocks)
{
    *ret_clocks = delivery->duty_clocks;
    return delivery->n_duty_clocks;
}
