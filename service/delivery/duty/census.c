/* census.c - see the header. One walk, block by block, on the render lane; nothing is kept but
 * numbers. Failure modes: the store's; a person that does not open is counted as such. */
/* System. */
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/delivery_private.h"
#include "service/delivery/duty/census.h"

enum { SEGMENT_BLOCKS = 64 };

struct walk {
    struct census_take *take;
    struct store_roster_read read;
    struct lane_job job;
    struct arena *blocks_arena, *person_arena;
    int64_t at;
    time_ms now;
};

/* ---- Pure. ---- */

/* The place in the ascending list; NULL: it is full. */
static struct census_place *place_of(struct census *census, const char *jurisdiction)
{
    size_t low = 0, high = census->n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(census->places[middle].jurisdiction, jurisdiction);
        if (order == 0)
            return &census->places[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (census->n == CENSUS_MAX)
        return NULL;
    struct census_place *place = &census->places[low];
    memmove(place + 1, place, (census->n - low) * sizeof(*place));
    census->n++;
    *place = (struct census_place){.n = 0};
    str_copy(place->jurisdiction, sizeof(place->jurisdiction), jurisdiction);
    return place;
}

void census_add(struct census *census, const struct recipient *r, time_ms now)
{
    struct census_place *place = NULL;
    if (!str_empty(r->jurisdiction) && strlen(r->jurisdiction) < sizeof(place->jurisdiction))
        place = place_of(census, r->jurisdiction);
    if (place == NULL) {
        census->unknown++;
        return;
    }
    const bool email = !str_empty(r->email), phone = !str_empty(r->phone);
    const bool account = !str_empty(r->account_id);
    place->n++;
    place->email += email;
    place->email_consented += email && consent_counts(&r->consent, now);
    place->postal += r->has_address;
    place->phone += phone;
    place->account += account;
    place->none += !email && !phone && !account && !r->has_address;
}

/* ---- On the lane. ---- */

static void count_blocks(struct lane_job *job, unsigned thread)
{
    struct walk *it = container_of(job, struct walk, job);
    struct census *census = &it->take->census;
    struct seal_key seeds[ROSTER_BLOCK];
    struct recipient r;
    for (size_t i = 0; i < it->read.n; i++) {
        const struct roster_block *block = &it->read.blocks[i];
        bool opens = roster_open_seeds(block, &it->take->dossier->key, seeds);
        for (unsigned slot = 0; slot < block->n; slot++) {
            arena_reset(it->person_arena);
            if (roster_is_void(block, slot))
                continue;
            if (opens && roster_open_person(it->take->delivery->codecs[thread], block, seeds, slot,
                                            it->person_arena, &r) == RESULT_OK)
                census_add(census, &r, it->now);
            else
                census->unopened++;
        }
    }
    explicit_bzero(seeds, sizeof(seeds));
}

/* ---- On the loop. ---- */

static void walk_end(struct walk *it, enum result result, const struct error *error)
{
    struct census_take *take = it->take;
    take->result = result;
    if (error != NULL)
        take->error = *error;
    arena_destroy(&it->blocks_arena);
    arena_destroy(&it->person_arena);
    mem_free(it);
    take->cb(take);
}

static void walk_on(struct walk *it);

static void on_counted(struct lane_job *job)
{
    struct walk *it = container_of(job, struct walk, job);
    it->at += it->read.limit;
    walk_on(it);
}

static void on_read(struct store_request *request)
{
    struct store_roster_read *read = container_of(request, struct store_roster_read, request);
    struct walk *it = container_of(read, struct walk, read);
    if (request->result != RESULT_OK) {
        walk_end(it, request->result, &request->error);
        return;
    }
    it->job.work = count_blocks;
    it->job.done = on_counted;
    lane_submit(it->take->delivery->render, &it->job);
}

static void walk_on(struct walk *it)
{
    if (it->at >= it->take->dossier->row.blocks) {
        walk_end(it, RESULT_OK, NULL);
        return;
    }
    arena_reset(it->blocks_arena);
    it->read = (struct store_roster_read){.request = {.cb = on_read, .arena = it->blocks_arena},
                                          .incident = it->take->dossier->row.id,
                                          .from = it->at,
                                          .limit = SEGMENT_BLOCKS};
    store_roster_read(it->take->delivery->config.store, &it->read);
}

void census_take(struct census_take *take)
{
    struct walk *it = mem_new(struct walk);
    it->take = take;
    it->now = delivery_now(take->delivery);
    it->blocks_arena = arena_create(32 << 20);
    it->person_arena = arena_create(1 << 20);
    memset(&take->census, 0, sizeof(take->census));
    walk_on(it);
}
