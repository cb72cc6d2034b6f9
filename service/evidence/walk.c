/* walk.c - the receipts and the log, page by page, on the loop. Each page is read from the store,
 * worked on by the lane, and forgotten. */
/* System. */
#include <stdlib.h>
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/evidence/walk.h"

enum {
    PAGE_BATCHES = 16,
    PAGE_ARENA = 512 << 20, /* a bound; a page uses a few MiB of it */
    LOG_WAIT_MS = 100,
    LOG_WAITS = 30,
    TILES_A_PAGE = 64
};

static void on_timer(struct loop_timer *timer);

void walk_init(struct evidence_export *evidence)
{
    loop_timer_init(evidence->desk->config.loop, &evidence->timer, on_timer);
    evidence->batches = PAGE_BATCHES;
    evidence->decisions = json_object_new_array();
    evidence->different = json_object_new_array();
}

void walk_free(struct evidence_export *evidence)
{
    mem_free(evidence->indexes);
    mem_free(evidence->shards);
    mem_free(evidence->numbers);
    mem_free(evidence->left_out);
    mem_free(evidence->spans);
    mem_free(evidence->nodes);
    mem_free(evidence->heads);
}

static struct store *store_of(const struct evidence_export *evidence)
{
    return evidence->desk->config.store;
}

void walk_new_page(struct evidence_export *evidence)
{
    arena_destroy(&evidence->page);
    evidence->page = arena_create(PAGE_ARENA);
}

/* ---- 4: proofs. ---- */

static void on_tiles(struct store_request *request)
{
    struct store_log_tiles *tiles = container_of(request, struct store_log_tiles, request);
    struct evidence_export *evidence = container_of(tiles, struct evidence_export, tiles);
    if (!walk_goes_on(evidence))
        return;
    if (request->result != RESULT_OK) {
        walk_fail(evidence, "tiles", request->result);
        return;
    }
    proof_write(evidence);
}

static void next_tiles(struct evidence_export *evidence)
{
    if (evidence->failed) {
        walk_fail(evidence, "proofs", RESULT_INVALID);
        return;
    }
    if (evidence->node_at == evidence->n_nodes) {
        walk_anchors(evidence);
        return;
    }
    walk_new_page(evidence);
    const size_t left = evidence->n_nodes - evidence->node_at;
    const unsigned shard = evidence->nodes[evidence->node_at].shard;
    size_t n = 0;
    while (n < left && n < TILES_A_PAGE && evidence->nodes[evidence->node_at + n].shard == shard)
        n++;
    struct log_tile *list = arena_alloc(evidence->page, n * sizeof(*list));
    require(list != NULL);
    for (size_t i = 0; i < n; i++) {
        const struct proof_node *node = &evidence->nodes[evidence->node_at + i];
        list[i] = (struct log_tile){.level = node->level / 8,
                                    .index = node->index >> (8 - node->level % 8)};
    }
    memset(&evidence->tiles, 0, sizeof(evidence->tiles));
    evidence->tiles.request.cb = on_tiles;
    evidence->tiles.request.arena = evidence->page;
    evidence->tiles.shard = shard;
    evidence->tiles.tiles = list;
    evidence->tiles.n = n;
    evidence->busy = true;
    store_log_tiles(store_of(evidence), &evidence->tiles);
}

void walk_proofs_next(struct evidence_export *evidence)
{
    next_tiles(evidence);
}

static void walk_proofs(struct evidence_export *evidence)
{
    if (evidence->log.there)
        proof_plan(evidence);
    next_tiles(evidence);
}

/* ---- 3: receipts. ---- */

static void next_page(struct evidence_export *evidence);

static void page_written(struct evidence_export *evidence)
{
    const struct store_receipt_list *list = &evidence->list;
    const bool more = list->n == list->limit;
    if (list->n > 0)
        evidence->after = list->rows[list->n - 1].order;
    if (more)
        next_page(evidence);
    else
        walk_proofs(evidence);
}

static void on_roster(struct store_request *request)
{
    struct store_roster_read *read = container_of(request, struct store_roster_read, request);
    struct evidence_export *evidence = container_of(read, struct evidence_export, read);
    if (!walk_goes_on(evidence))
        return;
    if (request->result == RESULT_TOO_LARGE && evidence->batches > 1) {
        evidence->batches /= 2; /* its people lie far apart: a smaller page */
        next_page(evidence);
    } else if (request->result != RESULT_OK) {
        walk_fail(evidence, "roster", request->result);
    } else {
        walk_job(evidence, collect_receipts, page_written);
    }
}

