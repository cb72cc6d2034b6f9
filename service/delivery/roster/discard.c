/* discard.c - an upload leaves the roster again. Rows of other uploads that were void because the
 * same recipient_id came with this one must come back: their blind keys were not kept, so the
 * roster is walked by windows of blocks, the void rows are opened on the render lane, and the first
 * of each id that the going upload held is revived.
 *
 * Happy path: dossier -> uploads -> windows (read, lane, look up) -> one transaction. Failure
 * modes: the roster changed meanwhile (CONFLICT by its version); past approval. */
/* System. */
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/delivery_private.h"
#include "service/delivery/roster/roster.h"

enum { WINDOW_BLOCKS = 64 };

/* A void row, as its keys. */
struct candidate {
    struct roster_key id, account;
    bool has_account;
};

struct discarding {
    struct delivery *delivery;
    struct delivery_discard *req;
    struct dossier_load load;
    struct dossier *dossier;
    struct store_upload_list uploads;
    struct store_roster_read read;
    struct store_roster_find find;
    struct store_upload_discard discard;
    struct receipt_batch receipts;
    struct lane_job job;
    struct arena *list_arena, *arena, *person_arena;
    struct seal_key blind_key;
    int64_t at;
    struct candidate *candidates; /* of this window */
    size_t n_candidates, looked_up;
    struct roster_key *keys; /* to revive */
    size_t n_keys, keys_capacity;
    uint64_t *chosen; /* ids of `keys` */
    size_t n_chosen, chosen_capacity;
};

static void finish(struct discarding *it, enum result result, const struct error *error)
{
    struct delivery_discard *req = it->req;
    req->request.result = result;
    if (error != NULL)
        req->request.error = *error;
    dossier_destroy(&it->dossier);
    receipt_batch_free(&it->receipts);
    arena_destroy(&it->list_arena);
    arena_destroy(&it->arena);
    arena_destroy(&it->person_arena);
    seal_key_wipe(&it->blind_key);
    mem_free(it->candidates);
    mem_free(it->keys);
    mem_free(it->chosen);
    mem_free(it);
    req->request.cb(&req->request);
}

/* ---- The end. ---- */

static void on_discarded(struct store_request *request)
{
    struct store_upload_discard *discard =
        container_of(request, struct store_upload_discard, request);
    struct discarding *it = container_of(discard, struct discarding, discard);
    it->req->accepted = discard->accepted;
    it->req->revived = discard->revived;
    finish(it, request->result, &request->error);
}

static void add_receipt(struct discarding *it, int64_t accepted, int64_t revived)
{
    char actor[ID_TEXT_SIZE], upload[ID_TEXT_SIZE];
    struct json_object *facts = json_object_new_object();
    json_object_object_add(facts, "accepted", json_object_new_int64(accepted));
    json_object_object_add(facts, "revived", json_object_new_int64(revived));
    json_object_object_add(facts, "upload",
                           json_object_new_string(id_format(upload, "upl", it->req->upload)));
    const struct receipt receipt = {.kind = RECEIPT_ROSTER_DISCARDED,
                                    .at = delivery_now(it->delivery),
                                    .incident = it->req->incident,
                                    .outcome = -1,
                                    .reason = "discarded",
                                    .actor = delivery_principal(actor, it->req->principal),
                                    .note = it->req->reason,
                                    .facts = facts};
    receipt_batch_add(&it->receipts, &it->dossier->key, &receipt);
    receipt_batch_finish(&it->receipts);
    json_object_put(facts);
}

static void discard_now(struct discarding *it)
{
    int64_t accepted = 0, revived = 0;
    for (size_t i = 0; i < it->uploads.n; i++)
        if (it->uploads.uploads[i].upload == it->req->upload)
            accepted = it->uploads.uploads[i].accepted;
    for (size_t i = 0; i < it->n_keys; i++)
        revived += it->keys[i].kind == 0;
    add_receipt(it, accepted, revived);
    it->discard = (struct store_upload_discard){.request.cb = on_discarded,
                                                .incident = it->req->incident,
                                                .upload = it->req->upload,
                                                .principal = it->req->principal,
                                                .at = delivery_now(it->delivery),
                                                .version = it->dossier->row.version,
                                                .revived_keys = it->keys,
                                                .n_revived_keys = it->n_keys,
                                                .receipts = &it->receipts};
    store_upload_discard(it->delivery->config.store, &it->discard);
}

