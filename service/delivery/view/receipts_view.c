/* receipts_view.c - receipts as people read them: pages with a cursor, opened where a key still
 * exists, and one person's timeline. The leaf is what the log proves; the details are what it
 * commits to. */
/* System. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/delivery_private.h"
#include "service/delivery/person.h"

enum { BATCHES_A_PAGE = 8, PEOPLE_A_PAGE = 500, ARENA_MAX = 64 << 20 };

/* One page being made: batches -> the blocks of the people in them -> items. */
struct page {
    struct delivery *delivery;
    struct delivery_receipts *req;
    struct dossier_load load; /* of the incident, when details are wanted */
    struct store_receipt_list list;
    struct store_roster_read read;
    struct arena *arena;
    uint32_t *numbers;
    size_t n_numbers, capacity;
    int64_t first_order; /* of the first batch: only there the slot cursor counts */
    /* while walking */
    const struct receipt_row *row;
    struct seal_key seeds[ROSTER_BLOCK];
    int64_t seeds_block;
    bool full;
    bool cut; /* fewer batches than were listed: their people lie in too many blocks */
};

static void page_finish(struct page *page, enum result result, const struct error *error)
{
    struct delivery_receipts *req = page->req;
    req->request.result = result;
    if (error != NULL)
        req->request.error = *error;
    dossier_destroy(&page->load.dossier);
    arena_destroy(&page->arena);
    mem_free(page->numbers);
    explicit_bzero(page->seeds, sizeof(page->seeds));
    mem_free(page);
    req->request.cb(&req->request);
}

static bool slot_wanted(const struct page *page, const struct receipt_view *view)
{
    return page->row->order != page->first_order || view->slot >= page->req->after_slot;
}

/* ---- 3: items ---- */

static const struct seal_key *seed_of(struct page *page, uint32_t number)
{
    int64_t block = number / ROSTER_BLOCK;
    if (number == UINT32_MAX)
        return NULL;
    for (size_t i = 0; page->seeds_block != block && i < page->read.n; i++)
        if (page->read.blocks[i].block == block &&
            roster_open_seeds(&page->read.blocks[i], &page->load.dossier->key, page->seeds))
            page->seeds_block = block;
    return page->seeds_block == block ? &page->seeds[number % ROSTER_BLOCK] : NULL;
}

static const char *open_details(struct page *page, const struct receipt_view *view)
{
    struct buf plain;
    const char *text = NULL;
    const struct seal_key *key = &page->load.dossier->key;
    buf_init(&plain, 65536);
    const struct seal_key *seed =
        seed_of(page, receipt_details_number(view, page->row->batch, key));
    if (receipt_details_open(&plain, view, page->row->batch, key, seed))
        text = arena_strndup(page->req->request.arena, plain.data, plain.length);
    buf_wipe(&plain);
    return text;
}

static bool about_recipient(const struct page *page, const char *details)
{
    struct json_object *json;
    if (page->req->recipient_id == NULL)
        return true;
    if (details == NULL || json_read(details, strlen(details), &json, NULL) != RESULT_OK)
        return false;
    bool ok = str_equal(json_get_string(json, "recipient_id"), page->req->recipient_id);
    json_object_put(json);
    return ok;
}

static void add_item(void *context, const struct receipt_view *view)
{
    struct page *page = context;
    struct delivery_receipts *req = page->req;
    char batch[ID_TEXT_SIZE];
    if (page->full || !slot_wanted(page, view))
        return;
    if (req->n == req->limit) {
        page->full = true;
        req->next_order = page->row->order - 1;
        req->next_slot = view->slot;
        return;
    }
    const char *details = page->load.dossier == NULL ? NULL : open_details(page, view);
    if (!about_recipient(page, details))
        return;
    struct delivery_receipt_item *item = &req->items[req->n];
    snprintf(item->receipt_id, sizeof(item->receipt_id), "%s.%u",
             id_format(batch, "rct", page->row->batch), view->slot);
    item->leaf = arena_strndup(req->request.arena, view->leaf, view->leaf_length);
    item->details = req->details ? details : NULL;
    if (item->leaf != NULL) {
        req->n++;
        return;
    }
    page->full = true; /* the caller's arena is: the next page begins here */
    req->next_order = page->row->order - 1;
    req->next_slot = view->slot;
}

static void make_items(struct page *page)
{
    struct delivery_receipts *req = page->req;
    page->seeds_block = -1;
    req->items = arena_alloc(req->request.arena, (req->limit + 1) * sizeof(*req->items));
    if (req->items == NULL) {
        page_finish(page, RESULT_TOO_LARGE, NULL);
        return;
    }
    for (size_t i = 0; i < page->list.n && !page->full; i++) {
        page->row = &page->list.rows[i];
        req->next_order = page->row->order;
        req->next_slot = 0;
        receipt_batch_read(page->row->leaves.data, page->row->leaves.length,
                           page->row->details.data, page->row->details.length, add_item, page);
    }
    req->more = page->full || page->cut || page->list.n == page->list.limit;
    page_finish(page, page->full && req->n == 0 ? RESULT_TOO_LARGE : RESULT_OK, NULL);
}

