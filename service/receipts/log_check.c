/* log_check.c - before the first leaf of a start: is what is stored the log that was signed? Happy
 * path: the right edge's tiles are read and hashed, and give the head's root; the newest checkpoint
 * is of our key and of this tree. Failure modes: anything else stops the log for good: a tree that
 * goes on from a wrong edge would be a fork. */
/* System. */
#include <string.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/receipts/receipt_log_private.h"

enum { WAKE_NOW = 0 };

static void finish(struct receipt_log *log)
{
    if (log->seen_forked || log->seen_size > log->edge->size) {
        log_broken(log, "log: receipts that others have seen are not in this store, so it signs "
                        "nothing more: see tocsin restore status and deploy/BACKUP.md.");
        return;
    }
    arena_reset(log->arena);
    log->problem = NULL;
    log_info("log_leads", LOG_INT("size", log->edge->size), LOG_INT("epoch", log->epoch));
    for (size_t i = 0; i < log->n_anchors; i++)
        log_anchor_wake(log->anchors[i]);
    log_wait(log, WAKE_NOW);
}

/* ---- The newest checkpoint. ---- */
/* One of our keys has signed it. (A rotated-out key may have signed older ones.) */
static bool signed_by_us(const struct receipt_log *log, struct slice bytes,
                         struct checkpoint *checkpoint)
{
    struct note note;
    bool any = false;
    if (!note_split(bytes, &note) || !checkpoint_parse(note.text, checkpoint))
        return false;
    for (size_t i = 0; i < log->n_signers; i++) {
        enum note_verdict verdict = note_check(&note, &log->signers[i].verifier, NULL);
        if (verdict == NOTE_FORGED)
            return false;
        any = any || verdict == NOTE_VERIFIED;
    }
    return any || log->n_signers == 0;
}

static bool right_checkpoint(struct receipt_log *log)
{
    const struct log_checkpoint *stored = &log->newest.checkpoint;
    struct checkpoint read;
    return signed_by_us(log, slice_of(stored->note), &read) && read.size == stored->size &&
           memcmp(read.root.bytes, stored->root, DIGEST_SIZE) == 0 && read.size <= log->edge->size;
}

static void on_old_tiles(struct store_request *request)
{
    struct receipt_log *log = container_of(request, struct receipt_log, tiles.request);
    struct merkle_reader reader = tile_reader(log->set);
    struct merkle_hash root;
    log->set->listing = false;
    if (request->result != RESULT_OK) {
        log_begin_again(log, request);
        return;
    }
    if (!log_tiles_take(log->set, log->tiles.tiles) ||
        !merkle_root(&reader, log->newest.checkpoint.size, &root) ||
        memcmp(root.bytes, log->newest.checkpoint.root, DIGEST_SIZE) != 0) {
        log_broken(log, "log: the stored tiles do not have the root that was signed: keep the "
                        "database as it is and run tocsin verify --url.");
        return;
    }
    log->signed_size = log->newest.checkpoint.size;
    log->signed_at = log->newest.checkpoint.at;
    finish(log);
}

static void on_newest(struct store_request *request)
{
    struct receipt_log *log = container_of(request, struct receipt_log, newest.request);
    struct merkle_reader reader = tile_reader(log->set);
    struct merkle_hash ignored;
    if (request->result == RESULT_NOT_FOUND) {
        finish(log);
        return;
    }
    if (request->result != RESULT_OK) {
        log_begin_again(log, request);
        return;
    }
    if (!right_checkpoint(log)) {
        log_broken(log, "log: the newest checkpoint is not of this log or not of the configured "
                        "key: configure the key that signed it, beside the new one.");
        return;
    }
    *log->set = (struct tile_set){.size = log->newest.checkpoint.size, .listing = true};
    require(merkle_root(&reader, log->set->size, &ignored));
    log->tiles = (struct store_log_tiles){
        .request = {.cb = on_old_tiles, .arena = log->arena},
        .tiles = arena_alloc(log->arena, (log->set->n + 1) * sizeof(struct log_tile))};
    log->tiles.n = log_tiles_wanted(log->set, log->tiles.tiles);
    store_log_tiles(log->store, &log->tiles);
}

/* ---- The edge. ---- */
static bool take_edge(struct receipt_log *log)
{
    struct merkle_hash root;
    for (size_t i = 0; i < log->tiles.n; i++) {
        const struct log_tile *tile = &log->tiles.tiles[i];
        size_t length = tile_edge_width(log->edge, tile->level) * sizeof(struct merkle_hash);
        if (tile->hashes.length < length)
            return false;
        if (length > 0)
            memcpy(log->edge->hashes[tile->level], tile->hashes.data, length);
    }
    tile_edge_root(log->edge, &root);
    return merkle_equal(&root, &log->root);
}

static void on_edge(struct store_request *request)
{
    struct receipt_log *log = container_of(request, struct receipt_log, tiles.request);
    if (request->result != RESULT_OK) {
        log_begin_again(log, request);
        return;
    }
    if (!take_edge(log)) {
        log_broken(log, "log: the stored tiles do not have the root of the log's head: keep the "
                        "database as it is and run tocsin verify --url.");
        return;
    }
    log->newest = (struct store_log_checkpoint){.request = {.cb = on_newest, .arena = log->arena},
                                                .size = UINT64_MAX};
    store_log_checkpoint(log->store, &log->newest);
}

static bool right_origin(const struct receipt_log *log)
{
    const char *origin = log->lease.head.origin;
    return str_empty(origin) || log->n_signers == 0 ||
           str_equal(origin, log->signers[0].verifier.name);
}

void log_check(struct receipt_log *log)
{
    struct log_tile *edge = arena_alloc(log->arena, TILE_LEVELS * sizeof(*edge));
    log->epoch = log->lease.head.epoch;
    log->lease_until = log->lease.head.until;
    log->edge->size = log->lease.head.size;
    memcpy(log->root.bytes, log->lease.head.root, DIGEST_SIZE);
    if (!right_origin(log)) {
        log_broken(log, "log: it was begun under another origin, and keeps it: configure that "
                        "log.origin and its key.");
        return;
    }
    for (unsigned level = 0; level < TILE_LEVELS; level++)
        edge[level] = (struct log_tile){.level = level, .index = tile_edge_index(log->edge, level)};
    log->tiles = (struct store_log_tiles){
        .request = {.cb = on_edge, .arena = log->arena}, .tiles = edge, .n = TILE_LEVELS};
    store_log_tiles(log->store, &log->tiles);
}
