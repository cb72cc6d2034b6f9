/* walk.c - see the header. Happy path: read 64 blocks, open their people on the lane, go on behind
 * them. Failure modes: the store (its error is handed on); people that do not open are counted. */
/* System. */
#include <string.h>

/* Base. */
#include "base/mem.h"

/* This module. */
#include "service/delivery/roster/walk.h"

enum { WINDOW_BLOCKS = 64 };

static void walk_next(struct roster_walk *walk);

static void finish(struct roster_walk *walk, enum result result, const struct error *error)
{
    walk->result = result;
    if (error != NULL)
        walk->error = *error;
    arena_destroy(&walk->blocks);
    arena_destroy(&walk->arena);
    walk->done(walk);
}

static void open_block(struct roster_walk *walk, struct roster_codec *codec,
                       const struct roster_block *block)
{
    struct seal_key seeds[ROSTER_BLOCK];
    struct recipient r;
    bool opens = roster_open_seeds(block, &walk->dossier->key, seeds);
    for (unsigned slot = 0; slot < block->n; slot++) {
        if (roster_is_void(block, slot))
            continue;
        arena_reset(walk->arena);
        if (opens && roster_open_person(codec, block, seeds, slot, walk->arena, &r) == RESULT_OK)
            walk->person(walk->context, &r);
        else
            walk->unopened++;
    }
    explicit_bzero(seeds, sizeof(seeds));
}

static void work(struct lane_job *job, unsigned thread)
{
    struct roster_walk *walk = container_of(job, struct roster_walk, job);
    for (size_t i = 0; i < walk->read.n; i++)
        open_block(walk, walk->delivery->codecs[thread], &walk->read.blocks[i]);
}

static void worked(struct lane_job *job)
{
    struct roster_walk *walk = container_of(job, struct roster_walk, job);
    walk->at += walk->limit;
    walk_next(walk);
}

static void on_read(struct store_request *request)
{
    struct store_roster_read *read = container_of(request, struct store_roster_read, request);
    struct roster_walk *walk = container_of(read, struct roster_walk, read);
    if (request->result == RESULT_TOO_LARGE && walk->limit > 1) {
        walk->limit /= 2;
        walk_next(walk);
        return;
    }
    if (request->result != RESULT_OK) {
        finish(walk, request->result, &request->error);
        return;
    }
    walk->job.work = work;
    walk->job.done = worked;
    lane_submit(walk->delivery->render, &walk->job);
}

static void walk_next(struct roster_walk *walk)
{
    if (walk->at >= walk->dossier->row.blocks) {
        finish(walk, RESULT_OK, NULL);
        return;
    }
    arena_destroy(&walk->blocks);
    walk->blocks = arena_create(32 << 20);
    walk->read = (struct store_roster_read){.request = {.cb = on_read, .arena = walk->blocks},
                                            .incident = walk->dossier->row.id,
                                            .upload = walk->upload,
                                            .from = walk->at,
                                            .limit = walk->limit};
    store_roster_read(walk->delivery->config.store, &walk->read);
}

void roster_walk_start(struct roster_walk *walk)
{
    walk->result = RESULT_OK;
    walk->unopened = 0;
    walk->at = 0;
    walk->limit = WINDOW_BLOCKS;
    walk->blocks = NULL;
    walk->arena = arena_create(1 << 20);
    walk_next(walk);
}
