/* walk_people.c - the roster, window by window, with the chunks that hold its people and the
 * receipts of those chunks. A chunk lies within few blocks of the roster (the plan cuts segments),
 * so a window is made as wide as its chunks need. */
/* System. */
#include <stdlib.h>
#include <string.h>

/* Base. */
#include "base/mem.h"

/* This module. */
#include "service/evidence/walk.h"

enum { WINDOW_BLOCKS = 64, HEADS_A_PAGE = 512, BATCHES_A_PAGE = 256, PAGE_ARENA = 512 << 20 };

static struct store *store_of(const struct evidence_export *evidence)
{
    return evidence->desk->config.store;
}

/* ---- Windows. ---- */

static void next_window(struct evidence_export *evidence);
static void next_chunk(struct evidence_export *evidence);

static void on_rows(struct store_request *request)
{
    struct store_receipt_list *list = container_of(request, struct store_receipt_list, request);
    struct evidence_export *evidence = container_of(list, struct evidence_export, list);
    if (!walk_goes_on(evidence))
        return;
    if (request->result != RESULT_OK) {
        walk_fail(evidence, "chunk receipts", request->result);
        return;
    }
    if (evidence->n_rows + list->n > evidence->rows_capacity) {
        const size_t capacity = (evidence->n_rows + list->n) * 2;
        struct receipt_row *rows = arena_alloc(evidence->page, capacity * sizeof(*rows));
        require(rows != NULL);
        if (evidence->n_rows > 0)
            memcpy(rows, evidence->rows, evidence->n_rows * sizeof(*rows));
        evidence->rows = rows;
        evidence->rows_capacity = capacity;
    }
    if (list->n > 0)
        memcpy(&evidence->rows[evidence->n_rows], list->rows, list->n * sizeof(*list->rows));
    evidence->n_rows += list->n;
    if (list->n == list->limit) {
        list->after = list->rows[list->n - 1].order;
        evidence->busy = true;
        store_receipt_list(store_of(evidence), list);
        return;
    }
    evidence->window_at++;
    next_chunk(evidence);
}

static void on_chunk(struct store_request *request)
{
    struct store_chunk_get *get = container_of(request, struct store_chunk_get, request);
    struct evidence_export *evidence = container_of(get, struct evidence_export, chunk);
    if (!walk_goes_on(evidence))
        return;
    if (request->result != RESULT_OK) {
        walk_fail(evidence, "chunk", request->result);
        return;
    }
    evidence->chunks[evidence->window_at] = get->rows[0];
    memset(&evidence->list, 0, sizeof(evidence->list));
    evidence->list.request.cb = on_rows;
    evidence->list.request.arena = evidence->page;
    evidence->list.incident = evidence->request.incident;
    evidence->list.chunk = get->rows[0].id;
    evidence->list.limit = BATCHES_A_PAGE;
    evidence->busy = true;
    store_receipt_list(store_of(evidence), &evidence->list);
}

static void next_chunk(struct evidence_export *evidence)
{
    if (evidence->window_at == evidence->n_window) {
        walk_job(evidence, people_write, next_window);
        return;
    }
    memset(&evidence->chunk, 0, sizeof(evidence->chunk));
    evidence->chunk.request.cb = on_chunk;
    evidence->chunk.request.arena = evidence->page;
    evidence->chunk.chunk = evidence->window[evidence->window_at]->id;
    evidence->busy = true;
    store_chunk_get(store_of(evidence), &evidence->chunk);
}

static void on_blocks(struct store_request *request)
{
    struct store_roster_read *read = container_of(request, struct store_roster_read, request);
    struct evidence_export *evidence = container_of(read, struct evidence_export, read);
    if (!walk_goes_on(evidence))
        return;
    if (request->result != RESULT_OK) {
        walk_fail(evidence, "people", request->result);
        return;
    }
    evidence->window_at = 0;
    next_chunk(evidence);
}

