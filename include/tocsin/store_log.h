/* store_log.h - what the log keeps in the store: the head, which leaves are where, tiles,
 * checkpoints, cosignatures. The conventions are those of store.h. The entries themselves are the
 * receipts' batches, never copied: a range of indexes names its batch.
 *
 * Every write but the lease names the epoch it was leased under; one of an older epoch changes
 * nothing (CONFLICT). The store knows nothing of hashing: tiles and roots are bytes to it. */
#pragma once
#include "tocsin/store.h"

/* The one row that says what the log is. */
struct log_head {
    uint64_t size;
    uint8_t
        root[DIGEST_SIZE]; /* of `size` leaves; of none: SHA-256("") as the sequencer gives it */
    int64_t epoch;         /* raised with every change of owner */
    id owner;
    time_ms until;      /* end of the lease */
    unsigned shard;     /* 1, 2, ...: which log of this store; those before have ended */
    const char *origin; /* "" until the first checkpoint is signed; never changes then */
};
struct store_log_head {
    struct store_request request;
    struct log_head head; /* out */
};
/* A log that was never led has size 0 and epoch 0. */
void store_log_head(struct store *store, struct store_log_head *req);

/* Becomes or stays the one sequencer. CONFLICT: another owner's lease has not ended. */
struct store_log_lease {
    struct store_request request;
    id owner;
    time_ms now, until;
    bool alone;           /* no other process can have the store open: leases of others are dead */
    struct log_head head; /* out */
};
void store_log_lease(struct store *store, struct store_log_lease *req);

struct log_tile {
    unsigned level;
    uint64_t index;
    struct blob hashes; /* 32 bytes each */
};

/* Batches that have no place yet, in the order of commit. */
struct store_log_pending {
    struct store_request request;
    unsigned limit;           /* batches; also ends after 65,536 receipts or 16 MiB of leaves */
    struct receipt_row *rows; /* out: `order` is what `append` wants; without details */
    size_t n;
};
void store_log_pending(struct store *store, struct store_log_pending *req);

/* Gives batches their places: ranges, tiles, the head, and the end of `pending`, or nothing. */
struct log_range {
    uint64_t first;
    int64_t order; /* of the batch */
    unsigned n;
};
struct store_log_append {
    struct store_request request;
    uint64_t size_from; /* CONFLICT unless the head stands there under this epoch */
    int64_t epoch;
    uint64_t size;
    uint8_t root[DIGEST_SIZE];
    const struct log_range *ranges;
    size_t n_ranges;
    const struct log_tile *tiles; /* one that is shorter than the stored one is passed over */
    size_t n_tiles;
};
void store_log_append(struct store *store, struct store_log_append *req);

/* Signed checkpoints: one at each size, for ever. */
struct log_checkpoint {
    uint64_t size;
    uint8_t root[DIGEST_SIZE];
    const char *note;
    time_ms at;
    const char *cosignatures; /* out: lines in the order they came, "" */
};
struct store_log_sign {
    struct store_request request;
    int64_t epoch;
    const char *origin;
    struct log_checkpoint checkpoint;
};
/* CONFLICT: the head is not of this size, root and epoch, or the log's origin is another. EXISTS:
 * there is a checkpoint of this size. */
void store_log_sign(struct store *store, struct store_log_sign *req);

struct store_log_checkpoint {
    struct store_request request;
    unsigned shard;                   /* in: 0: the one that grows */
    uint64_t size;                    /* in: exactly this one; UINT64_MAX: the newest */
    const char *name;                 /* in: the newest that this witness cosigned; NULL: any */
    struct log_checkpoint checkpoint; /* out; NOT_FOUND */
};
void store_log_checkpoint(struct store *store, struct store_log_checkpoint *req);

/* A witness's line under the checkpoint of this size; again: replaced. NOT_FOUND: there is none. */
struct store_log_cosign {
    struct store_request request;
    uint64_t size;
    const char *name, *line;
    time_ms at;
};
void store_log_cosign(struct store *store, struct store_log_cosign *req);