static void read_roster(struct evidence_export *evidence)
{
    memset(&evidence->read, 0, sizeof(evidence->read));
    if (!evidence->request.openings || evidence->n_numbers == 0) {
        walk_job(evidence, collect_receipts, page_written);
        return;
    }
    evidence->read.request.cb = on_roster;
    evidence->read.request.arena = evidence->page;
    evidence->read.incident = evidence->request.incident;
    evidence->read.numbers = evidence->numbers;
    evidence->read.n_numbers = evidence->n_numbers;
    evidence->busy = true;
    store_roster_read(store_of(evidence), &evidence->read);
}

static void find_next(struct evidence_export *evidence);

static void on_found(struct store_request *request)
{
    struct store_log_find *find = container_of(request, struct store_log_find, request);
    struct evidence_export *evidence = container_of(find, struct evidence_export, find);
    if (!walk_goes_on(evidence))
        return;
    if (request->result != RESULT_OK) {
        walk_fail(evidence, "log", request->result);
        return;
    }
    const uint64_t size = proof_size(evidence, find->shard);
    const bool in = find->placed && find->range.first + find->range.n <= size;
    evidence->shards[evidence->found] = find->shard;
    evidence->indexes[evidence->found++] = in ? find->range.first : UINT64_MAX;
    find_next(evidence);
}

static void find_next(struct evidence_export *evidence)
{
    if (evidence->found == evidence->list.n) {
        walk_job(evidence, collect_numbers, read_roster);
        return;
    }
    if (!evidence->log.there) {
        evidence->shards[evidence->found] = 1;
        evidence->indexes[evidence->found++] = UINT64_MAX;
        find_next(evidence);
        return;
    }
    memset(&evidence->find, 0, sizeof(evidence->find));
    evidence->find.request.cb = on_found;
    evidence->find.request.arena = evidence->page;
    evidence->find.batch = evidence->list.rows[evidence->found].batch;
    evidence->busy = true;
    store_log_find(store_of(evidence), &evidence->find);
}

static void on_listed(struct store_request *request)
{
    struct store_receipt_list *list = container_of(request, struct store_receipt_list, request);
    struct evidence_export *evidence = container_of(list, struct evidence_export, list);
    if (!walk_goes_on(evidence))
        return;
    if (request->result != RESULT_OK) {
        walk_fail(evidence, "receipts", request->result);
        return;
    }
    evidence->indexes = mem_resize(evidence->indexes, list->n + 1, sizeof(*evidence->indexes));
    evidence->shards = mem_resize(evidence->shards, list->n + 1, sizeof(*evidence->shards));
    evidence->found = 0;
    find_next(evidence);
}

static void next_page(struct evidence_export *evidence)
{
    walk_new_page(evidence);
    memset(&evidence->list, 0, sizeof(evidence->list));
    evidence->list.request.cb = on_listed;
    evidence->list.request.arena = evidence->page;
    evidence->list.incident = evidence->request.incident;
    evidence->list.after = evidence->after;
    evidence->list.limit = evidence->batches;
    evidence->busy = true;
    store_receipt_list(store_of(evidence), &evidence->list);
}

/* ---- 2: the log, once it holds what was written up to now. ---- */

struct log_look {
    struct evidence_export *evidence;
    struct store_log_pending pending;
    struct store_log_head head;
    struct store_log_checkpoint checkpoint;
};

static void look_at_log(struct evidence_export *evidence);

static void on_timer(struct loop_timer *timer)
{
    look_at_log(container_of(timer, struct evidence_export, timer));
}

static void start_receipts(struct evidence_export *evidence)
{
    collect_begin(evidence);
    next_page(evidence);
}

/* False: the log has not come so far, and there is time to wait. */
static bool ready_or_late(struct evidence_export *evidence, bool ready)
{
    if (ready || evidence->waits >= LOG_WAITS)
        return true;
    evidence->waits++;
    loop_timer_start(&evidence->timer, LOG_WAIT_MS);
    return false;
}

/* The logs that ended before this one. */
static void on_shards(struct store_request *request)
{
    struct store_log_shards *ended = container_of(request, struct store_log_shards, request);
    struct evidence_export *evidence = container_of(ended, struct evidence_export, ended);
    if (!walk_goes_on(evidence))
        return;
    if (request->result != RESULT_OK)
        walk_fail(evidence, "shards", request->result);
    else
        start_receipts(evidence);
}

static void look_at_shards(struct evidence_export *evidence)
{
    evidence->ended =
        (struct store_log_shards){.request = {.cb = on_shards, .arena = evidence->arena}};
    evidence->busy = true;
    store_log_shards(store_of(evidence), &evidence->ended);
}

