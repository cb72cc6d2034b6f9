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

struct log_witness {
    struct receipt_log *log;
    const char *add_url;
    struct note_verifier verifier;
    struct http_fetch fetch;
    struct loop_timer timer;
    struct receipt_log_question newest, growth;
    struct store_log_checkpoint known_req;
    struct store_log_cosign cosign;
    struct arena *arena;
    struct buf body, line;
    bool busy, started, refused; /* refused: it says that we forked or that we are not its log */
    uint64_t known, cosigned;    /* its size as we know it; the last it cosigned */
    uint64_t asked;
    unsigned failures;
    int64_t behind_since; /* monotonic; -1: it is not */
};

struct receipt_log {
    struct loop *loop;
    struct store *store;
    struct http_client *client;
    struct lane *lane;
    struct arena *texts;
    bool alone;
    struct note_signer signers[RECEIPT_LOG_SIGNERS_MAX];
    size_t n_signers;
    struct log_witness witnesses[RECEIPT_LOG_WITNESSES_MAX];
    size_t n_witnesses;

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
/* log_witness.c */
enum result log_witness_init(struct log_witness *witness, struct receipt_log *log,
                             const struct receipt_log_witness *config, struct error *error);
void log_witness_free(struct log_witness *witness);
void log_witness_wake(struct log_witness *witness);
void log_witness_stop(struct log_witness *witness);
bool log_witness_late(const struct log_witness *witness);
/* log_view.c: tiles into a set. */
size_t log_tiles_wanted(const struct tile_set *set, struct log_tile *wanted);
/* False: one is missing or shorter than it must be. */
bool log_tiles_take(struct tile_set *set, const struct log_tile *got);
