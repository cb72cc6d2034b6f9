/* log_hash.c - the lane's work: leaves into hashes, hashes into tiles. Happy path: every leaf of
 * every batch is added to the edge; full tiles are kept as they fill, partial ones at the end.
 * Failure modes: a batch that does not inflate or holds another number of leaves than its row says
 * is named, and nothing of the work is used. */
/* System. */
#include <string.h>

/* Base. */
#include "base/mem.h"

/* This module. */
#include "service/receipts/receipt_log_private.h"

static void keep(void *context, const struct tile *tile)
{
    struct log_hash *hash = context;
    size_t length = tile->width * sizeof(struct merkle_hash);
    if (hash->n_tiles == hash->tiles_room) {
        hash->tiles_room = hash->tiles_room > 0 ? 2 * hash->tiles_room : 64;
        hash->tiles = mem_resize(hash->tiles, hash->tiles_room, sizeof(*hash->tiles));
    }
    void *copy = arena_alloc(hash->arena, length);
    hash->full = hash->full || copy == NULL;
    if (copy == NULL)
        return;
    memcpy(copy, tile->hashes, length);
    hash->tiles[hash->n_tiles++] =
        (struct log_tile){.level = tile->level, .index = tile->index, .hashes = {copy, length}};
}

static void add_leaf(void *context, unsigned slot, struct slice leaf)
{
    struct log_hash *hash = context;
    struct merkle_hash digest;
    (void)slot;
    merkle_leaf(&digest, leaf.data, leaf.length);
    tile_edge_add(&hash->edge, &digest, keep, hash);
}

/* The partial tiles that have changed. */
static void keep_edge(struct log_hash *hash, uint64_t from)
{
    for (unsigned level = 0; level < TILE_LEVELS; level++) {
        const struct tile tile = {.level = level,
                                  .index = tile_edge_index(&hash->edge, level),
                                  .width = tile_edge_width(&hash->edge, level),
                                  .hashes = hash->edge.hashes[level]};
        if (tile.width > 0 && from >> (8 * level) != hash->edge.size >> (8 * level))
            keep(hash, &tile);
    }
}

void log_hash_work(struct log_hash *hash)
{
    uint64_t from = hash->edge.size;
    hash->n_tiles = 0;
    hash->damaged = 0;
    hash->full = false;
    hash->ranges = arena_alloc(hash->arena, hash->n_rows * sizeof(*hash->ranges));
    if (hash->ranges == NULL) {
        hash->full = true;
        return;
    }
    for (size_t i = 0; i < hash->n_rows; i++) {
        const struct receipt_row *row = &hash->rows[i];
        uint64_t first = hash->edge.size;
        hash->ranges[i] = (struct log_range){first, row->order, row->n};
        if (!receipt_leaves_read(row->leaves.data, row->leaves.length, add_leaf, hash) ||
            hash->edge.size != first + row->n) {
            hash->damaged = row->order;
            return;
        }
    }
    keep_edge(hash, from);
    tile_edge_root(&hash->edge, &hash->root);
}
