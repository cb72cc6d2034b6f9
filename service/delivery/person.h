/* person.h - one person of an incident, found by id or number and opened. Loop thread. */
#pragma once
#include "service/delivery/dossier.h"

struct person_load {
    struct delivery_request request; /* cb; result and error are out */
    id incident;
    int ordinal;              /* of the wave whose dossier is opened; 0: the first */
    bool newest;              /* with the newest document */
    const char *recipient_id; /* NULL: by number */
    uint32_t number;
    struct dossier *dossier;    /* out, also on NOT_FOUND of the person; person_unload() frees it */
    struct recipient recipient; /* out */
    struct seal_key seed;       /* out */
    /* private */
    struct delivery *delivery;
    struct arena *arena;
    struct dossier_load load;
    struct store_roster_find find;
    struct store_roster_read read;
};
void person_load(struct delivery *delivery, struct person_load *load);
/* Frees what person_load got; the recipient ends with it. */
void person_unload(struct person_load *load);
/* Opens one member of blocks that were read, on the loop. */
struct person_opening {
    const struct seal_key *incident_key;
    const struct store_roster_read *read;
    uint32_t number;
    struct arena *arena;
    struct recipient recipient; /* out */
    struct seal_key seed;       /* out */
};
enum result person_open(struct delivery *delivery, struct person_opening *opening);
