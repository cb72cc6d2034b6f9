/* receipt_log.h - the running log: one sequencer gives every receipt its place, signs checkpoints,
 * asks witnesses, and answers questions about the tree.
 *
 * Loop thread only; hashing happens on the lane `log`. A receipt that is stored is in the log
 * within a quarter of a second, under a signed checkpoint within a second. Without a key the log
 * grows unsigned: receipt_log_signs(). */
#pragma once
#include "base/arena.h"
#include "base/id.h"
#include "base/result.h"
#include "tocsin/channel.h"
#include "tocsin/http_client.h"
#include "tocsin/loop.h"
#include "tocsin/store_log.h"
#include "tocsin/tlog.h"

struct receipt_log;

struct receipt_log_witness {
    const char *url;  /* submission prefix, without trailing slash */
    const char *vkey; /* of its cosignatures */
};
/* An authority that timestamps checkpoints (RFC 3161). */
struct receipt_log_timestamp {
    const char *url;
    struct slice pem; /* certificates that it is believed by */
    int64_t interval_ms;
};
/* An auditor to whom checkpoints are mailed, by a driver that takes addresses of this kind. */
struct receipt_log_mail {
    const char *to;
    const struct channel_driver *driver; /* an instance of its own is opened at the first mail */
    const void *driver_config;           /* checked; outlives the log */
    int64_t interval_ms;
};
struct receipt_log_config {
    struct loop *loop; /* all outlive the log */
    struct store *store;
    struct http_client *client;        /* may be NULL without anchors */
    const char *public_url;            /* may be NULL without mail */
    const struct note_signer *signers; /* copied; all of one name, the origin; 0: unsigned */
    size_t n_signers;
    const struct receipt_log_witness *witnesses; /* copied, as the next two */
    size_t n_witnesses;
    const struct receipt_log_timestamp *timestamps;
    size_t n_timestamps;
    const struct receipt_log_mail *mails;
    size_t n_mails;
    bool threads; /* false: receipt_log_pump() runs the lane */
    bool alone;   /* the store is locked against other processes: a dead one's lease is void */
};
enum {
    RECEIPT_LOG_SIGNERS_MAX = 8,
    RECEIPT_LOG_WITNESSES_MAX = 8,
    RECEIPT_LOG_TIMESTAMPS_MAX = 4,
    RECEIPT_LOG_MAILS_MAX = 4,
    RECEIPT_LOG_ANCHORS_MAX = 16
};

/* INVALID: signers of several names; an anchor's key, certificate or address. */
enum result receipt_log_create(const struct receipt_log_config *config,
                               struct receipt_log **ret_log, struct error *error);
/* Before receipt_log_start: others have seen the log with so many receipts, or (`forked`) with
 * another tree. If that is not here, the log does not go on: it would show two trees of one size.
 */
void receipt_log_seen(struct receipt_log *log, uint64_t size, bool forked);
/* Takes the lease, checks what is stored, then works until stopped. */
void receipt_log_start(struct receipt_log *log);
/* No new work is begun; `done` comes once, when none is under way, never from inside. */
void receipt_log_stop(struct receipt_log *log, void (*done)(void *context), void *context);
/* Stopped, and no question open. Sets *log to NULL; *log may be NULL. */
void receipt_log_destroy(struct receipt_log **log);
/* Runs the lane's next job; false: none. Only without threads. */
bool receipt_log_pump(struct receipt_log *log);

/* Why the log is not what it should be: up to `most` static sentences. 0: all is well. */
size_t receipt_log_problems(const struct receipt_log *log, const char **reasons, size_t most);

/* False: no key was given, and nothing can be proved to a stranger. */
bool receipt_log_signs(const struct receipt_log *log);

struct receipt_log_stats {
    uint64_t size, signed_size;
    uint64_t appended, signed_count; /* since the start: receipts, checkpoints */
    bool leading;
    time_ms signed_at;
};
struct receipt_log_stats receipt_log_stats(const struct receipt_log *log);

/* Who outside vouches for checkpoints, by kind. */
enum receipt_log_anchor { ANCHOR_WITNESS, ANCHOR_TIMESTAMP, ANCHOR_MAIL, ANCHOR_KINDS_N };
struct receipt_log_anchor_stats {
    const char *word; /* "witness", "timestamp", "mail" */
    size_t n;         /* configured */
    uint64_t size;    /* receipts that all of them vouch for; 0 without any */
    time_ms at;       /* when the oldest of their newest was; TIME_NONE: not all of them have */
    bool late;
};
struct receipt_log_anchor_stats receipt_log_anchor_stats(const struct receipt_log *log,
                                                         enum receipt_log_anchor kind);

/* The verifier keys, one a line, appended; nothing without a key. */
void receipt_log_keys(const struct receipt_log *log, struct buf *to);
/* Appends the signature lines of a note that is no checkpoint (its first line must not be the
 * origin); false: there is no key. Any thread. */
bool receipt_log_sign(const struct receipt_log *log, struct slice text, struct buf *to);

/* ---- Questions. ---- */
/* Caller-owned; `cb` comes once, on the loop, never from inside the call. Outputs live in `arena`.
 */
struct receipt_log_question {
    struct receipt_log *log;
    struct arena *arena;
    void (*cb)(struct receipt_log_question *question);
    enum result result; /* NOT_FOUND; UNAVAILABLE: not yet; INVALID: damaged, or beyond the log */
    struct error error;

    /* In, by question. */
    unsigned shard; /* all but proof: 0: the log that grows. Out of a proof: where it stands, never
                       0 */
    unsigned level, width; /* tile, entries */
    uint64_t index;        /* tile, entries */
    uint64_t from, to;     /* consistency */
    id batch;              /* proof */
    unsigned slot;         /* proof */

    /* Out. */
    struct slice bytes;        /* checkpoint with cosignatures (also of a proof); tile; bundle */
    struct slice leaf;         /* proof */
    struct merkle_proof path;  /* proof, consistency */
    uint64_t leaf_index, size; /* proof: of the checkpoint */
    struct merkle_hash root;

    /* private */
    struct store_log_checkpoint checkpoint;
    struct store_log_head head;
    struct store_log_tiles tiles;
    struct store_log_entries entries;
    struct store_log_find find;
    struct store_log_shards shards;
    struct tile_set *set;
    struct log_tile *wanted;
};
/* The newest checkpoint. */
void receipt_log_checkpoint(struct receipt_log_question *question);
void receipt_log_tile(struct receipt_log_question *question);
void receipt_log_entries(struct receipt_log_question *question);
/* Appends the bytes as gzip (RFC 1952). Any thread. */
bool receipt_log_gzip(struct slice bytes, struct buf *to);
/* UNAVAILABLE: the receipt has no signed place yet (wait a second). */
void receipt_log_proof(struct receipt_log_question *question);
void receipt_log_consistency(struct receipt_log_question *question);
