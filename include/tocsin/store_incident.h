/* store_incident.h - verbs for incidents, their waves and approvals. The promises of all verbs
 * stand at the head of store_request.h. */
#pragma once
#include "tocsin/store_access.h"

/* ---- Incidents and waves. ---- */
enum wave_state { /* stored: frozen */
                  WAVE_DRAFT = 0,
                  WAVE_APPROVED = 1,
                  WAVE_PLANNING = 2,
                  WAVE_SENDING = 3,
                  WAVE_HELD = 4,
                  WAVE_SETTLED = 5,
                  WAVE_CANCELED = 6,
                  WAVE_STATES_N
};
extern const struct sm_table wave_states; /* "draft", "approved", ... */

struct incident_row {
    id id;
    int64_t version; /* + 1 with every change of what is approved */
    bool test;
    int64_t created_at;
    id author;            /* principal */
    struct blob key;      /* the incident key, wrapped by the master key */
    struct blob document; /* the POSTed incident as canonical JSON, sealed by the incident key */
    struct blob title;    /* sealed by the incident key */
    int64_t accepted, duplicates, rejected; /* of committed uploads */
    int64_t notice;                         /* the newest notice version; 1 = as posted */
    int64_t undecided;                      /* rejected rows that are neither repaired nor waived */
    int64_t blocks; /* 1 + the last block of committed uploads; blocks before it may belong to parts
                       that are not committed: store_roster_read leaves those out */
};
struct wave_row {
    int64_t id; /* > 0 */
    id incident;
    int ordinal;                      /* 1 = first notice */
    int kind;                         /* enum wave_kind */
    enum wave_state state, held_from; /* held_from: where resume goes */
    struct blob policy; /* JSON, no personal data: ladder, evidence, digests; set at release */
    uint8_t approved_hash[DIGEST_SIZE];
    int approvals;                               /* valid ones */
    int64_t plan_cursor;                         /* next roster block to plan */
    time_ms released_at, settled_at, hold_until; /* TIME_NONE */
    int64_t people;                              /* planned members */
    id author;                                   /* who opened it: never approves it */
    int64_t notice;       /* the notice version it sends; 0 = the newest, until it is released */
    int64_t notice_first; /* the one it was released with */
    time_ms not_before;   /* TIME_NONE */
    struct blob spec; /* sealed: audience and texts of its own (store_wave.h); empty: the roster */
    const char *caps; /* JSON, no personal data; NULL: none */
};
enum wave_kind { /* stored: frozen */
                 WAVE_FIRST = 0,
                 WAVE_WRITTEN_NOTICE = 1, /* a wave of one, made by the request desk */
                 WAVE_UPDATE = 2,
                 WAVE_CORRECTION = 3,
                 WAVE_LATE_ADDITION = 4,
                 WAVE_RE_MAIL = 5,
                 WAVE_KINDS_N
};
/* "first", "written_notice", "update", ...; NULL: no kind. */
const char *wave_kind_name(int kind);
int wave_kind_find(const char *name); /* -1: none */
/* Does it take in people that no wave has taken in before? The others tell people again. */
bool wave_kind_takes(int kind);

struct store_incident_put {
    struct store_request request;
    struct incident_row incident;          /* in */
    const struct idempotency *idempotency; /* may be NULL */
    const struct receipt_batch *receipts;
    int64_t wave; /* out: id of the first wave (draft) */
};
/* EXISTS: the idempotency key was used meanwhile (error.field "idempotency_key"), or the id is
 * stored ("id"). incident.created_at is the cursor of lists: moved on by a millisecond when taken
 * (out). */
void store_incident_put(struct store *store, struct store_incident_put *req);