/* How those who vouch for the log stand at this moment. */
static void look_at_anchors(struct evidence_export *evidence)
{
    const struct receipt_log *log = evidence->desk->config.log;
    for (unsigned kind = 0; log != NULL && kind < ANCHOR_KINDS_N; kind++)
        evidence->anchored[kind] = receipt_log_anchor_stats(log, (enum receipt_log_anchor)kind);
}

static void on_checkpoint(struct store_request *request)
{
    struct store_log_checkpoint *found =
        container_of(request, struct store_log_checkpoint, request);
    struct log_look *look = container_of(found, struct log_look, checkpoint);
    struct evidence_export *evidence = look->evidence;
    const struct log_checkpoint *checkpoint = &found->checkpoint;
    if (!walk_goes_on(evidence))
        return;
    if (request->result != RESULT_OK && request->result != RESULT_NOT_FOUND) {
        walk_fail(evidence, "checkpoint", request->result);
        return;
    }
    if (request->result == RESULT_NOT_FOUND) {
        start_receipts(evidence); /* nothing is signed here */
        return;
    }
    if (!ready_or_late(evidence, checkpoint->size >= look->head.head.size))
        return;
    evidence->log.there = true;
    evidence->log.shard = look->head.head.shard;
    evidence->log.size = checkpoint->size;
    memcpy(evidence->log.root, checkpoint->root, DIGEST_SIZE);
    evidence->log.note = arena_printf(evidence->arena, "%s%s", checkpoint->note,
                                      str_or(checkpoint->cosignatures, ""));
    require(evidence->log.note != NULL);
    look_at_anchors(evidence);
    look_at_shards(evidence);
}

static void on_head(struct store_request *request)
{
    struct store_log_head *head = container_of(request, struct store_log_head, request);
    struct log_look *look = container_of(head, struct log_look, head);
    struct evidence_export *evidence = look->evidence;
    if (!walk_goes_on(evidence))
        return;
    if (request->result != RESULT_OK || head->head.epoch == 0) {
        start_receipts(evidence); /* nobody leads a log here */
        return;
    }
    look->checkpoint.request.cb = on_checkpoint;
    look->checkpoint.request.arena = evidence->page;
    look->checkpoint.size = UINT64_MAX;
    evidence->busy = true;
    store_log_checkpoint(store_of(evidence), &look->checkpoint);
}

/* Nothing waits for its place any more; a signed checkpoint follows within a second. */
static void on_pending(struct store_request *request)
{
    struct store_log_pending *pending = container_of(request, struct store_log_pending, request);
    struct log_look *look = container_of(pending, struct log_look, pending);
    struct evidence_export *evidence = look->evidence;
    if (!walk_goes_on(evidence))
        return;
    if (!ready_or_late(evidence, request->result != RESULT_OK || pending->n == 0))
        return;
    look->head.request.cb = on_head;
    look->head.request.arena = evidence->page;
    evidence->busy = true;
    store_log_head(store_of(evidence), &look->head);
}

static void look_at_log(struct evidence_export *evidence)
{
    walk_new_page(evidence);
    struct log_look *look = arena_new(evidence->page, struct log_look);
    require(look != NULL);
    look->evidence = evidence;
    look->pending.request.cb = on_pending;
    look->pending.request.arena = evidence->page;
    look->pending.limit = 1;
    evidence->busy = true;
    store_log_pending(store_of(evidence), &look->pending);
}

/* ---- 1: who the principals are. ---- */

static void on_tokens(struct store_request *request)
{
    struct store_token_list *tokens = container_of(request, struct store_token_list, request);
    struct evidence_export *evidence = container_of(tokens, struct evidence_export, tokens);
    if (!walk_goes_on(evidence))
        return;
    if (request->result != RESULT_OK)
        tokens->n = 0;
    look_at_log(evidence);
}

void walk_start(struct evidence_export *evidence)
{
    evidence->tokens.request.cb = on_tokens;
    evidence->tokens.request.arena = evidence->arena;
    evidence->busy = true;
    store_token_list(store_of(evidence), &evidence->tokens);
}

/* ---- 6: what stands in no table. ---- */

static void finished(struct evidence_export *evidence)
{
    if (evidence->failed) {
        walk_fail(evidence, "files", RESULT_IO);
        return;
    }
    evidence->finished = true;
    evidence->request.ready(evidence->request.context);
}

void walk_finish(struct evidence_export *evidence)
{
    walk_new_page(evidence);
    walk_job(evidence, finish_write, finished);
}
