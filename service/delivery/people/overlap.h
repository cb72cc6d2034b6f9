/* overlap.h - people who stand in another open incident too, found by the blind keys of their
 * accounts and addresses: shown before a release, and spaced, so that nobody is flooded. The
 * rosters of the other incidents are walked once; nothing is stored. Loop thread, opening on the
 * render lane; overlap_of() on any thread. */
#pragma once
#include "service/delivery/dossier.h"
#include "service/delivery/people/person_keys.h"
#include "tocsin/lane.h"

enum { OVERLAP_INCIDENTS_MAX = 16, OVERLAP_KEYS_MAX = 4 * 1024 * 1024 };

struct overlap_other {
    id incident;
    time_ms released_at; /* TIME_NONE: not yet */
    int64_t people;      /* for who counts: how many of ours stand there, too */
};
struct overlap_set {
    /* In. */
    struct delivery *delivery;
    void (*cb)(struct overlap_set *set);
    id incident;        /* whose people are asked about */
    int64_t spacing_ms; /* a settled incident counts for so long after its release */
    /* Out. */
    enum result result;
    struct overlap_other others[OVERLAP_INCIDENTS_MAX];
    unsigned n_others;
    bool complete; /* false: there are more incidents, or people, than are looked at */
    /* Private. */
    struct overlap_key *keys;
    size_t n, capacity;
    unsigned at;
    int64_t block;
    struct arena *arena, *person_arena;
    struct store_incident_list list;
    struct dossier_load load;
    struct dossier *dossier;
    struct store_roster_read read;
    struct lane_job job;
};
/* The callback comes once, never from inside. */
void overlap_start(struct overlap_set *set);
void overlap_free(struct overlap_set *set);

/* Bits of `others` in which this person stands. `channel`, when not NULL: of those that were
 * released and tell him first over this channel, the last release; TIME_NONE: none. */
struct overlap {
    uint32_t others;
    time_ms last_at;
};
struct overlap overlap_of(const struct overlap_set *set, const struct seal_key *key,
                          const struct recipient *recipient, const char *channel);
