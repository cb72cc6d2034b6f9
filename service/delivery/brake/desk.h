/* desk.h - what a person does about brakes: says go on behind the canary, lifts what stopped by
 * itself, looks. */
#pragma once
#include "service/delivery/delivery.h"

struct delivery_continue {
    struct delivery_request request; /* CONFLICT: nothing waits; DENIED: something stopped by itself
                                        and `may_lift` is not set; NOT_FOUND: no such wave */
    id incident, principal;
    int ordinal;            /* of the wave: 1, 2, ... */
    const char *scope;      /* one stop; NULL: the canary, and all that stopped */
    const char *note;       /* why; sealed with the receipt; may be NULL */
    bool may_lift;          /* the caller may resume what stopped by itself */
    enum brake_stage stage; /* out */
    unsigned lifted;        /* out: stops */
};
void delivery_continue(struct delivery *delivery, struct delivery_continue *req);
