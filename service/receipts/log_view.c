/* log_view.c - what anybody may ask of the tree: its newest checkpoint, tiles, entries. Happy path:
 * one read of the store. Failure modes: a tile wider than the log has yet (NOT_FOUND); a tile or a
 * batch that is not what it should be (INVALID). */
/* System. */
#include <string.h>

/* Base. */
#include "base/mem.h"

/* This module. */
#include "service/receipts/receipt_log_private.h"

enum { ENTRY_ROOM = 2 + UINT16_MAX, BUNDLE_MAX = TILE_HASHES * ENTRY_ROOM };

static void answer(struct receipt_log_question *question, const struct store_request *request)
{
    question->result = request->result;
    question->error = request->error;
    question->cb(question);
}

static void refuse(struct receipt_log_question *question, enum result result, const char *text)
{
    question->result = error_set(&question->error, result, NULL, "%s", text);
    question->cb(question);
}

/* ---- The newest checkpoint. ---- */
static void on_checkpoint(struct store_request *request)
{
    struct receipt_log_question *question =
        container_of(request, struct receipt_log_question, checkpoint.request);
    const struct log_checkpoint *found = &question->checkpoint.checkpoint;
    if (request->result == RESULT_OK) {
        const char *text = arena_printf(question->arena, "%s%s", found->note, found->cosignatures);
        question->bytes = text != NULL ? slice_of(text) : (struct slice){NULL, 0};
        question->size = found->size;
        memcpy(question->root.bytes, found->root, DIGEST_SIZE);
    }
    answer(question, request);
}

void receipt_log_checkpoint(struct receipt_log_question *question)
{
    question->checkpoint =
        (struct store_log_checkpoint){.request = {.cb = on_checkpoint, .arena = question->arena},
                                      .shard = question->shard,
                                      .size = UINT64_MAX};
    store_log_checkpoint(question->log->store, &question->checkpoint);
}

/* ---- Tiles. ---- */
size_t log_tiles_wanted(const struct tile_set *set, struct log_tile *wanted)
{
    for (size_t i = 0; i < set->n; i++)
        wanted[i] = (struct log_tile){.level = set->tiles[i].level, .index = set->tiles[i].index};
    return set->n;
}

bool log_tiles_take(struct tile_set *set, const struct log_tile *got)
{
    for (size_t i = 0; i < set->n; i++) {
        if (got[i].hashes.length < set->tiles[i].width * sizeof(struct merkle_hash))
            return false;
        set->tiles[i].hashes = got[i].hashes.data;
    }
    return true;
}

static void on_tile(struct store_request *request)
{
    struct receipt_log_question *question =
        container_of(request, struct receipt_log_question, tiles.request);
    size_t length = question->width * sizeof(struct merkle_hash);
    if (request->result == RESULT_OK && question->wanted->hashes.length < length) {
        refuse(question, RESULT_NOT_FOUND,
               "the log has no such tile yet: ask for those of /log/checkpoint's size");
        return;
    }
    question->bytes = (struct slice){question->wanted->hashes.data, length};
    answer(question, request);
}

void receipt_log_tile(struct receipt_log_question *question)
{
    question->wanted = arena_new(question->arena, struct log_tile);
    require(question->wanted != NULL);
    *question->wanted = (struct log_tile){.level = question->level, .index = question->index};
    question->tiles = (struct store_log_tiles){.request = {.cb = on_tile, .arena = question->arena},
                                               .shard = question->shard,
                                               .tiles = question->wanted,
                                               .n = 1};
    store_log_tiles(question->log->store, &question->tiles);
}

/* ---- Entries. ---- */
struct bundle {
    struct buf bytes;
    uint64_t next, first, end; /* the next entry of the batch; those wanted */
    unsigned n;
};

static void add_entry(void *context, unsigned slot, struct slice leaf)
{
    struct bundle *bundle = context;
    uint64_t at = bundle->next++;
    (void)slot;
    if (at < bundle->first || at >= bundle->end)
        return;
    buf_add_u16(&bundle->bytes, (uint16_t)leaf.length);
    buf_add(&bundle->bytes, leaf.data, leaf.length);
    bundle->n++;
}

/* Exactly the entries wanted, without a gap. */
static bool bundle_entries(const struct receipt_log_question *question, struct bundle *bundle)
{
    for (size_t i = 0; i < question->entries.n_rows; i++) {
        const struct log_entry_row *row = &question->entries.rows[i];
        bundle->next = row->range.first;
        if (!receipt_leaves_read(row->leaves.data, row->leaves.length, add_entry, bundle) ||
            bundle->next != row->range.first + row->range.n)
            return false;
    }
    return bundle->n == question->width && !bundle->bytes.failed;
}

static void on_entries(struct store_request *request)
{
    struct receipt_log_question *question =
        container_of(request, struct receipt_log_question, entries.request);
    struct bundle bundle = {.first = question->index * TILE_HASHES};
    const struct store_log_entries *found = &question->entries;
    if (request->result != RESULT_OK) {
        answer(question, request);
        return;
    }
    bundle.end = bundle.first + question->width;
    if (found->n_rows == 0 ||
        found->rows[found->n_rows - 1].range.first + found->rows[found->n_rows - 1].range.n <
            bundle.end) {
        refuse(question, RESULT_NOT_FOUND,
               "the log has no such entries yet: ask for those of /log/checkpoint's size");
        return;
    }
    buf_init(&bundle.bytes, BUNDLE_MAX);
    bool whole = bundle_entries(question, &bundle);
    const char *copy =
        whole ? arena_strndup(question->arena, bundle.bytes.data, bundle.bytes.length) : NULL;
    question->bytes = (struct slice){copy, bundle.bytes.length};
    buf_free(&bundle.bytes);
    if (!whole)
        refuse(question, RESULT_INVALID, "a stored batch of receipts is damaged: restore a copy");
    else if (copy == NULL)
        refuse(question, RESULT_TOO_LARGE, "the entries are larger than the bound");
    else
        answer(question, request);
}

void receipt_log_entries(struct receipt_log_question *question)
{
    question->entries =
        (struct store_log_entries){.request = {.cb = on_entries, .arena = question->arena},
                                   .shard = question->shard,
                                   .first = question->index * TILE_HASHES,
                                   .n = question->width};
    store_log_entries(question->log->store, &question->entries);
}