/* Takes the chunks that begin before `to`, and widens it until they end in it. */
static void take_heads(struct evidence_export *evidence)
{
    const size_t from = evidence->head_at;
    while (evidence->head_at < evidence->n_heads) {
        const struct chunk_head *head = &evidence->heads[evidence->head_at];
        if (head->first / ROSTER_BLOCK >= evidence->to)
            break;
        if (head->last / ROSTER_BLOCK >= evidence->to)
            evidence->to = head->last / ROSTER_BLOCK + 1;
        evidence->head_at++;
    }
    evidence->n_window = evidence->head_at - from;
    evidence->window = arena_alloc(evidence->page, (evidence->n_window + 1) * sizeof(void *));
    evidence->chunks =
        arena_alloc(evidence->page, (evidence->n_window + 1) * sizeof(*evidence->chunks));
    require(evidence->window != NULL && evidence->chunks != NULL);
    for (size_t i = 0; i < evidence->n_window; i++)
        evidence->window[i] = &evidence->heads[from + i];
}

static void next_window(struct evidence_export *evidence)
{
    const int64_t end = evidence->dossier->row.blocks;
    if (evidence->failed) {
        walk_fail(evidence, "people", RESULT_INVALID);
        return;
    }
    evidence->from = evidence->to;
    if (evidence->from >= end) {
        walk_finish(evidence);
        return;
    }
    arena_destroy(&evidence->page);
    evidence->page = arena_create(PAGE_ARENA);
    evidence->to = evidence->from + WINDOW_BLOCKS < end ? evidence->from + WINDOW_BLOCKS : end;
    take_heads(evidence);
    evidence->rows = NULL;
    evidence->n_rows = evidence->rows_capacity = 0;
    memset(&evidence->read, 0, sizeof(evidence->read));
    evidence->read.request.cb = on_blocks;
    evidence->read.request.arena = evidence->page;
    evidence->read.incident = evidence->request.incident;
    evidence->read.from = evidence->from;
    evidence->read.limit = (unsigned)(evidence->to - evidence->from);
    evidence->busy = true;
    store_roster_read(store_of(evidence), &evidence->read);
}

/* ---- Heads of all chunks, wave by wave. ---- */

static int head_compare(const void *a, const void *b)
{
    const struct chunk_head *x = a, *y = b;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

static void next_heads(struct evidence_export *evidence);

static void on_heads(struct store_request *request)
{
    struct store_chunk_heads *list = container_of(request, struct store_chunk_heads, request);
    struct evidence_export *evidence = container_of(list, struct evidence_export, heads_list);
    if (!walk_goes_on(evidence))
        return;
    if (request->result != RESULT_OK) {
        walk_fail(evidence, "chunks", request->result);
        return;
    }
    if (evidence->n_heads + list->n > evidence->heads_capacity) {
        evidence->heads_capacity = (evidence->n_heads + list->n) * 2;
        evidence->heads =
            mem_resize(evidence->heads, evidence->heads_capacity, sizeof(*evidence->heads));
    }
    if (list->n > 0)
        memcpy(&evidence->heads[evidence->n_heads], list->heads, list->n * sizeof(*list->heads));
    evidence->n_heads += list->n;
    if (list->n == list->limit) {
        list->after = list->heads[list->n - 1].id;
    } else {
        evidence->wave_at++;
        list->after = 0;
    }
    next_heads(evidence);
}

static void next_heads(struct evidence_export *evidence)
{
    struct store_chunk_heads *list = &evidence->heads_list;
    if (evidence->wave_at == evidence->dossier->n_waves) {
        if (evidence->n_heads > 0)
            qsort(evidence->heads, evidence->n_heads, sizeof(*evidence->heads), head_compare);
        next_window(evidence);
        return;
    }
    arena_destroy(&evidence->page);
    evidence->page = arena_create(PAGE_ARENA);
    const int64_t after = list->after;
    memset(list, 0, sizeof(*list));
    list->request.cb = on_heads;
    list->request.arena = evidence->page;
    list->wave = evidence->dossier->waves[evidence->wave_at].id;
    list->after = after;
    list->limit = HEADS_A_PAGE;
    evidence->busy = true;
    store_chunk_heads(store_of(evidence), list);
}

void walk_people(struct evidence_export *evidence)
{
    if (evidence->dossier == NULL) {
        walk_finish(evidence);
        return;
    }
    evidence->from = evidence->to = 0;
    next_heads(evidence);
}
