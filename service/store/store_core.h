/* store_core.h - what the aggregates share: how a verb is declared, run and joined with its
 * receipts. Aggregates run on the writer's or a reader's thread and see their request and one
 * connection, nothing else. */
#pragma once
/* Base. */
#include "base/list.h"
#include "base/mem.h"

/* Interfaces. */
#include "tocsin/store.h"

/* This module. */
#include "service/store/sql.h"

/* One request inside its transaction. */
struct store_work {
    struct sql *sql;
    bool keep; /* commit what was written although the result is not OK */
    struct error *error;
    struct roster_filter **filter; /* the writer's memory of one roster's keys; reads: NULL */
};

struct store_verb {
    const char *name;
    bool write;
    enum result (*run)(struct store_work *work, struct store_request *request);
    bool alone; /* outside of any transaction: checkpoints and the like */
};
void store_submit(struct store *store, struct store_request *request,
                  const struct store_verb *verb);

/* Defines `store_<NAME>`: a verb over struct TYPE whose body follows as `run_<NAME>`. */
#define STORE_VERB(NAME, TYPE, WRITE, ALONE)                                                       \
    static enum result run_##NAME(struct store_work *work, struct TYPE *req);                      \
    static enum result call_##NAME(struct store_work *work, struct store_request *request)         \
    {                                                                                              \
        return run_##NAME(work, container_of(request, struct TYPE, request));                      \
    }                                                                                              \
    void store_##NAME(struct store *store, struct TYPE *req)                                       \
    {                                                                                              \
        static const struct store_verb verb = {#NAME, WRITE, call_##NAME, ALONE};                  \
        store_submit(store, &req->request, &verb);                                                 \
    }                                                                                              \
    static enum result run_##NAME(struct store_work *work, struct TYPE *req)
#define STORE_READ(NAME, TYPE)        STORE_VERB(NAME, TYPE, false, false)
#define STORE_WRITE(NAME, TYPE)       STORE_VERB(NAME, TYPE, true, false)
#define STORE_READ_ALONE(NAME, TYPE)  STORE_VERB(NAME, TYPE, false, true)
#define STORE_WRITE_ALONE(NAME, TYPE) STORE_VERB(NAME, TYPE, true, true)

/* ---- Shared rows. ---- */
/* Stores a batch and its `pending` row; NULL: nothing. */
void receipt_row_put(struct store_work *work, const struct receipt_batch *batch);
void receipt_row_put_late(struct store_work *work, const struct receipt_batch *batch);
/* Stores the reply of an idempotent request; NULL: nothing. False: the key is taken (EXISTS). */
bool idempotency_row_put(struct store_work *work, const struct idempotency *record);

/* Columns of a wave as read_wave() wants them. */
#define WAVE_COLUMNS                                                                               \
    "w.id, w.incident, w.ordinal, w.kind, w.state, w.held_from, w.policy, w.approved_hash,"        \
    " w.approvals, w.plan_cursor, w.released_at, w.settled_at, w.hold_until, w.people"
enum { WAVE_COLUMNS_N = 14 };
void wave_row_read(struct sql_query *query, int column, struct arena *arena, struct wave_row *row);
/* NOT_FOUND or OK. */
enum result wave_row_get(struct store_work *work, int64_t wave, struct arena *arena,
                         struct wave_row *ret_row);
/* Voids the approvals of the incident's first wave, which goes back to draft, and raises the
 * incident's version. CONFLICT when that wave is past approval. */
enum result wave_reopen(struct store_work *work, id incident);
/* CONFLICT unless the incident's first wave is in draft or approved. NOT_FOUND. */
enum result wave_check_open(struct store_work *work, id incident);
/* A wave of one in state SENDING with this chunk; its id. */
int64_t wave_of_one(struct store_work *work, const struct chunk_row *chunk, struct blob policy,
                    time_ms at);

enum { COUNTER_PEOPLE = 0xff };
/* Inserts a chunk and counts its members; its id, 0 after a failure. */
int64_t chunk_row_put(struct store_work *work, const struct chunk_row *chunk);
/* Adds to a counter. */
void counter_add(struct store_work *work, int64_t wave, unsigned channel, unsigned key,
                 int64_t delta);
/* Members that came into a state, in the hour of `at`. */
void counter_hour_add(struct store_work *work, const struct wave_counter *delta, time_ms at);
void counters_people(struct store_work *work, int64_t wave, const struct wave_counter *deltas,
                     size_t n);

/* Are the holders of two tokens certainly two people? Not when they are one person, nor when one
 * minted the other's token, himself or through others: he may have kept it. */
bool people_apart(struct store_work *work, id a, id b);
/* DENIED when this token is a program's: people approve. Unknown ones pass. */
enum result people_check(struct store_work *work, id principal);

/* ---- Growing arrays in an arena: the rows of a list. ---- */
/* `*array` has n elements of `size`; makes room for one more (doubling), zeroed. NULL, and the
 * request fails with TOO_LARGE, when the arena is full. */
void *rows_grow(struct store_work *work, struct arena *arena, void *array, size_t n, size_t size);
/* The arena a read needs; a missing one is the caller's bug. */
struct arena *request_arena(struct store_request *request);
/* A bound on rows: what was asked, at least 1, at most `most`. */
int64_t rows_limit(unsigned asked, unsigned most);
