/* store_roster.h - verbs for the people of an incident: uploads, blocks, blind keys, refused rows.
 * The promises of all verbs stand at the head of store_request.h. */
#pragma once
#include "tocsin/store_access.h"

/* ---- Roster. 128 people a block; number = block * 128 + slot. Void slots are duplicates. ---- */
enum { ROSTER_BLOCK = 128 };
struct roster_block {
    int64_t block;
    unsigned part; /* of the upload it came with; read: out */
    unsigned n;
    uint8_t voids[ROSTER_BLOCK / 8]; /* bit (slot % 8) of byte (slot / 8) set: slot is void */
    struct blob body;                /* n x (u16 length, sealed person) */
    struct blob seeds;               /* n x 32 bytes, sealed by the incident key */
};
struct roster_key {
    uint8_t blind[BLIND_SIZE];
    uint8_t kind; /* 0 recipient_id (unique), 1 account_id, 2 email, 3 phone */
    uint32_t number;
};
struct roster_reject {
    int64_t line;
    char field[64], reason[128]; /* no values */
};
struct store_upload {
    struct store_request request;
    id incident;
    unsigned part;               /* 0: a whole upload of its own */
    id upload;                   /* open: out; append, close, abort: in */
    int64_t first_block;         /* open: out */
    uint8_t digest[DIGEST_SIZE]; /* open of a part: in, expected; close: in, actual */
    int64_t accepted, duplicates,
        rejected; /* close: in; open with EXISTS: out, the stored answer */
    bool commit;  /* close of a whole upload: becomes part of the roster at once */
    time_ms at;
    const struct idempotency *idempotency; /* close */
    const struct receipt_batch *receipts;  /* close with commit */
};
/* EXISTS: this part is stored with this digest (the counts are out); CONFLICT: stored with another
 * digest, or the wave is past approval; BUSY: another upload of this incident is open. */
void store_upload_open(struct store *store, struct store_upload *req);
/* Makes an open upload durable as a whole; with `commit` it joins the roster, voids approvals (an
 * approved wave goes back to draft) and bumps incident.version. */
void store_upload_close(struct store *store, struct store_upload *req);
/* Forgets an open upload and its rows. Also done at start for uploads that a crash left open. */
void store_upload_abort(struct store *store, struct store_upload *req);

struct store_roster_append {
    struct store_request request;
    id incident, upload;
    const struct roster_block *blocks;
    size_t n_blocks;
    struct roster_key
        *keys; /* sorted inside by the verb; unique kind 0 keys that exist void their slots */
    size_t n_keys;
    const struct roster_reject *rejects;
    size_t n_rejects;
    size_t duplicates; /* out: slots voided */
};
/* Blocks follow the upload's last one without a hole, else CONFLICT; so does an upload that is not
 * open. The bits of void slots are set in the store, not in `blocks`. */
void store_roster_append(struct store *store, struct store_roster_append *req);

/* EXISTS: these parts are committed already (the counts are out). */
struct store_roster_commit {
    struct store_request request;
    id incident;
    unsigned parts; /* parts 1..parts must all be stored; else CONFLICT with the first missing in
                       error.text */
    int64_t count;  /* rows in all (accepted + duplicates + rejected); -1 = not checked */
    time_ms at;
    const struct receipt_batch *receipts;
    int64_t accepted, duplicates, rejected; /* out */
};
void store_roster_commit(struct store *store, struct store_roster_commit *req);

struct store_roster_read {
    struct store_request request;
    id incident;
    int64_t from;     /* first block */
    unsigned limit;   /* blocks from there on, holes included */
    int64_t taken_by; /* range: only people that this wave took in; -1 = that none has; 0 = all */
    const uint32_t *numbers; /* or: only the blocks of these members, sorted; NULL = range */
    size_t n_numbers;
    struct roster_block *blocks; /* out: committed ones, in order */
    size_t n;
};
/* Blocks of committed uploads only. A number outside of the roster is left out, it is no error. */
void store_roster_read(struct store *store, struct store_roster_read *req);

struct store_roster_find {
    struct store_request request;
    id incident;
    uint8_t kind;
    uint8_t blind[BLIND_SIZE];
    uint32_t *numbers; /* out */
    size_t n;
};
/* Numbers that have this blind key, void slots left out; none: OK and n = 0. */
void store_roster_find(struct store *store, struct store_roster_find *req);

struct store_reject_list {
    struct store_request request;
    id incident;
    int64_t after; /* rowid cursor */
    unsigned limit;
    struct roster_reject *rejects; /* out */
    unsigned *parts;
    size_t n;
    int64_t next; /* out: cursor of the last one */
};
/* Up to `limit` rows behind `after` (0: from the first), in the order they came; n = 0: the end. */
void store_reject_list(struct store *store, struct store_reject_list *req);
