/* wish_look.c - 1 is anything known of anybody? 2 open the people, make their blind keys, 3 find
 * those, 4 put what was found together by person. */
/* System. */
#include <stdlib.h>
#include <string.h>

/* Base. */
#include "base/mem.h"

/* This module. */
#include "service/delivery/delivery_private.h"
#include "service/delivery/people/wish_look.h"

enum { FOUND_ARENA = 64 << 20 };

struct wish_owner { /* of a key */
    uint32_t number;
    uint8_t index;
};

/* ---- 4 by person ---- */

static struct wishes *entry_of(struct wish_look *look, uint32_t number)
{
    if (look->n == 0 || look->entries[look->n - 1].number != number)
        look->entries[look->n++] = (struct wish_entry){.number = number};
    return &look->entries[look->n - 1].wishes;
}

/* Hits come in the order of the keys, and those by person. */
static void take_hit(struct wish_look *look, const struct preference_hit *hit)
{
    const struct preference_key *key = &look->keys[hit->key];
    const struct wish_owner *owner = &look->owners[hit->key];
    struct preference_state states[PREFERENCES_N];
    if (!preference_open(look->delivery, key, hit->body, states))
        return;
    struct wishes *wishes = entry_of(look, owner->number);
    wishes->paper = wishes->paper || states[PREFER_PAPER].set;
    if (key->kind >= CONTACT_KINDS_N)
        return;
    if (states[PREFER_DEAD].set)
        wishes->dead[key->kind] |= (uint8_t)(1U << owner->index);
    if (states[PREFER_STOP].set)
        wishes->stopped[key->kind] |= (uint8_t)(1U << owner->index);
}

static void on_found(struct store_request *request)
{
    struct store_preference_find *find =
        container_of(request, struct store_preference_find, request);
    struct wish_look *look = container_of(find, struct wish_look, find);
    look->result = request->result;
    look->entries = mem_alloc(find->n + 1, sizeof(*look->entries));
    for (size_t i = 0; look->result == RESULT_OK && i < find->n; i++)
        take_hit(look, &find->hits[i]);
    look->cb(look);
}

static void find_keys(struct wish_look *look)
{
    look->find = (struct store_preference_find){.request = {.cb = on_found, .arena = look->arena},
                                                .keys = look->keys,
                                                .n_keys = look->n_keys};
    store_preference_find(look->delivery->config.store, &look->find);
}

/* ---- 2 the keys ---- */

static void add_person(struct wish_look *look, const struct seal_key *key,
                       const struct recipient *recipient)
{
    struct person_key keys[PERSON_KEYS_MAX];
    unsigned n = person_keys(key, recipient, keys);
    if (look->n_keys + n > look->capacity) {
        look->capacity = 2 * look->capacity + PERSON_KEYS_MAX;
        look->keys = mem_resize(look->keys, look->capacity, sizeof(*look->keys));
        look->owners = mem_resize(look->owners, look->capacity, sizeof(*look->owners));
    }
    for (unsigned i = 0; i < n; i++) {
        look->keys[look->n_keys] = keys[i].key;
        look->owners[look->n_keys++] = (struct wish_owner){recipient->number, keys[i].index};
    }
}

static bool is_wanted(const struct wish_look *look, uint32_t number, size_t *at)
{
    if (look->numbers == NULL)
        return true;
    while (*at < look->n_numbers && look->numbers[*at] < number)
        (*at)++;
    return *at < look->n_numbers && look->numbers[*at] == number;
}

static void open_work(struct lane_job *job, unsigned thread)
{
    struct wish_look *look = container_of(job, struct wish_look, job);
    struct arena *arena = arena_create(1 << 20);
    struct seal_key key, seeds[ROSTER_BLOCK];
    size_t at = 0;
    preference_blind_key(look->delivery, &key);
    for (size_t i = 0; i < look->n_blocks; i++) {
        const struct roster_block *block = &look->blocks[i];
        bool opens = roster_open_seeds(block, look->incident_key, seeds);
        for (unsigned slot = 0; opens && slot < block->n; slot++) {
            struct recipient r;
            if (!is_wanted(look, (uint32_t)(block->block * ROSTER_BLOCK + slot), &at))
                continue;
            arena_reset(arena);
            if (roster_open_person(look->delivery->codecs[thread], block, seeds, slot, arena, &r) ==
                RESULT_OK)
                add_person(look, &key, &r);
        }
    }
    seal_key_wipe(&key);
    explicit_bzero(seeds, sizeof(seeds));
    arena_destroy(&arena);
}

static void on_opened(struct lane_job *job)
{
    find_keys(container_of(job, struct wish_look, job));
}

/* ---- 1 is anything known ---- */

static void on_any(struct store_request *request)
{
    struct store_preference_find *find =
        container_of(request, struct store_preference_find, request);
    struct wish_look *look = container_of(find, struct wish_look, find);
    look->result = request->result;
    if (request->result != RESULT_OK || !find->any) {
        look->cb(look);
        return;
    }
    if (look->recipient == NULL) {
        look->job.work = open_work;
        look->job.done = on_opened;
        lane_submit(look->delivery->render, &look->job);
        return;
    }
    struct seal_key key;
    preference_blind_key(look->delivery, &key);
    add_person(look, &key, look->recipient);
    seal_key_wipe(&key);
    find_keys(look);
}

void wish_look_start(struct wish_look *look)
{
    look->entries = NULL;
    look->owners = NULL;
    look->keys = NULL;
    look->n = look->n_keys = look->capacity = 0;
    look->arena = arena_create(FOUND_ARENA);
    look->find = (struct store_preference_find){.request = {.cb = on_any, .arena = look->arena}};
    store_preference_find(look->delivery->config.store, &look->find);
}

const struct wishes *wish_look_of(const struct wish_look *look, uint32_t number)
{
    size_t low = 0, high = look->n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (look->entries[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low < look->n && look->entries[low].number == number ? &look->entries[low].wishes : NULL;
}

void wish_look_free(struct wish_look *look)
{
    mem_free(look->entries);
    mem_free(look->owners);
    mem_free(look->keys);
    arena_destroy(&look->arena);
    look->entries = NULL;
    look->owners = NULL;
    look->keys = NULL;
    look->n = 0;
}
