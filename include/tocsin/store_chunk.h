/* store_chunk.h - verbs of the engine: plans, chunks under lease, late facts, counters. The
 * promises of all verbs stand at the head of store_request.h. */
#pragma once
#include "tocsin/store_brake.h"
#include "tocsin/store_incident.h"

/* ---- Chunks: up to 1,000 members of one cohort on one rung. ---- */
enum { CHUNK_MEMBERS = 1000 };

/* Progress of one member on this chunk's channel: one byte. Stored: frozen. */
enum member_state {
    MEMBER_PENDING = 0,
    MEMBER_DEFERRED = 1,
    MEMBER_UNCERTAIN = 2,
    MEMBER_CANCELED = 3,
    MEMBER_ACCEPTED = 4,
    MEMBER_DELIVERED = 5,
    MEMBER_DISPLAYED = 6,
    MEMBER_ACKNOWLEDGED = 7,
    MEMBER_FAILED = 8,
    MEMBER_BOUNCED = 9,
    MEMBER_RETURNED = 10,
    MEMBER_ASKED = 11, /* a person must decide */
    MEMBER_STATES_N,
    MEMBER_STATE_MASK = 0x1f,
    MEMBER_TOLD = 0x40,     /* flag: the evidence asked for is there */
    MEMBER_PASSED_ON = 0x80 /* flag: done here; the next rung has the person, or none is left */
};
const char *member_state_name(unsigned state); /* of the masked state */
/* Merges a new state into an old byte (flags included) as late, duplicate and reordered facts
 * demand: pure. */
uint8_t member_merge(uint8_t old, uint8_t fresh);

enum chunk_state { CHUNK_READY = 0, CHUNK_LEASED = 1, CHUNK_WAITING = 2, CHUNK_DONE = 3 };
/* Flags of chunk_row.rung: beside the ladder, not in it; post was put first by the people's wish.
 */
enum { RUNG_BESIDE = 0x80, RUNG_PAPER = 0x40, RUNG_STEP = 0x3f };
struct chunk_row {
    int64_t id; /* < 2^40 */
    id incident;
    int64_t wave;
    uint8_t rung;             /* place in the people's ladders, with its flags */
    uint8_t address;          /* which of their addresses of the channel's kind */
    uint8_t channel;          /* index into the wave policy's channels */
    const char *cohort;       /* "US-CA|en|gmail.com": jurisdiction, locale, receiving domain */
    const char *channel_name; /* for holds; NULL: unknown. put: in */
    unsigned n;
    const uint32_t *members; /* roster numbers, ascending */
    const uint8_t *progress; /* n bytes */
    struct blob retries;     /* the engine's own bytes, opaque here: members to be tried again */
    enum chunk_state state;
    time_ms due_at;  /* READY/WAITING: when it wants attention */
    int64_t gen;     /* fencing token */
    bool maybe_sent; /* of a new row: its members may have been sent to before: an open intent */
};
/* The engine numbers a generation's intents from gen * INTENT_SEQS; the one at INTENT_DOUBT is the
 * store's own: members of a restored store who may have been sent to since the copy was made. */
enum { INTENT_SEQS = 1000000, INTENT_DOUBT = INTENT_SEQS - 1 };
struct chunk_intent { /* a batch that may have left: durable before its first byte */
    int64_t seq;
    int64_t gen;
    const uint16_t *positions;
    unsigned n;
    uint8_t attempt;
    int64_t notice; /* the notice version it carries */
};
struct wave_counter { /* exact, kept in the same transactions */
    int64_t wave;
    uint8_t channel; /* index; 0xff: people, not channels */
    uint8_t key;     /* channel rows: enum member_state; people rows: enum people_key */
    int64_t value;
};
enum people_key {
    PEOPLE_PLANNED = 0,
    PEOPLE_TOLD = 1,
    PEOPLE_UNREACHABLE = 2,
    PEOPLE_WITHHELD = 3,
    PEOPLE_KEYS_N
};

struct store_plan_append {
    struct store_request request;
    int64_t wave;
    int64_t cursor; /* roster block reached: moves wave.plan_cursor (CONFLICT unless `cursor_from`
                       holds) */
    int64_t cursor_from;
    const struct chunk_row
        *chunks; /* in: incident, wave, rung, channel, cohort, members; ids are out in chunk_ids */
    size_t n_chunks;
    const struct wave_counter *people; /* deltas */
    size_t n_people;
    bool done; /* planning is complete: the wave goes to SENDING */
    const struct receipt_batch *const *receipts;
    size_t n_receipts;
    int64_t *chunk_ids; /* out: of `chunks`, in request.arena (NULL without one) */
};
/* Chunks, counters, receipts and cursor in one transaction: a crash repeats it whole or not at all.
 * CONFLICT also when the wave is not PLANNING. */
