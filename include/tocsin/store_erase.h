/* store_erase.h - the store's verbs that forget. Same conventions as store.h.
 *
 * What the caller destroys is small: seeds (re-sealed with zeros in their place), wrapped keys, the
 * few rows that are sealed by more than a person's own key. The receipt goes into the same
 * transaction. A commit alone is not enough: the old bytes are still in the write-ahead log, and
 * may be in pages that were moved about. So each verb hands back needles - bytes without which
 * nothing of the erased can be opened or guessed (nonces, wrapped keys, blind keys) - and the
 * caller goes on with store_secure, then store_scan, then store_vacuum if anything was found. */
#pragma once
#include "tocsin/store.h"

enum { NEEDLE_SIZE = 16 };
struct preference_key;
struct needle {
    uint8_t bytes[NEEDLE_SIZE];
};

/* ---- People of one incident. ---- */
struct erase_block {
    int64_t block;
    struct blob was, seeds; /* sealed: as the caller read them, and what takes their place */
};
struct store_erase {
    struct store_request request;
    id incident;
    const struct erase_block *blocks;
    size_t n_blocks;
    const struct roster_key *keys; /* blind keys of these people */
    size_t n_keys;
    const uint32_t *numbers; /* of these people, ascending */
    size_t n_numbers;
    const char *const *banners; /* keys of their banners */
    size_t n_banners;
    const id *requests; /* written-notice requests whose bodies are about them */
    size_t n_requests;
    const struct preference_key *preferences; /* of these people; those without a row are skipped */
    size_t n_preferences;
    size_t forgotten; /* out: preferences that went */
    const struct receipt_batch *receipts;
    time_ms at;
    struct needle *needles; /* out */
    size_t n_needles;
};
/* CONFLICT: a block's seeds are not `was` any more (another erasure came first): read them again.
 * NOT_FOUND: no such block. Stored replies of the API to requests that are erased go too. */
void store_erase_people(struct store *store, struct store_erase *req);

/* ---- A whole incident. ---- */
struct store_erase_incident {
    struct store_request request;
    id incident;
    time_ms at;
    const struct receipt_batch *receipts;
    bool again;             /* in: the key went in an earlier call; out as it was */
    bool more;              /* out: call again: rows are left to delete */
    struct needle *needles; /* out */
    size_t n_needles;
};
/* Destroys the incident's key, document, title, seeds and blind keys; receipts, counters, waves and
 * approvals stay. Rows go some thousand a call. With `again` the
 * receipts are not put once more. EXISTS: erased already (and not `again`). */
void store_erase_incident(struct store *store, struct store_erase_incident *req);

/* ---- What was erased, for restored copies: no personal data. ---- */
struct erased_row {
    int64_t order; /* cursor */
    id incident;
    int64_t number; /* -1: the whole incident */
    time_ms at;
};
struct store_erased_list {
    struct store_request request;
    id incident; /* 0 = all */
    int64_t after;
    unsigned limit;
    struct erased_row *rows; /* out */
    size_t n;
};
void store_erased_list(struct store *store, struct store_erased_list *req);

/* ---- How long an incident is kept. ---- */
struct store_keep {
    struct store_request request;
    id incident;
    int months;                           /* put: 0 = the service's default, -1 = as it is */
    int legal_hold;                       /* put: 0 or 1, -1 = as it is; get: out */
    time_ms erased_at;                    /* out; TIME_NONE */
    const struct receipt_batch *receipts; /* put */
};
void store_keep_get(struct store *store, struct store_keep *req);
void store_keep_put(struct store *store, struct store_keep *req);
/* Incidents not erased, without a legal hold, whose waves are all settled or cancelled, in the
 * order of their last settlement. The caller judges the period. */
struct keep_row {
    id incident;
    int months; /* 0 = the service's default */
    time_ms
        settled_at; /* of the last wave; of a cancelled one without a time: when it was opened */
};
struct store_keep_list {
    struct store_request request;
    unsigned limit;
    struct keep_row *rows; /* out */
    size_t n;
};
void store_keep_list(struct store *store, struct store_keep_list *req);

/* ---- Another master key. ---- */
struct buf;
struct store_rewrap {
    struct store_request request;
    /* Makes the wrapping of one key new: appends to `to`. False: it does not open. On the store's
     * thread: it may touch nothing but keys. */
    bool (*rewrap)(void *context, bool service, struct blob wrapped, struct buf *to);
    void *context;
    const char *service_setting; /* the setting that holds the service's key */
    const struct receipt_batch *receipts;
    size_t keys;            /* out: incidents' keys */
    struct needle *needles; /* out: of the old wrappings */
    size_t n_needles;
};
/* All keys in one transaction, or none: INVALID when one does not open. The roster is not touched.
 */
void store_rewrap(struct store *store, struct store_rewrap *req);

/* ---- After an erasure. These run outside of any transaction. ---- */
struct store_secure {
    struct store_request request;
};
/* Moves the write-ahead log into the database and cuts it to nothing. BUSY: a reader is in the
 * way: ask again. */
void store_secure(struct store *store, struct store_secure *req);
/* Rebuilds the database file from what lives in it, then as store_secure. Takes its time and the
 * file's size again on the disk. */
void store_vacuum(struct store *store, struct store_secure *req);
struct store_scan {
    struct store_request request;
    const struct needle *needles;
    size_t n_needles;
    size_t found; /* out: places in the database file and the log that hold one */
};
/* Reads the file and the log byte by byte. */
void store_scan(struct store *store, struct store_scan *req);
