/* store_brake.h - the durable side of a wave's brakes: where it is between its seeds and the open
 * road, what stopped it, and the counts that its caps are held against. The promises of all verbs
 * stand at the head of store_request.h.
 *
 * A count is (scope, bucket) -> value. Draws are part of store_chunk_record: a draw that does not
 * fit refuses the whole record (BUSY), so that no process, however many there are, passes a cap. */
#pragma once
#include "tocsin/store_request.h"

/* One count's change, checked against the sum of its window. */
struct brake_draw {
    const char *scope; /* at most 79 bytes, no personal data */
    int64_t bucket;    /* which is added to */
    int64_t first;     /* buckets from here to `bucket` may sum up to `limit`; older ones go */
    int64_t n;         /* < 0 gives back: always fits */
    int64_t limit;     /* < 0: only counted */
};

/* Stored: frozen. */
enum brake_stage {
    BRAKE_SEEDS = 0,   /* addresses of our own first */
    BRAKE_CANARY = 1,  /* the first few */
    BRAKE_WAITING = 2, /* for a person */
    BRAKE_OPEN = 3,    /* the ramp, then all */
    BRAKE_STAGES_N
};
enum { BRAKE_STOPS_MAX = 16 };
struct brake_stop {
    char scope[56];  /* "": the wave; "email": a channel; "email|gmail.com": one receiving domain */
    char reason[24]; /* a fixed word */
    char figures[160]; /* JSON: what led to it */
    time_ms at;
};
struct brake_count {
    const char *scope;
    int64_t bucket, value;
};

/* Everything that is known about the brakes of a wave; 0: the counts that belong to no wave. */
struct store_brake_get {
    struct store_request request;
    int64_t wave;
    enum brake_stage stage;   /* out */
    time_ms since;            /* out: TIME_NONE before the first move */
    int64_t people;           /* out: planned members of the wave */
    struct brake_stop *stops; /* out: those in force, the oldest first */
    size_t n_stops;
    struct brake_count *counts; /* out: of scopes that begin with "w<wave>:", or of all others */
    size_t n_counts;
};
/* A wave that has never braked: OK and all zero. */
void store_brake_get(struct store *store, struct store_brake_get *req);

/* From stage to stage. CONFLICT when it is not in `from`. */
struct store_brake_move {
    struct store_request request;
    int64_t wave;
    enum brake_stage from, to;
    time_ms at;
    const struct receipt_batch *receipts;
};
void store_brake_move(struct store *store, struct store_brake_move *req);

/* Stops a scope of a wave. EXISTS: it is stopped already. */
struct store_brake_stop {
    struct store_request request;
    int64_t wave;
    struct brake_stop stop;
    const struct receipt_batch *receipts;
};
void store_brake_stop(struct store *store, struct store_brake_stop *req);

/* Lifts stops, and forgets the counts that begin with `forget` (they would stop it again at once).
 * NOT_FOUND: nothing of this scope is stopped. */
struct store_brake_resume {
    struct store_request request;
    int64_t wave;
    const char *scope; /* NULL: all of the wave's */
    time_ms at;        /* chunks that were put aside are due then */
    const char *const *forget;
    size_t n_forget;
    const struct brake_draw *draws; /* what is counted instead: may be NULL */
    size_t n_draws;
    const struct receipt_batch *receipts;
};
void store_brake_resume(struct store *store, struct store_brake_resume *req);
