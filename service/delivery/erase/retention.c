/* retention.c - incidents whose time is over are erased by themselves: once an hour, one after the
 * other, the oldest first. A legal hold beats every period; a refusal (an open request) is tried
 * again an hour later. */
/* System. */
#include <string.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"

/* Interfaces. */
#include "tocsin/store_erase.h"

/* This module. */
#include "service/delivery/delivery_private.h"
#include "service/delivery/erase/erase.h"

enum { LOOK_MS = 60 * 60 * 1000, ROWS_MAX = 1000 };

struct retention {
    struct delivery *delivery;
    struct store_keep_list list;
    struct arena *arena;
    size_t at;
    struct delivery_erase_incident erase;
};

/* A month of the Gregorian calendar's mean: 400 years are 4,800 of them. */
time_ms retention_due(time_ms settled_at, int months)
{
    return settled_at + months * INT64_C(2629746000);
}

static int months_of(const struct retention *it, const struct keep_row *row)
{
    return row->months > 0 ? row->months : (int)it->delivery->config.retention_months;
}

static void retention_finish(struct retention *it)
{
    it->delivery->retaining = false;
    arena_destroy(&it->arena);
    mem_free(it);
}

static void retention_next(struct retention *it);

static void on_erased(struct delivery_request *request)
{
    struct delivery_erase_incident *erase =
        container_of(request, struct delivery_erase_incident, request);
    struct retention *it = container_of(erase, struct retention, erase);
    if (request->result != RESULT_OK)
        log_warn("retention_refused", LOG_INT("incident", erase->incident),
                 LOG_TEXT("result", result_name(request->result)));
    retention_next(it);
}

static void retention_next(struct retention *it)
{
    struct delivery_stats *stats = &it->delivery->stats;
    while (it->at < it->list.n && !it->delivery->stopping) {
        const struct keep_row *row = &it->list.rows[it->at++];
        int months = months_of(it, row);
        time_ms due = retention_due(row->settled_at, months);
        if (months == 0)
            continue;
        if (due > delivery_now(it->delivery)) {
            if (stats->retention_next_at == TIME_NONE || due < stats->retention_next_at)
                stats->retention_next_at = due;
            continue;
        }
        it->erase = (struct delivery_erase_incident){
            .request.cb = on_erased, .incident = row->incident, .basis = "retention"};
        delivery_erase_incident(it->delivery, &it->erase);
        return;
    }
    retention_finish(it);
}

static void on_listed(struct store_request *request)
{
    struct store_keep_list *list = container_of(request, struct store_keep_list, request);
    struct retention *it = container_of(list, struct retention, list);
    if (request->result != RESULT_OK)
        retention_finish(it);
    else
        retention_next(it);
}

void retention_look(struct delivery *delivery)
{
    int64_t now = delivery_monotonic(delivery);
    if (delivery->retaining || delivery->stopping || delivery->restored ||
        (delivery->retained_at != 0 && now - delivery->retained_at < LOOK_MS))
        return;
    struct retention *it = mem_new(struct retention);
    delivery->retaining = true;
    delivery->retained_at = now == 0 ? 1 : now;
    delivery->stats.retention_next_at = TIME_NONE;
    it->delivery = delivery;
    it->arena = arena_create(1 << 20);
    it->list.request.cb = on_listed;
    it->list.request.arena = it->arena;
    it->list.limit = ROWS_MAX;
    store_keep_list(delivery->config.store, &it->list);
}