void store_plan_append(struct store *store, struct store_plan_append *req);

struct store_chunk_claim {
    struct store_request request;
    id owner; /* this process */
    time_ms now;
    int64_t lease_ms;
    int64_t wave;      /* claim from this wave, in state SENDING */
    uint32_t channels; /* bit mask of channel indexes that have free slots */
    unsigned limit;
    bool begun; /* only chunks that were worked on before, newest first: evidence and late facts are
                   judged without a free slot */
    struct chunk_row
        *chunks; /* out: leased to owner, gen raised; READY or WAITING rows that are due */
    struct chunk_intent **intents; /* out: per chunk, open intents of earlier generations */
    size_t *n_intents;
    const uint32_t *held; /* out: people of the incident that are held, ascending */
    size_t n_held;
    size_t n;
    time_ms next_due; /* out: when the next chunk of this wave and these channels is due; TIME_NONE
                         = none */
    bool open;        /* out: some chunk of the wave is not DONE */
};
/* n = 0 is OK; chunks that an active hold covers are not there, nor those of a wave whose notice
 * version is withdrawn. Chunks whose lease has run out are claimed like those that are due. */
void store_chunk_claim(struct store *store, struct store_chunk_claim *req);

/* Everything one step of the engine writes about a chunk, in one transaction. With a stale `gen`
 * nothing changes but the receipts, which are stored marked late: CONFLICT. New intents of a chunk
 * that is held by now: DENIED, nothing changes; it was claimed before the hold. */
struct member_change {
    uint16_t position;
    uint8_t state; /* merged with member_merge */
};
struct store_chunk_record {
    struct store_request request;
    int64_t chunk, gen;
    const struct chunk_intent *intents_put; /* new, durable before the first byte */
    size_t n_intents_put;
    const int64_t *intents_drop; /* seqs whose outcomes are in `changes` */
    size_t n_intents_drop;
    const struct member_change *changes;
    size_t n_changes;
    const struct blob *retries; /* NULL = keep */
    int state;                  /* enum chunk_state, or -1 = keep (and renew the lease) */
    time_ms due_at;
    time_ms lease_until;
    time_ms at;                   /* now, for the counts by the hour; 0: not counted there */
    const struct chunk_row *next; /* chunks of the next rung for those passed on */
    size_t n_next;
    const struct wave_counter *people; /* deltas */
    size_t n_people;
    const struct receipt_batch *receipts; /* may be NULL */
    const struct brake_draw *draws;       /* BUSY when one does not fit: nothing is written */
    size_t n_draws;
};
/* NOT_FOUND; INVALID: a position past the chunk. */
void store_chunk_record(struct store *store, struct store_chunk_record *req);

/* A late fact about one member of a chunk, whoever has the lease: merged into progress, counters
 * moved, receipt appended; a chunk that waits is made due now when the fact is negative or
 * sufficient. */
struct store_fact {
    struct store_request request;
    int64_t chunk;
    uint16_t position;
    uint8_t state; /* MEMBER_* */
    time_ms at;
    const char *event; /* replay key (provider:event id), NULL = none: EXISTS when seen before */
    const struct receipt_batch *receipts; /* stored only when the fact changed something */
    const struct brake_draw *draws;       /* counted only when the fact changed something */
    size_t n_draws;
    bool wake;     /* in: the engine must look at the chunk whatever the fact is */
    bool changed;  /* out */
    int64_t wave;  /* out */
    bool reopened; /* out: a settled wave went back to SENDING, because its chunk wants the next
                      rung */
};
/* NOT_FOUND: no such chunk; INVALID: a position past it. */
void store_fact_put(struct store *store, struct store_fact *req);

struct store_chunk_get {
    struct store_request request;
    int64_t chunk; /* in: by id; or 0 and wave + number: all chunks that hold the person */
    int64_t wave;
    uint32_t number;
    struct chunk_row *rows;   /* out */
    struct wave_row wave_row; /* out: of the first row */
    struct blob key;          /* out: wrapped incident key */
    size_t n;
};
/* NOT_FOUND: no such chunk, or nobody of this number in the wave. */
void store_chunk_get(struct store *store, struct store_chunk_get *req);

struct store_counts {
    struct store_request request;
    int64_t wave;
    struct wave_counter *counters; /* out: those not 0 */
    size_t n;
};
/* A wave without counters: OK and n = 0. */
void store_counts_get(struct store *store, struct store_counts *req);

/* After a start: leases of dead owners (all but `owner`, SQLite has one process) are made due now,
 * uploads left open are forgotten. Out: how many chunks. */
struct store_recover {
    struct store_request request;
    id owner;
    time_ms now;
    size_t chunks;
    const struct receipt_batch *receipts;
};
void store_recover(struct store *store, struct store_recover *req);
