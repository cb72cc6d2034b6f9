/* log_proof.c - proofs out of the stored tiles. Happy path: the place of the receipt, the newest
 * checkpoint, the few tiles that the path runs through; the path is checked before it is given
 * away. Failure modes: a receipt that is not signed for yet (UNAVAILABLE), damage (INVALID). */
/* System. */
#include <string.h>

/* Base. */
#include "base/mem.h"

/* This module. */
#include "service/receipts/receipt_log_private.h"

static const char unsigned_yet[] = "nothing is signed yet: wait a second, or see /readyz";
static const char damaged[] = "the stored tree is damaged: restore a copy of the database";

static void refuse(struct receipt_log_question *question, enum result result, const char *text)
{
    question->result = error_set(&question->error, result, NULL, "%s", text);
    question->cb(question);
}

/* A failure of the store is the answer. */
static bool failed(struct receipt_log_question *question, const struct store_request *request)
{
    if (request->result == RESULT_OK)
        return false;
    question->result = request->result;
    question->error = request->error;
    question->cb(question);
    return true;
}

static struct receipt_log_question *of_tiles(struct store_request *request)
{
    return container_of(request, struct receipt_log_question, tiles.request);
}

static void load_tiles(struct receipt_log_question *question,
                       void (*cb)(struct store_request *request))
{
    question->wanted =
        arena_alloc(question->arena, (question->set->n + 1) * sizeof(*question->wanted));
    if (question->wanted == NULL) {
        refuse(question, RESULT_TOO_LARGE, "the proof is larger than the bound");
        return;
    }
    question->tiles =
        (struct store_log_tiles){.request = {.cb = cb, .arena = question->arena},
                                 .shard = question->shard,
                                 .tiles = question->wanted,
                                 .n = log_tiles_wanted(question->set, question->wanted)};
    store_log_tiles(question->log->store, &question->tiles);
}

/* A set that lists what a question over a tree of this size reads. */
static bool list_tiles(struct receipt_log_question *question, uint64_t size)
{
    question->set = arena_new(question->arena, struct tile_set);
    if (question->set == NULL) {
        refuse(question, RESULT_TOO_LARGE, "the proof is larger than the bound");
        return false;
    }
    question->set->size = size;
    question->set->listing = true;
    return true;
}

/* Both are about the newest checkpoint; its text is part of a receipt's proof. */
static void take_checkpoint(struct receipt_log_question *question,
                            const struct log_checkpoint *found)
{
    const char *text = arena_printf(question->arena, "%s%s", found->note, found->cosignatures);
    question->bytes = text != NULL ? slice_of(text) : (struct slice){NULL, 0};
    question->size = found->size;
    memcpy(question->root.bytes, found->root, DIGEST_SIZE);
}

static void grow(struct receipt_log_question *question);

static void checkpoint_read(struct store_request *request)
{
    struct receipt_log_question *question =
        container_of(request, struct receipt_log_question, checkpoint.request);
    if (request->result == RESULT_NOT_FOUND) {
        refuse(question, RESULT_UNAVAILABLE, unsigned_yet);
        return;
    }
    if (failed(question, request))
        return;
    take_checkpoint(question, &question->checkpoint.checkpoint);
    grow(question);
}

/* ---- Of a receipt. ---- */
static bool take_leaf(struct receipt_log_question *question)
{
    const struct store_log_find *found = &question->find;
    struct buf leaf;
    buf_init(&leaf, UINT16_MAX + 1);
    if (receipt_leaf_read(found->leaves.data, found->leaves.length, found->range.n, question->slot,
                          &leaf))
        question->leaf =
            (struct slice){arena_strndup(question->arena, leaf.data, leaf.length), leaf.length};
    buf_free(&leaf);
    return question->leaf.data != NULL;
}

