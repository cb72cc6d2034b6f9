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

struct store_restore_approve {
    struct store_request request;
    const struct receipt_batch *receipts;
};
/* Removes the mark. NOT_FOUND: there is none. */
void store_restore_approve(struct store *store, struct store_restore_approve *req);

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
