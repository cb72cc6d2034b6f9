/* census.h - how many people of each jurisdiction an incident has, and how they can be reached.
 * Loop thread; opening people runs on the render lane. */
#pragma once
#include "service/delivery/dossier.h"

enum { CENSUS_MAX = 512 };
struct census_place {
    char jurisdiction[16];
    int64_t n, email, email_consented, postal, phone, account, none;
};
struct census {
    struct census_place places[CENSUS_MAX]; /* ascending */
    size_t n;
    int64_t unknown; /* people without a jurisdiction, or past CENSUS_MAX of them */
    int64_t unopened;
};
/* One person more; `now` is for consent. Pure. */
void census_add(struct census *census, const struct recipient *recipient, time_ms now);

struct census_take {
    void (*cb)(struct census_take *take);
    struct delivery *delivery;
    const struct dossier *dossier; /* of whose roster; outlives it */
    struct census census;          /* out */
    enum result result;            /* out */
    struct error error;
    void *private_state;
};
void census_take(struct census_take *take);
