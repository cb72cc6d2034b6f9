/* hold.h - holds: who may not be sent to now. The engine stops before the answer; the store keeps
 * it over every crash. The rules of requests are those of delivery.h. */
#pragma once
#include "service/delivery/delivery.h"

/* NULL, 0: every one. */
struct hold_scope {
    int64_t wave; /* by id ... */
    int ordinal;  /* ... or ordinal */
    const char *jurisdiction, *channel, *recipient_id;
};
struct delivery_hold_place {
    struct delivery_request request;
    id incident, principal;
    struct hold_scope scope;
    enum hold_kind kind;                   /* HOLD_PERSON or HOLD_ORDER_RULE */
    const char *reason, *agency, *officer; /* reason is required */
    time_ms until;                         /* an alarm, it never resumes by itself; TIME_NONE */
    id hold;                               /* out */
    struct wave_row wave;                  /* out: the one in the scope, else the first */
};
void delivery_hold_place(struct delivery *delivery, struct delivery_hold_place *req);

/* The first call asks to resume, one by another person does it. */
struct delivery_hold_lift {
    struct delivery_request request;
    id incident, principal;
    id hold;                 /* this one; or 0, and ... */
    struct hold_scope scope; /* ... those on this wave as a whole; none: on the incident */
    bool by_fact;            /* the order rules of scope.jurisdiction: its regulator is told */
    bool overridden;         /* by_fact: not told; an approver lets the people go all the same */
    int64_t notice;          /* wave: it goes on with this version; 0 = as it is */
    const char *note;        /* why; sealed; may be NULL */
    bool done;               /* out: resumed; else another person must agree */
    int holds;               /* out: how many */
    struct wave_row wave;    /* out: the one in the scope, else the first */
};
void delivery_hold_lift(struct delivery *delivery, struct delivery_hold_lift *req);

struct hold_view {
    struct hold_row row;
    int ordinal;                                          /* of its wave; 0: all */
    const char *reason, *agency, *officer, *recipient_id; /* NULL: none, or erased */
};
struct delivery_hold_list {
    struct delivery_request request;
    id incident;
    struct hold_view *items; /* out: the newest first */
    size_t n;
};
void delivery_hold_list(struct delivery *delivery, struct delivery_hold_list *req);
