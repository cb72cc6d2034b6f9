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
struct roster_warning { /* a field that was repaired or left out; its person is kept */
    int64_t line;
    bool repaired;
    char field[64], reason[128]; /* no values */
};
enum upload_mode { UPLOAD_APPEND = 0, UPLOAD_REPLACE = 1, UPLOAD_REPAIR = 2 }; /* stored: frozen */
enum upload_state { UPLOAD_OPEN = 0, UPLOAD_STORED = 1, UPLOAD_JOINED = 2, UPLOAD_DISCARDED = 3 };
struct store_upload {
    struct store_request request;
    id incident;
    unsigned part;         /* 0: a whole upload of its own */
    enum upload_mode mode; /* in: REPLACE and REPAIR are whole uploads */
    bool late; /* in: joins although the first wave is past approval, and reopens nothing */
    id principal;
    int64_t expected;       /* close: people that the responder counts on; 0: not said */
    int64_t warnings;       /* close: in; open with EXISTS: out */
    struct blob shape;      /* close: what was found, sealed */
    const int64_t *repairs; /* close of a REPAIR: rows of roster_reject that it settles */
    size_t n_repairs;
    id upload;                   /* open: out; append, close, abort: in */
    int64_t first_block;         /* open: out */
    uint8_t digest[DIGEST_SIZE]; /* open of a part: in, expected; close: in, actual */
    int64_t accepted, duplicates,
        rejected; /* close: in; open with EXISTS: out, the stored answer */
    bool commit;  /* close of a whole upload: becomes part of the roster at once */
    time_ms at;
    const struct idempotency *idempotency; /* close */
    const struct receipt_batch *receipts;  /* close with commit */
    int64_t replaced; /* close of a REPLACE: out, people of the uploads that it discarded */
};
/* EXISTS: this part is stored with this digest (the counts are out); CONFLICT: stored with another
 * digest, or the wave is past approval; BUSY: another upload of this incident is open. */
void store_upload_open(struct store *store, struct store_upload *req);
/* Makes an open upload durable as a whole; with `commit` it joins the roster, voids approvals (an
 * approved wave goes back to draft) and bumps incident.version. A REPLACE discards all others in
 * the same transaction: recipient ids of theirs never made a duplicate of its rows. A REPAIR keeps
 * no rejected rows of its own; CONFLICT when a row it settles is decided already. */
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
    const struct roster_warning *warnings;
    size_t n_warnings;
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
    int64_t expected; /* people that the responder counts on; 0: not said */
    int64_t accepted, duplicates, rejected, warnings; /* out */
};
void store_roster_commit(struct store *store, struct store_roster_commit *req);

struct store_roster_read {
    struct store_request request;
    id incident;
    id upload;        /* only its blocks, also when it is discarded; 0: committed ones */
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

enum reject_state { REJECT_UNDECIDED = 0, REJECT_REPAIRED = 1, REJECT_WAIVED = 2 }; /* stored */
struct store_reject_list {
    struct store_request request;
    id incident;
    int64_t after; /* rowid cursor */
    unsigned limit;
    bool undecided;                /* only those */
    struct roster_reject *rejects; /* out */
    unsigned *parts;
    int64_t *rows;   /* out: what decisions name */
    id *uploads;     /* out */
    uint8_t *states; /* out: enum reject_state; DISCARDED uploads' rows are left out */
    size_t n;
    int64_t next; /* out: cursor of the last one */
};
/* Up to `limit` rows behind `after` (0: from the first), in the order they came; n = 0: the end. */
void store_reject_list(struct store *store, struct store_reject_list *req);

/* An approver waives rejected rows. DENIED: he uploaded one of them; CONFLICT: one is decided, or
 * of a discarded upload; NOT_FOUND. */
struct store_reject_waive {
    struct store_request request;
    id incident, principal;
    const int64_t *rows;
    size_t n;
    const struct receipt_batch *receipts;
    int64_t undecided; /* out: that are left */
};
void store_reject_waive(struct store *store, struct store_reject_waive *req);

struct store_warning_list {
    struct store_request request;
    id incident;
    int64_t after; /* rowid cursor */
    unsigned limit;
    struct roster_warning *warnings; /* out; those of discarded uploads are left out */
    unsigned *parts;
    id *uploads;
    size_t n;
    int64_t next;
};
void store_warning_list(struct store *store, struct store_warning_list *req);
/* Warnings by field and reason, the most frequent first. */
struct warning_count {
    char field[64], reason[128];
    bool repaired;
    int64_t n;
};
struct store_warning_count {
    struct store_request request;
    id incident;
    struct warning_count *counts; /* out: up to 100 */
    size_t n;
};
void store_warning_count(struct store *store, struct store_warning_count *req);

/* ---- Uploads and what becomes of their rows. ---- */
struct upload_info {
    id upload;
    unsigned part;
    enum upload_mode mode;
    enum upload_state state;
    int64_t first_block, accepted, duplicates, rejected, warnings, expected;
    int64_t undecided, repaired, waived; /* of the rejected */
    uint8_t digest[DIGEST_SIZE];
    time_ms at, discarded_at; /* TIME_NONE */
    id principal, discarded_by;
    int64_t wave;      /* that took its people in; 0: none yet */
    struct blob shape; /* sealed */
};
struct store_upload_list {
    struct store_request request;
    id incident;
    struct upload_info *uploads; /* out: all but open ones, in the order they came */
    size_t n;
};
void store_upload_list(struct store *store, struct store_upload_list *req);

/* A discard brings rows back that were duplicates of its own: their numbers, and their keys
 * (recipient_id of each, account_id where it has one). */
struct store_upload_discard {
    struct store_request request;
    id incident, upload, principal;
    time_ms at;
    int64_t version; /* of the incident as the revivals were found: CONFLICT when it moved on */
    const struct roster_key *revived_keys; /* one of kind 0 a person */
    size_t n_revived_keys;
    const struct receipt_batch *receipts;
    int64_t accepted, revived; /* out */
};
/* Takes a joined upload out of the roster, voids approvals, bumps incident.version. CONFLICT: a
 * released wave took its people in; EXISTS: discarded already; NOT_FOUND. */
void store_upload_discard(struct store *store, struct store_upload_discard *req);

/* ---- What a pass over the roster found. ---- */
struct store_survey {
    struct store_request request;
    id incident;
    int kind;        /* 0 summary, 1 difference */
    int64_t version; /* put: in; get: out */
    time_ms at;
    struct blob body; /* put: in; get: out, sealed */
};
void store_survey_put(struct store *store, struct store_survey *req); /* in place of an older one */
void store_survey_get(struct store *store, struct store_survey *req); /* NOT_FOUND */