/* What somebody outside said of the checkpoint of this size; again: replaced. NOT_FOUND: there is
 * no such checkpoint. */
enum log_anchor_kind { LOG_ANCHOR_TIMESTAMP = 1, LOG_ANCHOR_MAIL = 2 };
struct log_anchor_row {
    uint64_t size;
    const char *name; /* of the configured anchor; no personal data */
    enum log_anchor_kind kind;
    struct blob proof; /* a timestamp: the TimeStampResp; mail: empty */
    time_ms at;        /* as they say, else as we do */
    const char *note;  /* out: the checkpoint that was anchored, without cosignatures */
};
struct store_log_anchor {
    struct store_request request;
    struct log_anchor_row row;
};
void store_log_anchor(struct store *store, struct store_log_anchor *req);

/* Ascending by size; `newest`: descending. Proofs are given of timestamps only. */
struct store_log_anchors {
    struct store_request request;
    unsigned shard;            /* 0: the one that grows */
    const char *name;          /* of this anchor; NULL: all of `kind` */
    enum log_anchor_kind kind; /* without a name */
    uint64_t after, most;      /* sizes from `after` + 1 to `most` */
    bool newest;
    unsigned limit;
    struct log_anchor_row *rows; /* out */
    size_t n;
};
void store_log_anchors(struct store *store, struct store_log_anchors *req);

/* Tiles by name: hashes are filled, in the arena; one that is missing has length 0. */
struct store_log_tiles {
    struct store_request request;
    unsigned shard;         /* 0: the one that grows */
    struct log_tile *tiles; /* in: level, index */
    size_t n;
};
void store_log_tiles(struct store *store, struct store_log_tiles *req);

/* The batches that hold the entries first .. first + n - 1; without details. */
struct store_log_entries {
    struct store_request request;
    unsigned shard; /* 0: the one that grows */
    uint64_t first;
    unsigned n;
    struct log_entry_row {
        struct log_range range;
        struct blob leaves; /* deflated, as stored */
    } * rows;               /* out, ascending */
    size_t n_rows;
};
void store_log_entries(struct store *store, struct store_log_entries *req);

/* Where a batch stands. NOT_FOUND: there is no such batch; `placed` false: it waits. */
struct store_log_find {
    struct store_request request;
    id batch;
    bool placed;                      /* out */
    unsigned shard;                   /* out: of its place */
    struct log_range range;           /* out */
    struct blob leaves;               /* out: deflated */
    struct log_head head;             /* out: of the same moment, as is the newest checkpoint */
    struct log_checkpoint checkpoint; /* out: of that shard; note NULL: none is signed */
};
void store_log_find(struct store *store, struct store_log_find *req);

/* Ends the log at its newest checkpoint, and begins the next: index 0, no origin yet. What was
 * appended but not signed waits again; `begun`, the receipt that carries the last checkpoint, is
 * the first leaf of the next. CONFLICT: the newest checkpoint is not of this shard and size, or the
 * origin was one's before; NOT_FOUND: nothing was signed. */
struct store_log_end {
    struct store_request request;
    unsigned shard;
    uint64_t size;
    const char *origin; /* of the next */
    const char *reason; /* a fixed word */
    time_ms at;
    const struct receipt_batch *begun;
};
void store_log_end(struct store *store, struct store_log_end *req);

/* The shards that have ended, ascending. */
struct store_log_shards {
    struct store_request request;
    struct log_shard_row {
        unsigned shard;
        const char *origin, *note, *reason;
        uint64_t size;
        uint8_t root[DIGEST_SIZE];
        time_ms ended_at;
        id begun;           /* the batch that is the first leaf of the next shard */
        struct blob leaves; /* of that batch: deflated */
    } * rows;               /* out */
    size_t n;
};
void store_log_shards(struct store *store, struct store_log_shards *req);
