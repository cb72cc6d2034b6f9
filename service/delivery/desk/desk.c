/* desk.c - what the request desk asks of the roster: find a person, open a person. Ids and accounts
 * have blind keys; email and phone are looked for by opening the roster, block by block (rare, and
 * no key for them is kept). */
/* System. */
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/delivery_private.h"
#include "service/delivery/person.h"

enum { SCAN_BLOCKS = 64, FOUND_MAX = 16 };

struct search {
    struct delivery *delivery;
    struct delivery_find *req;
    struct dossier_load load;
    struct store_roster_find find;
    struct store_roster_read read;
    struct lane_job job;
    struct arena *arena;
    int64_t at;
    uint32_t found[FOUND_MAX];
    size_t n;
};

static void search_finish(struct search *search, enum result result, const struct error *error)
{
    struct delivery_find *req = search->req;
    req->request.result = result;
    if (error != NULL)
        req->request.error = *error;
    if (result == RESULT_OK && search->n > 0) {
        req->numbers = arena_alloc(req->request.arena, search->n * sizeof(*req->numbers));
        if (req->numbers != NULL)
            memcpy(req->numbers, search->found, search->n * sizeof(*req->numbers));
        req->n = req->numbers == NULL ? 0 : search->n;
    }
    dossier_destroy(&search->load.dossier);
    arena_destroy(&search->arena);
    mem_free(search);
    req->request.cb(&req->request);
}

static void on_found(struct store_request *request)
{
    struct store_roster_find *find = container_of(request, struct store_roster_find, request);
    struct search *search = container_of(find, struct search, find);
    for (size_t i = 0; request->result == RESULT_OK && i < find->n && i < FOUND_MAX; i++)
        search->found[search->n++] = find->numbers[i];
    search_finish(search, request->result, &request->error);
}

static void find_by_key(struct search *search)
{
    struct seal_key blind_key;
    const char *value = search->req->value;
    seal_derive(&blind_key, &search->load.dossier->key, "blind", NULL, 0);
    seal_blind(search->find.blind, &blind_key,
               search->req->kind == 0 ? "recipient_id" : "account_id", value, strlen(value));
    seal_key_wipe(&blind_key);
    search->find.request.cb = on_found;
    search->find.request.arena = search->arena;
    search->find.incident = search->req->incident;
    search->find.kind = search->req->kind;
    store_roster_find(search->delivery->config.store, &search->find);
}

/* ---- By opening the roster. ---- */

static bool is_wanted(const struct search *search, const struct recipient *r)
{
    return recipient_has(r, search->req->kind == 2 ? CONTACT_EMAIL : CONTACT_PHONE,
                         search->req->value);
}

static void scan_work(struct lane_job *job, unsigned thread)
{
    struct search *search = container_of(job, struct search, job);
    struct arena *arena = arena_create(1 << 20);
    struct seal_key seeds[ROSTER_BLOCK];
    struct recipient r;
    for (size_t i = 0; i < search->read.n; i++) {
        const struct roster_block *block = &search->read.blocks[i];
        if (!roster_open_seeds(block, &search->load.dossier->key, seeds))
            continue;
        for (unsigned slot = 0; slot < block->n && search->n < FOUND_MAX; slot++) {
            arena_reset(arena);
            if (roster_open_person(search->delivery->codecs[thread], block, seeds, slot, arena,
                                   &r) == RESULT_OK &&
                is_wanted(search, &r))
                search->found[search->n++] = r.number;
        }
    }
    explicit_bzero(seeds, sizeof(seeds));
    arena_destroy(&arena);
}

static void scan_next(struct search *search);

static void on_scanned(struct lane_job *job)
{
    struct search *search = container_of(job, struct search, job);
    search->at += SCAN_BLOCKS;
    scan_next(search);
}

static void on_scan_read(struct store_request *request)
{
    struct store_roster_read *read = container_of(request, struct store_roster_read, request);
    struct search *search = container_of(read, struct search, read);
    if (request->result != RESULT_OK) {
        search_finish(search, request->result, &request->error);
        return;
    }
    search->job.work = scan_work;
    search->job.done = on_scanned;
    lane_submit(search->delivery->render, &search->job);
}

static void scan_next(struct search *search)
{
    if (search->at >= search->load.dossier->row.blocks || search->n == FOUND_MAX) {
        search_finish(search, RESULT_OK, NULL);
        return;
    }
    arena_reset(search->arena);
    memset(&search->read, 0, sizeof(search->read));
    search->read.request.cb = on_scan_read;
    search->read.request.arena = search->arena;
    search->read.incident = search->req->incident;
    search->read.from = search->at;
    search->read.limit = SCAN_BLOCKS;
    store_roster_read(search->delivery->config.store, &search->read);
}

static void on_search_dossier(struct delivery_request *request)
{
    struct dossier_load *load = container_of(request, struct dossier_load, request);
    struct search *search = container_of(load, struct search, load);
    if (request->result != RESULT_OK)
        search_finish(search, request->result, &request->error);
    else if (search->req->kind < 2)
        find_by_key(search);
    else
        scan_next(search);
}

void delivery_find(struct delivery *delivery, struct delivery_find *req)
{
    struct search *search = mem_new(struct search);
    search->delivery = delivery;
    search->req = req;
    search->arena = arena_create(32 << 20);
    req->n = 0;
    req->numbers = NULL;
    search->load.request.cb = on_search_dossier;
    search->load.incident = req->incident;
    dossier_load(delivery, &search->load);
}

/* ---- A person. ---- */

struct opening {
    struct delivery_person *req;
    struct person_load person;
};

/* The recipient is copied by its stored form: the caller's arena outlives ours. */
static enum result copy_recipient(struct arena *arena, const struct recipient *from,
                                  struct recipient *ret)
{
    struct buf text;
    buf_init(&text, SIZE_MAX);
    enum result result = recipient_write(&text, from)
                             ? recipient_load(text.data, text.length, arena, ret)
                             : RESULT_TOO_LARGE;
    ret->number = from->number;
    buf_wipe(&text);
    return result;
}

static void on_person(struct delivery_request *request)
{
    struct person_load *person = container_of(request, struct person_load, request);
    struct opening *opening = container_of(person, struct opening, person);
    struct delivery_person *req = opening->req;
    req->request.result = request->result;
    req->request.error = request->error;
    if (request->result == RESULT_OK) {
        req->seed = person->seed;
        req->incident_key = person->dossier->key;
        req->request.result =
            copy_recipient(req->request.arena, &person->recipient, &req->recipient);
    }
    person_unload(person);
    mem_free(opening);
    req->request.cb(&req->request);
}

void delivery_person(struct delivery *delivery, struct delivery_person *req)
{
    struct opening *opening = mem_new(struct opening);
    opening->req = req;
    opening->person.request.cb = on_person;
    opening->person.incident = req->incident;
    opening->person.number = req->number;
    person_load(delivery, &opening->person);
}