/* ---- 2: the people of the batches ---- */

static void collect_number(void *context, const struct receipt_view *view)
{
    struct page *page = context;
    uint32_t number = receipt_details_number(view, page->row->batch, &page->load.dossier->key);
    if (number == UINT32_MAX || !slot_wanted(page, view))
        return;
    if (page->n_numbers == page->capacity) {
        page->capacity = page->capacity * 2 + 256;
        page->numbers = mem_resize(page->numbers, page->capacity, sizeof(*page->numbers));
    }
    page->numbers[page->n_numbers++] = number;
}

static int number_compare(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static void on_read(struct store_request *request)
{
    struct store_roster_read *read = container_of(request, struct store_roster_read, request);
    struct page *page = container_of(read, struct page, read);
    if (request->result != RESULT_OK)
        page_finish(page, request->result, &request->error);
    else
        make_items(page);
}

static void read_people(struct page *page)
{
    for (size_t i = 0; i < page->list.n; i++) {
        page->row = &page->list.rows[i];
        receipt_batch_read(page->row->leaves.data, page->row->leaves.length,
                           page->row->details.data, page->row->details.length, collect_number,
                           page);
        if (page->n_numbers < PEOPLE_A_PAGE || i + 1 == page->list.n)
            continue;
        page->list.n = i + 1;
        page->cut = true;
    }
    if (page->n_numbers == 0) {
        make_items(page);
        return;
    }
    qsort(page->numbers, page->n_numbers, sizeof(*page->numbers), number_compare);
    page->read.request.cb = on_read;
    page->read.request.arena = page->arena;
    page->read.incident = page->req->incident;
    page->read.numbers = page->numbers;
    page->read.n_numbers = page->n_numbers;
    store_roster_read(page->delivery->config.store, &page->read);
}

/* ---- 1: the batches ---- */

static void on_listed(struct store_request *request)
{
    struct store_receipt_list *list = container_of(request, struct store_receipt_list, request);
    struct page *page = container_of(list, struct page, list);
    if (request->result != RESULT_OK) {
        page_finish(page, request->result, &request->error);
        return;
    }
    page->first_order = list->n > 0 ? list->rows[0].order : 0;
    if (page->load.dossier != NULL)
        read_people(page);
    else
        make_items(page);
}

static void list_batches(struct page *page)
{
    struct delivery_receipts *req = page->req;
    page->list.request.cb = on_listed;
    page->list.request.arena = page->arena;
    page->list.incident = req->incident;
    page->list.after = req->after_order;
    page->list.limit = BATCHES_A_PAGE;
    store_receipt_list(page->delivery->config.store, &page->list);
}

static void on_dossier(struct delivery_request *request)
{
    struct dossier_load *load = container_of(request, struct dossier_load, request);
    struct page *page = container_of(load, struct page, load);
    if (request->result == RESULT_NOT_FOUND)
        page_finish(page, request->result, &request->error);
    else
        list_batches(page); /* an erased incident still has its leaves */
}

void delivery_receipts(struct delivery *delivery, struct delivery_receipts *req)
{
    struct page *page = mem_new(struct page);
    page->delivery = delivery;
    page->req = req;
    page->arena = arena_create(ARENA_MAX);
    req->items = NULL;
    req->n = 0;
    req->more = false;
    req->next_order = req->after_order;
    req->next_slot = req->after_slot;
    if (req->incident != 0 && (req->details || req->recipient_id != NULL)) {
        page->load.request.cb = on_dossier;
        page->load.incident = req->incident;
        dossier_load(delivery, &page->load);
    } else {
        list_batches(page);
    }
}

/* ---- A note: one receipt by itself. ---- */

struct noting {
    struct delivery_note *req;
    struct store_receipt_append append;
    struct receipt_batch receipts;
};

static void on_noted(struct store_request *request)
{
    struct store_receipt_append *append =
        container_of(request, struct store_receipt_append, request);
    struct noting *noting = container_of(append, struct noting, append);
    struct delivery_note *req = noting->req;
    req->request.result = request->result;
    req->request.error = request->error;
    receipt_batch_free(&noting->receipts);
    mem_free(noting);
    req->request.cb(&req->request);
}

void delivery_note(struct delivery *delivery, struct delivery_note *req)
{
    struct noting *noting = mem_new(struct noting);
    noting->req = req;
    receipt_batch_init(&noting->receipts, req->receipt.incident, req->receipt.wave, 0);
    receipt_batch_add(&noting->receipts, &delivery->vault.service, &req->receipt);
    receipt_batch_finish(&noting->receipts);
    delivery->stats.receipts++;
    noting->append.request.cb = on_noted;
    noting->append.receipts = &noting->receipts;
    store_receipt_append(delivery->config.store, &noting->append);
}
