/* walk.h - a pass over the people of a roster on the render lane, window by window, in constant
 * memory: for what is asked about all of them. Loop thread; `person` runs on the lane, one at a
 * time. */
#pragma once
#include "service/delivery/delivery_private.h"

struct roster_walk {
    /* In. */
    struct delivery *delivery;
    const struct dossier *dossier; /* lives until `done` */
    id upload; /* only its people, also when it is discarded; 0: the roster as it is */
    void (*person)(void *context, const struct recipient *recipient);
    void (*done)(struct roster_walk *walk); /* once; it may start again from here */
    void *context;
    /* Out. */
    enum result result;
    struct error error;
    int64_t unopened; /* erased, or damaged on the disk */
    /* Private. */
    struct store_roster_read read;
    struct lane_job job;
    struct arena *blocks, *arena;
    int64_t at;
    unsigned limit;
};
/* Walks from the first block; the in-members stay as they are. */
void roster_walk_start(struct roster_walk *walk);
