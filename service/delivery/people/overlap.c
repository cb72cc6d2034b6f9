/* overlap.c - 1 which incidents are open, 2 each one's key and policy, 3 its roster by segments:
 * the keys of its people and the channel that tells each first, 4 sorted, to be looked up.
 *
 * Failure modes: what cannot be opened (an erased incident) is left out; past its bounds the answer
 * says that it is not complete. */
/* System. */
#include <stdlib.h>
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/delivery_private.h"
#include "service/delivery/people/overlap.h"
#include "service/delivery/people/preference.h"
#include "service/delivery/plan/ladder.h"

enum { SEGMENT = 64, LIST_MOST = 200, BLOCKS_ARENA = 32 << 20 };

struct overlap_key {
    uint64_t blind; /* its first bytes: two of a billion people fall together once in a while */
    uint8_t other;
    uint8_t channel; /* of the other one's policy; UINT8_MAX: nobody tells him */
    char word[6];    /* the channel's name, cut */
};

static void key_word(char to[6], const char *channel)
{
    memset(to, 0, 6);
    memcpy(to, channel, strnlen(channel, 6));
}

/* ---- 4 looking up ---- */

static int key_compare(const void *a, const void *b)
{
    const struct overlap_key *x = a, *y = b;
    if (x->blind != y->blind)
        return x->blind < y->blind ? -1 : 1;
    return (x->other > y->other) - (x->other < y->other);
}

static uint64_t blind_of(const struct preference_key *key)
{
    uint64_t blind = 0;
    memcpy(&blind, key->blind, sizeof(blind));
    return blind ^ key->kind;
}

/* A household shares a street: it tells people apart only where nothing else does. */
static bool identifies(const struct person_key *keys, unsigned n, unsigned i)
{
    bool other = false;
    for (unsigned k = 0; k < n; k++)
        other = other || keys[k].key.kind != CONTACT_POSTAL;
    return keys[i].key.kind != CONTACT_POSTAL || !other;
}

