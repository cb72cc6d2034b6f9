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

/* Keeps the text of a notice; once is enough. */
void notice_text_put(struct store_work *work, const char *digest, struct blob body);

/* Columns of a wave as read_wave() wants them. */
#define WAVE_COLUMNS                                                                               \
    "w.id, w.incident, w.ordinal, w.kind, w.state, w.held_from, w.policy, w.approved_hash,"        \
    " w.approvals, w.plan_cursor, w.released_at, w.settled_at, w.hold_until, w.people, w.author,"  \
    " w.notice, w.notice_first, w.not_before, w.spec, w.caps"
enum { WAVE_COLUMNS_N = 20 };
void wave_row_read(struct sql_query *query, int column, struct arena *arena, struct wave_row *row);
/* NOT_FOUND or OK. */
enum result wave_row_get(struct store_work *work, int64_t wave, struct arena *arena,
                         struct wave_row *ret_row);
/* Raises the incident's version and voids the approvals of every wave that is not released, which
 * goes back to draft; how many had any. */
int wave_void_all(struct store_work *work, id incident);
/* The same for a roster that grows: people who come after the release of the first wave belong to
 * no wave until one takes them in. CONFLICT when the first wave is canceled. NOT_FOUND. */
enum result wave_reopen(struct store_work *work, id incident);
/* CONFLICT when the incident's first wave is canceled. NOT_FOUND. */
enum result wave_check_open(struct store_work *work, id incident);
/* All waves of an incident into the arena; NULL when it is full. */
struct wave_row *wave_rows(struct store_work *work, id incident, struct arena *arena,
                           size_t *ret_n);
/* A wave of one in state SENDING (HELD under a hold of the whole incident) with this chunk; its id.
 */
int64_t wave_of_one(struct store_work *work, const struct chunk_row *chunk, struct blob policy,
                    time_ms at);

/* Keeps row->document as version row->notice (1 when it is 0). */
void notice_version_put(struct store_work *work, const struct incident_row *row, id author);

/* ---- Holds. ---- */
/* Does an active hold cover a chunk of this kind / the whole wave? */
bool hold_covers(struct store_work *work, const struct chunk_row *chunk);
bool hold_covers_wave(struct store_work *work, id incident, int64_t wave);
/* People of the incident who are held, ascending, in the arena. */
const uint32_t *hold_people(struct store_work *work, id incident, struct arena *arena,
                            size_t *ret_n);
/* Is this notice version withdrawn? */
bool notice_is_withdrawn(struct store_work *work, id incident, int64_t notice);
/* A wave whose text is withdrawn wants to send again: it is held until somebody says how. */
void hold_withdrawn(struct store_work *work, id incident, int64_t wave, time_ms at);

enum { COUNTER_PEOPLE = 0xff };
/* Inserts a chunk and counts its members; its id, 0 after a failure. */
int64_t chunk_row_put(struct store_work *work, const struct chunk_row *chunk);
/* Draws from caps. BUSY: one does not fit; the request must end with it. */
enum result brake_draws_put(struct store_work *work, const struct brake_draw *draws, size_t n);
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
/* DENIED when this token is a program's: people approve; or, with `claimed`, when somebody else has
 * seen it. Unknown ones pass. */
enum result people_check(struct store_work *work, id principal, bool claimed);

/* ---- Growing arrays in an arena: the rows of a list. ---- */
/* `*array` has n elements of `size`; makes room for one more (doubling), zeroed. NULL, and the
 * request fails with TOO_LARGE, when the arena is full. */
void *rows_grow(struct store_work *work, struct arena *arena, void *array, size_t n, size_t size);
/* The arena a read needs; a missing one is the caller's bug. */
struct arena *request_arena(struct store_request *request);
/* A bound on rows: what was asked, at least 1, at most `most`. */
int64_t rows_limit(unsigned asked, unsigned most);