/* ---- Who comes back. ---- */

static void read_next(struct discarding *it);

static void add_key(struct discarding *it, const struct roster_key *key)
{
    if (it->n_keys == it->keys_capacity) {
        it->keys_capacity = it->keys_capacity * 2 + 64;
        it->keys = mem_resize(it->keys, it->keys_capacity, sizeof(*it->keys));
    }
    it->keys[it->n_keys++] = *key;
}

static bool of_upload(const struct discarding *it, uint32_t number, id upload)
{
    const int64_t block = number / ROSTER_BLOCK;
    id found = 0;
    for (size_t i = 0; i < it->uploads.n;
         i++) { /* in the order of their blocks; empty ones have none */
        const struct upload_info *info = &it->uploads.uploads[i];
        if (info->first_block <= block && info->accepted + info->duplicates > 0)
            found = info->upload;
    }
    return found == upload;
}

/* A set of blind keys by their first eight bytes: they are keyed hashes, two alike are one id. */
static void chosen_grow(struct discarding *it)
{
    uint64_t *before = it->chosen;
    const size_t n = it->chosen_capacity;
    it->chosen_capacity = n == 0 ? 1024 : n * 2;
    it->chosen = mem_alloc(it->chosen_capacity, sizeof(*it->chosen));
    for (size_t i = 0; i < n; i++) {
        size_t at = before[i] % it->chosen_capacity;
        while (before[i] != 0 && it->chosen[at] != 0)
            at = (at + 1) % it->chosen_capacity;
        if (before[i] != 0)
            it->chosen[at] = before[i];
    }
    mem_free(before);
}

/* Is this id new to the set? The first row of an id comes back, the others stay its duplicates. */
static bool choose(struct discarding *it, const struct candidate *candidate)
{
    uint64_t word;
    memcpy(&word, candidate->id.blind, sizeof(word));
    word |= 1; /* 0 is an empty place */
    if (it->n_chosen * 2 >= it->chosen_capacity)
        chosen_grow(it);
    size_t at = word % it->chosen_capacity;
    while (it->chosen[at] != 0) {
        if (it->chosen[at] == word)
            return false;
        at = (at + 1) % it->chosen_capacity;
    }
    it->chosen[at] = word;
    it->n_chosen++;
    return true;
}

static void look_up(struct discarding *it);

/* The row that made this one a duplicate: does it go? */
static void on_found(struct store_request *request)
{
    struct store_roster_find *find = container_of(request, struct store_roster_find, request);
    struct discarding *it = container_of(find, struct discarding, find);
    const struct candidate *candidate = &it->candidates[it->looked_up++];
    bool stays = false;
    for (size_t i = 0; i < find->n; i++)
        stays = stays || !of_upload(it, find->numbers[i], it->req->upload);
    if (!stays && find->n > 0 && choose(it, candidate)) {
        add_key(it, &candidate->id);
        if (candidate->has_account)
            add_key(it, &candidate->account);
    }
    look_up(it);
}

static void look_up(struct discarding *it)
{
    if (it->looked_up == it->n_candidates) {
        it->at += WINDOW_BLOCKS;
        read_next(it);
        return;
    }
    it->find = (struct store_roster_find){.request = {.cb = on_found, .arena = it->arena},
                                          .incident = it->req->incident};
    memcpy(it->find.blind, it->candidates[it->looked_up].id.blind, BLIND_SIZE);
    store_roster_find(it->delivery->config.store, &it->find);
}

/* ---- The walk. ---- */

static void blind(const struct discarding *it, struct roster_key *key, const char *name,
                  const char *text)
{
    seal_blind(key->blind, &it->blind_key, name, text, strlen(text));
}