static void proof_tiles_read(struct store_request *request)
{
    struct receipt_log_question *question = of_tiles(request);
    struct merkle_hash leaf;
    if (failed(question, request))
        return;
    struct merkle_reader reader = tile_reader(question->set);
    question->set->listing = false;
    merkle_leaf(&leaf, question->leaf.data, question->leaf.length);
    if (!log_tiles_take(question->set, question->wanted) ||
        !merkle_inclusion(&reader, question->leaf_index, question->size, &question->path) ||
        !merkle_check_inclusion(&leaf, question->leaf_index, question->size, &question->path,
                                &question->root)) {
        refuse(question, RESULT_INVALID, damaged);
        return;
    }
    question->result = RESULT_OK;
    question->cb(question);
}

static void prove(struct receipt_log_question *question)
{
    struct merkle_reader reader;
    question->shard = question->find.shard;
    take_checkpoint(question, &question->find.checkpoint);
    question->leaf_index = question->find.range.first + question->slot;
    if (question->size <= question->leaf_index) {
        refuse(question, RESULT_UNAVAILABLE,
               "the receipt is stored but not signed for yet: wait a second");
        return;
    }
    if (!take_leaf(question)) {
        refuse(question, RESULT_INVALID, damaged);
        return;
    }
    if (!list_tiles(question, question->size))
        return;
    reader = tile_reader(question->set);
    require(merkle_inclusion(&reader, question->leaf_index, question->size, &question->path));
    load_tiles(question, proof_tiles_read);
}

static void on_found(struct store_request *request)
{
    struct receipt_log_question *question =
        container_of(request, struct receipt_log_question, find.request);
    if (failed(question, request))
        return;
    if (question->slot >= question->find.range.n)
        refuse(question, RESULT_NOT_FOUND,
               "there is no such receipt: list them with GET /v1/receipts");
    else if (!question->find.placed)
        refuse(question, RESULT_UNAVAILABLE,
               "the receipt is stored but not in the log yet: wait a second");
    else if (question->find.checkpoint.note == NULL)
        refuse(question, RESULT_UNAVAILABLE, unsigned_yet);
    else
        prove(question);
}

void receipt_log_proof(struct receipt_log_question *question)
{
    question->find = (struct store_log_find){.request = {.cb = on_found, .arena = question->arena},
                                             .batch = question->batch};
    store_log_find(question->log->store, &question->find);
}

/* ---- Of growth. ---- */
static void growth_tiles_read(struct store_request *request)
{
    struct receipt_log_question *question = of_tiles(request);
    if (failed(question, request))
        return;
    struct merkle_reader reader = tile_reader(question->set);
    struct merkle_hash old;
    question->set->listing = false;
    if (!log_tiles_take(question->set, question->wanted) ||
        !merkle_consistency(&reader, question->from, question->to, &question->path) ||
        !merkle_root(&reader, question->from, &old)) {
        refuse(question, RESULT_INVALID, damaged);
        return;
    }
    question->result = RESULT_OK;
    question->cb(question);
}

static void grow(struct receipt_log_question *question)
{
    struct merkle_reader reader;
    struct merkle_hash ignored;
    if (question->to == 0)
        question->to = question->size;
    if (question->to > question->size || question->from > question->to) {
        refuse(question, RESULT_INVALID,
               "from and to are sizes of signed checkpoints, from not above to");
        return;
    }
    if (!list_tiles(question, question->to))
        return;
    reader = tile_reader(question->set);
    require(merkle_consistency(&reader, question->from, question->to, &question->path));
    require(merkle_root(&reader, question->from, &ignored));
    load_tiles(question, growth_tiles_read);
}

void receipt_log_consistency(struct receipt_log_question *question)
{
    question->checkpoint =
        (struct store_log_checkpoint){.request = {.cb = checkpoint_read, .arena = question->arena},
                                      .shard = question->shard,
                                      .size = UINT64_MAX};
    store_log_checkpoint(question->log->store, &question->checkpoint);
}
