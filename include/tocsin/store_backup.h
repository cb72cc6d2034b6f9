/* store_backup.h - copies of the store, and what a store that was restored from one must know. */
#pragma once
#include "tocsin/store.h"

/* ---- Making one. ---- */
struct store_backup {
    time_ms at;                                                    /* in: now */
    uint8_t digest[DIGEST_SIZE];                                   /* out: SHA-256 of the file */
    int64_t size, schema, incidents, receipts, log_size, erasures; /* out */
};
/* Copies the database at `path`, also while a process serves it, into the new file `target`. The
 * copy carries the setting STORE_RESTORED_FROM. Blocks; any thread; no store needs to be open.
 * EXISTS: `target` is there. */
enum result store_backup(const char *path, const char *target, struct store_backup *ret,
                         struct error *error);

/* ---- A store that is a copy. ---- */
#define STORE_RESTORED_FROM "restored_from" /* a setting: JSON {"at","backup"}; absent: no copy */

#define STORE_RESTORED_MARKED "restored_marked" /* a setting: store_restore_mark has ended */
/* A setting, kept after the approval: JSON array of the waves that were open in the copy. What they
 * plan or pass on later may have been sent before, too. */
#define STORE_RESTORED_WAVES  "restored_waves"
/* Due times from here on: a chunk that rests until the approval. */
#define STORE_RESTORE_RESTS   INT64_C(32503680000000) /* the year 3000 */

/* Some hundred chunks a call: members of open chunks who may have been sent to since the copy was
 * made get an open intent, and the chunk is due. The first call moves the ids of chunks and waves
 * on: those that the lost process gave stand in tokens. When it was done before: nothing. */
struct store_restore_mark {
    struct store_request request;
    time_ms now;
    int64_t after;   /* in and out: chunk; begin with 0 */
    bool more;       /* out: call again */
    int64_t members; /* out: of this call */
};
void store_restore_mark(struct store *store, struct store_restore_mark *req);

struct store_restore_approve {
    struct store_request request;
    time_ms now; /* what rested is due then */
    const struct receipt_batch *receipts;
};
/* Removes the mark. NOT_FOUND: there is none. */
void store_restore_approve(struct store *store, struct store_restore_approve *req);

/* The next chunk with open intents: whose members nobody has been asked about. */
struct store_restore_open {
    struct store_request request;
    int64_t after;                /* in: chunk; 0 = from the first */
    bool found;                   /* out */
    struct chunk_row chunk;       /* out */
    struct chunk_intent *intents; /* out */
    size_t n_intents;
};
void store_restore_open(struct store *store, struct store_restore_open *req);

/* How many they are, by wave and channel. Walks over all open intents of a restored store. */
struct restore_count {
    int64_t wave, members;
    uint8_t channel;
};
struct store_restore_count {
    struct store_request request;
    struct restore_count *rows; /* out: by wave, then channel */
    size_t n;
};
void store_restore_count(struct store *store, struct store_restore_count *req);

/* ---- The ledger of erasures: a text file beside the store, which backups do not hold. ---- */
struct ledger_row {
    id incident;
    int64_t number; /* -1: the whole incident */
};
struct store_ledger {
    struct store_request request;
    const char *path;
    bool mark;                  /* in: rows that the store lacks mark it as restored */
    struct ledger_row *missing; /* out: erased once, says the ledger; not in this store */
    size_t n_missing;
};
/* Appends to the file what the store has erased and the file does not say; synced. Lines are
 * "<incident> <number or -> <time>", without personal data. A line that is cut is left out. */
void store_ledger(struct store *store, struct store_ledger *req);