static size_t lower_bound(const struct overlap_set *set, uint64_t blind)
{
    size_t low = 0, high = set->n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (set->keys[middle].blind < blind)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void take_match(const struct overlap_set *set, const struct overlap_key *found,
                       const char *word, struct overlap *ret)
{
    const time_ms at = set->others[found->other].released_at;
    ret->others |= UINT32_C(1) << found->other;
    if (word != NULL && at != TIME_NONE && memcmp(found->word, word, 6) == 0 &&
        (ret->last_at == TIME_NONE || at > ret->last_at))
        ret->last_at = at;
}

struct overlap overlap_of(const struct overlap_set *set, const struct seal_key *key,
                          const struct recipient *recipient, const char *channel)
{
    struct overlap overlap = {0, TIME_NONE};
    struct person_key keys[PERSON_KEYS_MAX];
    char word[6];
    if (set->n == 0)
        return overlap;
    key_word(word, str_or(channel, ""));
    unsigned n = person_keys(key, recipient, keys);
    for (unsigned i = 0; i < n; i++) {
        const uint64_t blind = blind_of(&keys[i].key);
        for (size_t at = lower_bound(set, blind); at < set->n && set->keys[at].blind == blind; at++)
            if (identifies(keys, n, i))
                take_match(set, &set->keys[at], channel == NULL ? NULL : word, &overlap);
    }
    return overlap;
}

/* ---- 3 the people of one incident ---- */

static bool make_room(struct overlap_set *set, unsigned n)
{
    if (set->n + n <= set->capacity)
        return true;
    if (set->n + n > OVERLAP_KEYS_MAX) {
        set->complete = false;
        return false;
    }
    set->capacity = 2 * set->capacity + 1024;
    set->keys = mem_resize(set->keys, set->capacity, sizeof(*set->keys));
    return true;
}

static void add_person(struct overlap_set *set, const struct seal_key *key,
                       const struct recipient *r)
{
    struct person_key keys[PERSON_KEYS_MAX];
    const struct dossier *dossier = set->dossier;
    struct overlap_key to = {.other = (uint8_t)set->at, .channel = UINT8_MAX};
    struct ladder ladder;
    ladder_make(&ladder, &(struct ladder_question){.policy = &dossier->policy,
                                                   .drivers = dossier->drivers,
                                                   .recipient = r,
                                                   .now = delivery_now(set->delivery)});
    if (ladder.n_rungs > 0) {
        to.channel = ladder.rungs[0].channel;
        key_word(to.word, dossier->policy.channels[to.channel].channel);
    }
    unsigned n = person_keys(key, r, keys);
    for (unsigned i = 0; i < n && make_room(set, 1); i++) {
        to.blind = blind_of(&keys[i].key);
        if (identifies(keys, n, i))
            set->keys[set->n++] = to;
    }
}

static void walk_work(struct lane_job *job, unsigned thread)
{
    struct overlap_set *set = container_of(job, struct overlap_set, job);
    struct seal_key key, seeds[ROSTER_BLOCK];
    preference_blind_key(set->delivery, &key);
    for (size_t i = 0; i < set->read.n; i++) {
        const struct roster_block *block = &set->read.blocks[i];
        bool opens = roster_open_seeds(block, &set->dossier->key, seeds);
        for (unsigned slot = 0; opens && slot < block->n; slot++) {
            struct recipient r;
            arena_reset(set->person_arena);
            if (roster_open_person(set->delivery->codecs[thread], block, seeds, slot,
                                   set->person_arena, &r) == RESULT_OK)
                add_person(set, &key, &r);
        }
    }
    seal_key_wipe(&key);
    explicit_bzero(seeds, sizeof(seeds));
}

static void sort_work(struct lane_job *job, unsigned thread)
{
    struct overlap_set *set = container_of(job, struct overlap_set, job);
    (void)thread;
    if (set->n > 0)
        qsort(set->keys, set->n, sizeof(*set->keys), key_compare);
}

static void on_sorted(struct lane_job *job)
{
    struct overlap_set *set = container_of(job, struct overlap_set, job);
    set->cb(set);
}

/* ---- On the loop. ---- */

static void next_incident(struct overlap_set *set);
static void walk_on(struct overlap_set *set);

static void finish(struct overlap_set *set, enum result result)
{
    set->result = result;
    set->job.work = sort_work;
    set->job.done = on_sorted;
    lane_submit(set->delivery->render, &set->job);
}

static void on_walked(struct lane_job *job)
{
    struct overlap_set *set = container_of(job, struct overlap_set, job);
    set->block += SEGMENT;
    walk_on(set);
}

static void on_read(struct store_request *request)
{
    struct store_roster_read *read = container_of(request, struct store_roster_read, request);
    struct overlap_set *set = container_of(read, struct overlap_set, read);
    if (request->result != RESULT_OK) {
        finish(set, request->result);
        return;
    }
    set->job.work = walk_work;
    set->job.done = on_walked;
    lane_submit(set->delivery->render, &set->job);
}

static void walk_on(struct overlap_set *set)
{
    if (set->block >= set->dossier->row.blocks || set->n >= OVERLAP_KEYS_MAX) {
        dossier_destroy(&set->dossier);
        set->at++;
        next_incident(set);
        return;
    }
    arena_reset(set->arena);
    set->read = (struct store_roster_read){.request = {.cb = on_read, .arena = set->arena},
                                           .incident = set->others[set->at].incident,
                                           .from = set->block,
                                           .limit = SEGMENT};
    store_roster_read(set->delivery->config.store, &set->read);
}

/* ---- 2 its key and policy ---- */

static void on_dossier(struct delivery_request *request)
{
    struct dossier_load *load = container_of(request, struct dossier_load, request);
    struct overlap_set *set = container_of(load, struct overlap_set, load);
    set->dossier = load->dossier;
    set->block = 0;
    if (request->result == RESULT_OK) {
        walk_on(set);
        return;
    }
    dossier_destroy(&set->dossier);
    if (request->result != RESULT_NOT_FOUND && request->result != RESULT_DENIED)
        set->complete = false;
    set->at++;
    next_incident(set);
}

static void next_incident(struct overlap_set *set)
{
    if (set->at == set->n_others) {
        finish(set, RESULT_OK);
        return;
    }
    memset(&set->load, 0, sizeof(set->load));
    set->load.request.cb = on_dossier;
    set->load.incident = set->others[set->at].incident;
    dossier_load(set->delivery, &set->load);
}

/* ---- 1 which are open ---- */

static bool is_open(const struct overlap_set *set, const struct incident_row *row,
                    const struct wave_row *wave)
{
    if (row->id == set->incident || row->test || row->key.length == 0 ||
        wave->state == WAVE_CANCELED || row->blocks == 0)
        return false;
    return wave->state != WAVE_SETTLED ||
           (wave->released_at != TIME_NONE &&
            wave->released_at + set->spacing_ms > delivery_now(set->delivery));
}

static void on_listed(struct store_request *request)
{
    struct store_incident_list *list = container_of(request, struct store_incident_list, request);
    struct overlap_set *set = container_of(list, struct overlap_set, list);
    set->complete = list->n < LIST_MOST;
    for (size_t i = 0; request->result == RESULT_OK && i < list->n; i++) {
        if (!is_open(set, &list->rows[i], &list->waves[i]))
            continue;
        if (set->n_others == OVERLAP_INCIDENTS_MAX) {
            set->complete = false;
            break;
        }
        set->others[set->n_others++] = (struct overlap_other){
            .incident = list->rows[i].id, .released_at = list->waves[i].released_at};
    }
    if (request->result == RESULT_OK)
        next_incident(set);
    else
        finish(set, request->result);
}

void overlap_start(struct overlap_set *set)
{
    set->keys = NULL;
    set->n = set->capacity = 0;
    set->n_others = set->at = 0;
    set->dossier = NULL;
    set->arena = arena_create(BLOCKS_ARENA);
    set->person_arena = arena_create(1 << 20);
    set->list = (struct store_incident_list){.request = {.cb = on_listed, .arena = set->arena},
                                             .limit = LIST_MOST};
    store_incident_list(set->delivery->config.store, &set->list);
}

void overlap_free(struct overlap_set *set)
{
    mem_free(set->keys);
    set->keys = NULL;
    set->n = 0;
    arena_destroy(&set->arena);
    arena_destroy(&set->person_arena);
}