struct store_incident_get {
    struct store_request request;
    id incident;             /* in */
    int64_t notice;          /* in: the document of this notice version; -1 = of the newest */
    int64_t wave;            /* in, where notice is 0: of the version that this wave sends ... */
    int ordinal;             /* ... or the wave of this ordinal; both 0 = of the newest */
    struct incident_row row; /* out: document is the one asked for */
    struct wave_row *waves;  /* out */
    size_t n_waves;
};
/* With all its waves, the first one first. NOT_FOUND: also a version that is not there. */
void store_incident_get(struct store *store, struct store_incident_get *req);

struct store_incident_list {
    struct store_request request;
    int64_t after; /* in: created_at of the last one seen, newest first; 0 = from the newest */
    unsigned limit;
    struct incident_row *rows; /* out, with key and title */
    struct wave_row *waves;    /* out: the first wave of each row */
    size_t n;
};
/* Up to `limit` rows, newest first; TOO_LARGE: they do not fit the arena. */
void store_incident_list(struct store *store, struct store_incident_list *req);

struct store_approval {
    struct store_request request;
    id incident;
    int64_t wave;
    id principal; /* a person who is neither the author nor somebody who approved this hash before
                     (EXISTS), and whose token was minted by none of them, nor theirs by him, also
                     through others: DENIED */
    uint8_t hash[DIGEST_SIZE]; /* what this person saw */
    int64_t version;      /* incident.version the hash was made from: CONFLICT when it moved on */
    int required;         /* valid approvals that make the wave APPROVED */
    bool claimed;         /* only a credential that was claimed approves; else DENIED */
    struct blob document; /* sealed: what the hash is of; kept once a hash */
    time_ms at;
    const struct receipt_batch *receipts;
    int approvals;         /* out: valid ones now */
    enum wave_state state; /* out */
};
/* One more valid approval, or the one that makes the wave APPROVED. NOT_FOUND; DENIED, EXISTS,
 * CONFLICT: see the members; CONFLICT also when the wave is past approval. */
void store_approval_put(struct store *store, struct store_approval *req);

struct store_wave_move {
    struct store_request request;
    int64_t wave;
    enum wave_state from, to;  /* CONFLICT when it is not in `from`; an illegal pair aborts */
    int64_t version;           /* of the incident, 0 = any: CONFLICT when it moved on */
    const struct blob *policy; /* set at release; NULL = keep */
    const unsigned *parts;     /* release of a wave that takes people in: only of these parts; */
    size_t n_parts;            /* 0 = all that are there */
    const int64_t *withdraws;  /* release of a correction: notice versions nobody is sent again */
    size_t n_withdraws;
    const char *notices_digest; /* at release: the texts that are sent, kept; NULL = none */
    struct blob notices;
    time_ms at, hold_until;
    const uint8_t *hash;  /* with break_glass: what he saw, and ... */
    struct blob document; /* ... the sealed document it is of */
    id break_glass; /* who releases alone: DRAFT to PLANNING is taken from him only, and noted */
    const struct receipt_batch *receipts;
    struct wave_row row; /* out: as it is now */
};
/* Compare-and-set of the state. CONFLICT: see the members, and SETTLED while a chunk is open;
 * NOT_FOUND. To HELD keeps the state it came from in held_from; from HELD only that one or CANCELED
 * follows, else CONFLICT. People hold and resume by store_hold.h, which calls this rule too.
 * Release freezes the notice version and marks the uploads it takes in. CONFLICT then also: the
 * incident is held as a whole, the version is withdrawn, nobody is left to take in, a wave still
 * sends what the correction withdraws. */
void store_wave_move(struct store *store, struct store_wave_move *req);

struct store_wave_list {
    struct store_request request;
    uint32_t states;        /* in: bit mask of enum wave_state */
    struct wave_row *waves; /* out */
    struct blob *keys;      /* out: each wave's wrapped incident key */
    bool *tests;            /* out */
    size_t n;
};
/* Waves in one of the states, by state, then by id; TOO_LARGE: they do not fit the arena. */
void store_wave_list(struct store *store, struct store_wave_list *req);
