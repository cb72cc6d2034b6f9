/* wish_look.h - the wishes of people, from the preferences: of one person, or of those in blocks of
 * a roster. Costs one small read while nothing is known of anybody. Loop thread, opening on the
 * render lane. */
#pragma once
#include "service/delivery/plan/ladder.h"
#include "service/delivery/people/preference.h"
#include "tocsin/lane.h"

struct wish_entry {
    uint32_t number;
    struct wishes wishes;
};
struct wish_look {
    /* In. Everything is borrowed until the callback. */
    struct delivery *delivery;
    void (*cb)(struct wish_look *look);
    const struct recipient *recipient;   /* one person that is open; else: */
    const struct seal_key *incident_key; /* people of these blocks */
    const struct roster_block *blocks;
    size_t n_blocks;
    const uint32_t *numbers; /* only these, ascending; NULL: all */
    size_t n_numbers;
    /* Out. */
    enum result result;
    struct wish_entry *entries; /* ascending by number; people without wishes are left out */
    size_t n;
    /* Private. */
    struct wish_owner *owners;
    struct preference_key *keys;
    size_t n_keys, capacity;
    struct arena *arena;
    struct store_preference_find find;
    struct lane_job job;
};
/* Calls back once, never from inside. */
void wish_look_start(struct wish_look *look);
/* NULL: nothing is known of this one. */
const struct wishes *wish_look_of(const struct wish_look *look, uint32_t number);
void wish_look_free(struct wish_look *look);