static void add_candidate(struct discarding *it, const struct recipient *r)
{
    it->candidates = mem_resize(it->candidates, it->n_candidates + 1, sizeof(*it->candidates));
    struct candidate *candidate = &it->candidates[it->n_candidates++];
    memset(candidate, 0, sizeof(*candidate));
    blind(it, &candidate->id, "recipient_id", r->recipient_id);
    candidate->id.number = candidate->account.number = r->number;
    candidate->account.kind = 1;
    candidate->has_account = !str_empty(r->account_id);
    if (candidate->has_account)
        blind(it, &candidate->account, "account_id", r->account_id);
}

/* Opens the void rows of a block, which nobody else does. */
static void walk_block(struct discarding *it, struct roster_codec *codec,
                       const struct roster_block *block)
{
    static const uint8_t none[ROSTER_BLOCK / 8];
    struct seal_key seeds[ROSTER_BLOCK];
    struct roster_block open = *block;
    struct recipient r;
    if (memcmp(block->voids, none, sizeof(none)) == 0 ||
        of_upload(it, (uint32_t)(block->block * ROSTER_BLOCK), it->req->upload) ||
        !roster_open_seeds(block, &it->dossier->key, seeds))
        return;
    memset(open.voids, 0, sizeof(open.voids));
    for (unsigned slot = 0; slot < block->n; slot++) {
        if (!roster_is_void(block, slot))
            continue;
        arena_reset(it->person_arena);
        if (roster_open_person(codec, &open, seeds, slot, it->person_arena, &r) == RESULT_OK)
            add_candidate(it, &r);
    }
    explicit_bzero(seeds, sizeof(seeds));
}

static void walk(struct lane_job *job, unsigned thread)
{
    struct discarding *it = container_of(job, struct discarding, job);
    for (size_t i = 0; i < it->read.n; i++)
        walk_block(it, it->delivery->codecs[thread], &it->read.blocks[i]);
}

static void walked(struct lane_job *job)
{
    look_up(container_of(job, struct discarding, job));
}

static void on_read(struct store_request *request)
{
    struct store_roster_read *read = container_of(request, struct store_roster_read, request);
    struct discarding *it = container_of(read, struct discarding, read);
    if (request->result != RESULT_OK) {
        finish(it, request->result, &request->error);
        return;
    }
    it->job.work = walk;
    it->job.done = walked;
    lane_submit(it->delivery->render, &it->job);
}

static void read_next(struct discarding *it)
{
    arena_destroy(&it->arena);
    it->n_candidates = it->looked_up = 0;
    if (it->at >= it->dossier->row.blocks || it->dossier->row.duplicates == 0) {
        discard_now(it);
        return;
    }
    it->arena = arena_create(32 << 20);
    it->read = (struct store_roster_read){.request = {.cb = on_read, .arena = it->arena},
                                          .incident = it->req->incident,
                                          .from = it->at,
                                          .limit = WINDOW_BLOCKS};
    store_roster_read(it->delivery->config.store, &it->read);
}

static void on_uploads(struct store_request *request)
{
    struct store_upload_list *list = container_of(request, struct store_upload_list, request);
    struct discarding *it = container_of(list, struct discarding, uploads);
    if (request->result != RESULT_OK)
        finish(it, request->result, &request->error);
    else
        read_next(it);
}

static void on_dossier(struct delivery_request *request)
{
    struct dossier_load *load = container_of(request, struct dossier_load, request);
    struct discarding *it = container_of(load, struct discarding, load);
    it->dossier = load->dossier;
    if (request->result != RESULT_OK) {
        finish(it, request->result, &request->error);
        return;
    }
    seal_derive(&it->blind_key, &it->dossier->key, "blind", NULL, 0);
    it->list_arena = arena_create(64 << 20);
    it->uploads = (struct store_upload_list){.request = {.cb = on_uploads, .arena = it->list_arena},
                                             .incident = it->req->incident};
    store_upload_list(it->delivery->config.store, &it->uploads);
}

void delivery_discard(struct delivery *delivery, struct delivery_discard *req)
{
    struct discarding *it = mem_new(struct discarding);
    it->delivery = delivery;
    it->req = req;
    it->person_arena = arena_create(1 << 20);
    receipt_batch_init(&it->receipts, req->incident, 0, 0);
    it->load.request.cb = on_dossier;
    it->load.incident = req->incident;
    dossier_load(delivery, &it->load);
}
