/* audience.h - whom a wave is for. A wave that takes people in is for all whom no wave took in
 * before; the others ask the past: who got which notice version, who stands in which evidence, and
 * of those only who fits the filter. Loaded on the loop; the judgements are pure. */
#pragma once
#include "service/delivery/dossier.h"

struct audience {
    int64_t taken_by;     /* for store_roster_read */
    bool asks;            /* `bits` says who; else everybody of the roster that is read */
    uint8_t *bits, *told; /* told: left out, where it is asked for; in the arena */
    size_t n_bits, n_told;
    bool moving;                /* messages are under way: who got them is not known yet */
    struct json_object *filter; /* of the wave's spec; borrowed */
    struct arena *arena;
};
struct audience_load {
    struct delivery_request request; /* cb, result, error */
    const struct dossier *dossier;   /* in: opened for the wave; outlives the audience */
    struct audience audience;        /* out: audience_free by the caller */
    /* private */
    struct delivery *delivery;
    struct store_audience ask, told;
    int64_t notices[32], waves[64];
};
void audience_load(struct delivery *delivery, struct audience_load *load);
void audience_free(struct audience *audience);
/* May this number be one of them? Before anybody is opened. */
bool audience_may(const struct audience *audience, uint32_t number);
/* Is this person one of them? `part` is of the upload he came with. */
bool audience_wants(const struct audience *audience, const struct recipient *recipient,
                    unsigned part);
