/* run_private.h - a chunk being worked on, and its batches. For run.c, batch.c, render.c, record.c,
 * escalate.c. */
#pragma once
#include "base/sm.h"
#include "service/delivery/plan/cut.h"
#include "service/delivery/brake/braking.h"
#include "service/delivery/delivery_private.h"
#include "service/delivery/outcome/judge.h"
#include "service/delivery/run/retries.h"

enum { BATCH_MAX = 100, SEND_LIMIT_MS = 20 * 60 * 1000 };

struct batch;

/* One message of a batch. */
struct batch_item {
    struct channel_send send;
    struct batch *batch;
    uint16_t position;
    uint8_t attempt; /* of this send: 1, 2, ... */
    uint8_t flags;   /* RETRY_* of the member before */
    uint32_t number;
    struct seal_key seed;
    const char *recipient_id, *address; /* in the batch's arena */
    char token[TOKEN_TEXT_SIZE], key[TOKEN_TEXT_SIZE];
    uint8_t digest[DIGEST_SIZE];
    const char *refused; /* not sent at all: a fixed word why */
    const char *reason;  /* of the outcome, for the receipt: a fixed word, or NULL */
    bool receipted;
    struct outcome outcome;
    unsigned units; /* that the provider charges: parts of a text message; 0 counts as 1 */
    bool provider_fault;
    bool first_fault; /* the provider was well until this message */
    int64_t sent_at;  /* monotonic; 0 = not handed over */
};

enum batch_state {
    BATCH_READING,
    BATCH_RENDERING,
    BATCH_INTENDING,
    BATCH_SENDING,
    BATCH_RECORDING,
    BATCH_STATES_N
};

struct batch {
    struct list node; /* run.batches */
    struct list room; /* gate.waiting */
    struct run *run;
    unsigned state; /* enum batch_state */
    bool query;     /* asks the provider instead of sending */
    bool canceled;
    unsigned n, left; /* items; outcomes still to come */
    unsigned next;    /* items before it are handed over, refused or given up */
    struct batch_item *items;
    struct arena *arena;
    struct lane_job job;
    struct store_roster_read read;
    struct store_chunk_record record;
    struct chunk_intent intent;
    uint16_t positions[BATCH_MAX];
    struct member_change changes[BATCH_MAX];
    uint32_t numbers[BATCH_MAX];
    struct receipt_batch receipts;
    unsigned n_receipts;
    time_ms judged_at;
    struct buf retries;
    struct blob retries_blob;
    struct loop_timer busy; /* the driver said BUSY: again soon */
    struct brake_drawing drawing;
    struct brake_draw draws[BATCH_DRAWS]; /* of the record that is on its way */
    unsigned n_draws;
};

struct run {
    struct list node; /* active_wave.runs; first */
    struct active_wave *wave;
    struct gate *gate;
    const struct channel_driver *driver;
    struct chunk_row chunk; /* members, progress and cohort are copies of our own */
    char *cohort;
    uint32_t *members;
    uint8_t *progress;
    bool busy[CHUNK_MEMBERS]; /* in a batch now */
    bool kept[CHUNK_MEMBERS]; /* this person is held: not sent to now */
    bool held;                /* a hold covers the chunk: it is given back */
    struct retries retries;
    struct list batches;
    unsigned n_batches;
    unsigned most;   /* members of a batch; fewer when their blocks do not fit */
    unsigned queued; /* our part of wave->queued */
    int64_t next_seq;
    int64_t renewed_at; /* monotonic */
    bool lost;          /* the lease is somebody else's, or the store has stopped: write no more */
    bool ending;        /* the final record is on its way */
    bool ended;         /* it is on disk */
    struct judgement *judgement;
    bool rejudge; /* a fact came while it was decided: decide again */
    struct store_chunk_record renew;
    bool renewing;
    time_ms parked_until; /* its brakes say so; 0: they do not */
    const char *parked_why;
    bool heard; /* its provider was found to report */
    bool stays; /* its people wait where they are: their channel stopped by itself */
};

/* batch.c */
/* Takes `n` positions (ascending, marked busy by the caller, slots taken from the gate). */
void batch_start(struct run *run, const uint16_t *positions, unsigned n, bool query);
void batch_cancel(struct batch *batch);
/* render.c: the lane's part. */
void batch_render(struct lane_job *job, unsigned thread);
/* record.c: turns outcomes into changes, retries and receipts, and writes them. */
void batch_record(struct batch *batch);
/* run.c */
/* No more bytes of this run: its wave stops, or a hold covers it. */
bool run_stops(const struct run *run);
void run_batch_done(struct run *run, struct batch *batch, enum result result);
/* The time of a retry after an uncertain or deferred outcome. */
int64_t run_backoff(struct run *run, unsigned attempt);

/* escalate.c: judges members on the evidence there is. */
enum verdict_kind {
    VERDICT_TOLD,
    VERDICT_PASS_ON,
    VERDICT_UNCERTAIN,
    VERDICT_KNOWN /* it may have left, and a later fact says more: only the receipt is missing */
};
struct verdict {
    uint16_t position;
    uint8_t kind;
    uint8_t attempt;    /* UNCERTAIN: the attempt that may have left */
    const char *reason; /* a fixed word */
};
/* Told, passed on, or still waiting, some hundred people at a time; the last of it ends the run
 * when no send is left to do. */
void run_judge(struct run *run);
/* Is there anything to decide now, though sends still wait for a slot? */
bool run_can_judge(struct run *run);
/* At the start: members of intents that a dead process left open may have been sent. */
void run_judge_intents(struct run *run, const struct chunk_intent *intents, size_t n);
/* What becomes of a member after an uncertain outcome: its state, and its retry in run->retries. */
uint8_t run_uncertain(struct run *run, uint16_t position, unsigned attempt, unsigned flags);
