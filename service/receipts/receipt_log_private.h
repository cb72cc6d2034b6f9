/* receipt_log_private.h - between the files of the running log. */
#pragma once
/* Base. */
#include "base/sm.h"

/* Interfaces. */
#include "tocsin/lane.h"

/* This module. */
#include "service/receipts/receipt_leaves.h"
#include "service/receipts/receipt_log.h"

/* log_hash.c: one batch of batches on the lane. */
struct log_hash {
    struct lane_job job; /* first */
    struct receipt_log *log;
    struct tile_edge edge; /* in: where the log stands; out: where it will */
    const struct receipt_row *rows;
    size_t n_rows;
    struct arena *arena;
    struct log_range *ranges; /* out */
    struct log_tile *tiles;   /* out */
    size_t n_tiles, tiles_room;
    struct merkle_hash root; /* out */
    int64_t damaged;         /* out: order of a batch that cannot be read; 0: none */
    bool full;               /* out: the arena was too small */
};
void log_hash_work(struct log_hash *hash);

enum log_state {
    LOG_STOPPED,
    LOG_LEASING,  /* asks for the lease */
    LOG_CHECKING, /* reads its edge and the newest checkpoint */
    LOG_WAITING,  /* for the timer */
    LOG_READING,
    LOG_HASHING,
    LOG_APPENDING,
    LOG_SIGNING,
    LOG_BROKEN, /* what is stored is not what it should be: only a person can tell why */
    LOG_STATES_N
};

/* ---- Anchors: whoever outside vouches for a checkpoint, so that we cannot take it back. ----
 * log_anchor.c asks when one is due, asks again after failures, and knows when one is late; a kind
 * does the asking and ends it with log_anchor_done() or log_anchor_failed(), never from inside. */
struct log_anchor;
struct log_anchor_type {
    const char *word;                          /* in logs, metrics */
    const char *problem;                       /* of /readyz, when it is late */
    void (*learn)(struct log_anchor *anchor);  /* ends in log_anchor_learned() */
    void (*submit)(struct log_anchor *anchor); /* anchor->newest has the checkpoint */
    void (*stop)(struct log_anchor *anchor);   /* may be NULL */
    void (*free)(struct log_anchor *anchor);
};
struct log_anchor {
    const struct log_anchor_type *type;
    struct receipt_log *log;
    const char *name; /* where the store keeps what it said */
    int64_t interval_ms;
    struct loop_timer timer;
    struct receipt_log_question newest;
    struct arena *arena;         /* of one round */
    bool busy, started, refused; /* refused: it said no, which waiting does not mend */
    uint64_t anchored, asked;    /* sizes: the last vouched for, the one that is asked about */
    time_ms anchored_at;         /* TIME_NONE: never */
    unsigned failures;
    int64_t due_since; /* monotonic; -1: none is due */
};
void log_anchor_init(struct log_anchor *anchor, struct receipt_log *log,
                     const struct log_anchor_type *type, int64_t interval_ms);
void log_anchor_free(struct log_anchor *anchor);
void log_anchor_wake(struct log_anchor *anchor);
void log_anchor_stop(struct log_anchor *anchor);
bool log_anchor_late(const struct log_anchor *anchor);
void log_anchor_learned(struct log_anchor *anchor, uint64_t size, time_ms at);
void log_anchor_done(struct log_anchor *anchor, time_ms at);
/* `why`: a static word. `refused`: an answer, not silence. */
void log_anchor_failed(struct log_anchor *anchor, const char *why, long status, bool refused);
/* At once, from another state of knowledge. */
void log_anchor_again(struct log_anchor *anchor);
/* What the store has of it by its name; a `learn`. */
void log_anchor_recall(struct log_anchor *anchor);
/* A `stop` that takes its time: held until as many releases. */
void log_anchor_hold(struct receipt_log *log);
void log_anchor_release(struct receipt_log *log);

/* log_witness.c, log_timestamp.c, log_mail.c */
extern const struct log_anchor_type log_witness_type, log_timestamp_type, log_mail_type;
enum result log_witness_open(struct receipt_log *log, const struct receipt_log_witness *config,
                             struct log_anchor **ret_anchor, struct error *error);
enum result log_timestamp_open(struct receipt_log *log, const struct receipt_log_timestamp *config,
                               struct log_anchor **ret_anchor, struct error *error);
enum result log_mail_open(struct receipt_log *log, const struct receipt_log_mail *config,
                          struct log_anchor **ret_anchor, struct error *error);

struct receipt_log {
    struct loop *loop;
    struct store *store;
    struct http_client *client;
    const char *public_url;
    struct lane *lane;
    struct arena *texts;
    bool alone;
    struct note_signer signers[RECEIPT_LOG_SIGNERS_MAX];
    size_t n_signers;
    struct log_anchor *anchors[RECEIPT_LOG_ANCHORS_MAX];
    size_t n_anchors;
    unsigned held; /* anchors that are still closing */

    unsigned state;
    bool stopping;
    void (*stopped)(void *context);
    void *stopped_context;
    struct loop_timer timer;
    id owner;
    int64_t epoch;
    time_ms lease_until;
    struct tile_edge *edge; /* as the store has it */
    struct merkle_hash root;
    uint64_t seen_size; /* by others */
    bool seen_forked;
    uint64_t signed_size;
    time_ms signed_at;
    int64_t signed_mono;    /* monotonic time of the last signature; 0: never */
    int64_t unsigned_since; /* monotonic; -1: all is signed */
    const char *problem;    /* static; LOG_BROKEN and LOG_LEASING */
    uint64_t appended, signed_count;

    struct arena *arena; /* of the step */
    struct log_hash *hash;
    struct store_log_lease lease;
    struct store_log_tiles tiles;
    struct store_log_checkpoint newest;
    struct store_log_pending pending;
    struct store_log_append append;
    struct store_log_sign sign;
    struct tile_set *set;
    struct buf note;
};

/* sequencer.c */
void log_wait(struct receipt_log *log, int64_t ms);
/* Back to the lease after a while. */
void log_begin_again(struct receipt_log *log, const struct store_request *request);
void log_broken(struct receipt_log *log, const char *problem);
/* log_check.c: from CHECKING to WAITING or BROKEN. */
void log_check(struct receipt_log *log);
/* log_view.c: tiles into a set. */
size_t log_tiles_wanted(const struct tile_set *set, struct log_tile *wanted);
/* False: one is missing or shorter than it must be. */
bool log_tiles_take(struct tile_set *set, const struct log_tile *got);
