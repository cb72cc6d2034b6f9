/* store.h - the domain verbs of the store: no SQL above this line.
 *
 * Every verb takes a caller-owned request struct whose first member is `struct store_request`. The
 * call is always taken; the callback comes exactly once, on the loop, never from inside the call.
 * RESULT_OK of a write means on disk (SQLite: WAL, synchronous=FULL). Inputs are borrowed until the
 * callback; outputs live in request.arena, which the caller gives (reads) and destroys. Writes that
 * we may have to prove take their receipts and store them in the same transaction. Many requests
 * share one transaction (group commit); one that fails is rolled back alone.
 *
 * Common results: UNAVAILABLE - the store has stopped accepting after a failed fsync or a full disk
 * (nothing happened; the process must be restarted); FULL / IO - this write found it out; UNCERTAIN
 * - re-read by id; NOT_FOUND; CONFLICT. After FULL or IO of a commit the write may still be there
 * after the restart (the bytes were written, the fsync failed): re-read by id. A receipt batch
 * whose id is stored already makes its request EXISTS: the earlier call had its effect. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/id.h"
#include "base/list.h"
#include "base/result.h"
#include "base/sm.h"
#include "base/time.h"
#include "tocsin/loop.h"
#include "tocsin/receipt.h"

struct store;

struct store_config {
    const char *path; /* SQLite file; created when absent; locked against a second process */
    unsigned readers; /* reader threads, default 2; 0 with threads == false: everything is pumped */
    bool threads;     /* false: tests pump with store_pump() */
    unsigned cache_mib; /* page cache of the writer, default 8 */
};
/* Opens, locks, migrates. INVALID: a newer schema or not our file; CONFLICT: another process has
 * it. */
enum result store_open(struct loop *loop, const struct store_config *config,
                       struct store **ret_store, struct error *error);
/* Finishes what was asked (callbacks run inside), checkpoints, closes. */
void store_close(struct store **store);
/* Runs what is queued, on this thread; false when idle. Only with threads == false. */
bool store_pump(struct store *store);
/* Why the store stopped accepting writes, or RESULT_OK. */
enum result store_health(const struct store *store);
/* Requests waiting or running. */
size_t store_pending(const struct store *store);

struct store_request {
    void (*cb)(struct store_request *request);
    struct arena *arena; /* for outputs; may be NULL where a verb has none */
    void *user;          /* the caller's own, where the request is not embedded in its struct */
    enum result result;
    struct error error;
    /* private */
    struct list node;
    struct store *store;
    const struct store_verb *verb;
};

/* Bytes that someone owns. */
struct blob {
    const void *data;
    size_t length;
};

/* ---- Settings: small server-wide values (sealed keys). ---- */
struct store_setting {
    struct store_request request;
    const char *name;
    struct blob value; /* put: in; get: out */
};
void store_setting_get(struct store *store, struct store_setting *req); /* NOT_FOUND */
/* Puts only when absent; out: the value that is there now (so that two starts agree). */
void store_setting_put(struct store *store, struct store_setting *req);

/* ---- Access tokens (bearer): only hashes are stored. ---- */
struct access_token {
    id id;            /* "tok_..." in the API, and the principal */
    const char *name; /* of the person or program */
    unsigned roles;   /* bits; the API gives them their meaning */
    uint8_t hash[DIGEST_SIZE];
    time_ms created_at, revoked_at; /* TIME_NONE */
    id minted_by;
};
struct store_token {
    struct store_request request;
    struct access_token token;            /* put: in; find by token.id: out */
    const struct receipt_batch *receipts; /* put, revoke */
    time_ms at;                           /* revoke */
};
void store_token_put(struct store *store, struct store_token *req);
void store_token_find(struct store *store, struct store_token *req);
void store_token_revoke(struct store *store, struct store_token *req); /* EXISTS: it is already */
struct store_token_list {
    struct store_request request;
    struct access_token *tokens; /* out */
    size_t n;
};
void store_token_list(struct store *store, struct store_token_list *req);

/* ---- Idempotency: the stored reply of a request, written with the effect it answers for. ---- */
struct idempotency {
    id principal;
    const char *key;                  /* up to 255 bytes */
    uint8_t fingerprint[DIGEST_SIZE]; /* of method, path and body */
    int status;                       /* of the stored reply */
    const char *location;             /* may be NULL */
    struct blob reply;                /* sealed by the caller */
    time_ms at;                       /* kept 24 h or more */
};
struct store_idempotency {
    struct store_request request;
    struct idempotency record; /* in: principal, key; out: the rest. NOT_FOUND: a new key */
};
void store_idempotency_find(struct store *store, struct store_idempotency *req);

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
};
enum wave_kind { WAVE_FIRST = 0, WAVE_WRITTEN_NOTICE = 1 };

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
    struct incident_row row; /* out */
    struct wave_row *waves;  /* out */
    size_t n_waves;
};
void store_incident_get(struct store *store, struct store_incident_get *req);

struct store_incident_list {
    struct store_request request;
    int64_t after; /* in: created_at of the last one seen, newest first; 0 = from the newest */
    unsigned limit;
    struct incident_row *rows; /* out, with key and title */
    struct wave_row *waves;    /* out: the first wave of each row */
    size_t n;
};
void store_incident_list(struct store *store, struct store_incident_list *req);

struct store_approval {
    struct store_request request;
    id incident;
    int64_t wave;
    id principal; /* must not be the author, must not have approved this hash before: DENIED /
                     EXISTS */
    uint8_t hash[DIGEST_SIZE]; /* what this person saw */
    int64_t version; /* incident.version the hash was made from: CONFLICT when it moved on */
    int required;    /* valid approvals that make the wave APPROVED */
    time_ms at;
    const struct receipt_batch *receipts;
    int approvals;         /* out: valid ones now */
    enum wave_state state; /* out */
};
void store_approval_put(struct store *store, struct store_approval *req);

struct store_wave_move {
    struct store_request request;
    int64_t wave;
    enum wave_state from, to;  /* CONFLICT when it is not in `from`; an illegal pair aborts */
    int64_t version;           /* of the incident, 0 = any: CONFLICT when it moved on */
    const struct blob *policy; /* set at release; NULL = keep */
    time_ms at, hold_until;
    const struct receipt_batch *receipts;
    struct wave_row row; /* out: as it is now */
};
void store_wave_move(struct store *store, struct store_wave_move *req);

struct store_wave_list {
    struct store_request request;
    uint32_t states;        /* in: bit mask of enum wave_state */
    struct wave_row *waves; /* out */
    struct blob *keys;      /* out: each wave's wrapped incident key */
    bool *tests;            /* out */
    size_t n;
};
void store_wave_list(struct store *store, struct store_wave_list *req);

/* ---- Roster. 128 people a block; number = block * 128 + slot. Void slots are duplicates. ---- */
enum { ROSTER_BLOCK = 128 };
struct roster_block {
    int64_t block;
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
    int64_t from;            /* first block */
    unsigned limit;          /* blocks from there on, holes included */
    const uint32_t *numbers; /* or: only the blocks of these members, sorted; NULL = range */
    size_t n_numbers;
    struct roster_block *blocks; /* out: committed ones, in order */
    size_t n;
};
void store_roster_read(struct store *store, struct store_roster_read *req);

struct store_roster_find {
    struct store_request request;
    id incident;
    uint8_t kind;
    uint8_t blind[BLIND_SIZE];
    uint32_t *numbers; /* out */
    size_t n;
};
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
void store_reject_list(struct store *store, struct store_reject_list *req);

/* ---- Chunks: up to 1,000 members of one cohort on one rung. ---- */
enum { CHUNK_MEMBERS = 1000 };

/* Progress of one member on this chunk's channel: one byte. Stored: frozen. */
enum member_state {
    MEMBER_PENDING = 0,
    MEMBER_DEFERRED = 1,
    MEMBER_UNCERTAIN = 2,
    MEMBER_CANCELED = 3,
    MEMBER_ACCEPTED = 4,
    MEMBER_DELIVERED = 5,
    MEMBER_DISPLAYED = 6,
    MEMBER_ACKNOWLEDGED = 7,
    MEMBER_FAILED = 8,
    MEMBER_BOUNCED = 9,
    MEMBER_RETURNED = 10,
    MEMBER_ASKED = 11, /* a person must decide */
    MEMBER_STATES_N,
    MEMBER_STATE_MASK = 0x1f,
    MEMBER_TOLD = 0x40,     /* flag: the evidence asked for is there */
    MEMBER_PASSED_ON = 0x80 /* flag: done here; the next rung has the person, or none is left */
};
const char *member_state_name(unsigned state); /* of the masked state */
/* Merges a new state into an old byte (flags included) as late, duplicate and reordered facts
 * demand: pure. */
uint8_t member_merge(uint8_t old, uint8_t fresh);

enum chunk_state { CHUNK_READY = 0, CHUNK_LEASED = 1, CHUNK_WAITING = 2, CHUNK_DONE = 3 };
enum { RUNG_BESIDE = 0x80 }; /* flag of chunk_row.rung: beside the ladder, not in it */
struct chunk_row {
    int64_t id; /* < 2^40 */
    id incident;
    int64_t wave;
    uint8_t rung;       /* place in the wave's ladder, or RUNG_BESIDE */
    uint8_t channel;    /* index into the wave policy's channels */
    const char *cohort; /* "US-CA|en|gmail.com": jurisdiction, locale, receiving domain */
    unsigned n;
    const uint32_t *members; /* roster numbers, ascending */
    const uint8_t *progress; /* n bytes */
    struct blob
        retries; /* engine's own: position u16, attempt u8, due i64, ... for exceptions only */
    enum chunk_state state;
    time_ms due_at; /* READY/WAITING: when it wants attention */
    int64_t gen;    /* fencing token */
};
struct chunk_intent { /* a batch that may have left: durable before its first byte */
    int64_t seq;
    int64_t gen;
    const uint16_t *positions;
    unsigned n;
    uint8_t attempt;
};
struct wave_counter { /* exact, kept in the same transactions */
    int64_t wave;
    uint8_t channel; /* index; 0xff: people, not channels */
    uint8_t key;     /* channel rows: enum member_state; people rows: enum people_key */
    int64_t value;
};
enum people_key {
    PEOPLE_PLANNED = 0,
    PEOPLE_TOLD = 1,
    PEOPLE_UNREACHABLE = 2,
    PEOPLE_WITHHELD = 3,
    PEOPLE_KEYS_N
};

struct store_plan_append {
    struct store_request request;
    int64_t wave;
    int64_t cursor; /* roster block reached: moves wave.plan_cursor (CONFLICT unless `cursor_from`
                       holds) */
    int64_t cursor_from;
    const struct chunk_row
        *chunks; /* in: incident, wave, rung, channel, cohort, members; ids are out in chunk_ids */
    size_t n_chunks;
    const struct wave_counter *people; /* deltas */
    size_t n_people;
    bool done; /* planning is complete: the wave goes to SENDING */
    const struct receipt_batch *const *receipts;
    size_t n_receipts;
    int64_t *chunk_ids; /* out: of `chunks`, in request.arena (NULL without one) */
};
void store_plan_append(struct store *store, struct store_plan_append *req);

struct store_chunk_claim {
    struct store_request request;
    id owner; /* this process */
    time_ms now;
    int64_t lease_ms;
    int64_t wave;      /* claim from this wave, in state SENDING */
    uint32_t channels; /* bit mask of channel indexes that have free slots */
    unsigned limit;
    bool begun; /* only chunks that were worked on before, newest first: evidence and late facts are
                   judged without a free slot */
    struct chunk_row
        *chunks; /* out: leased to owner, gen raised; READY or WAITING rows that are due */
    struct chunk_intent **intents; /* out: per chunk, open intents of earlier generations */
    size_t *n_intents;
    size_t n;
    time_ms next_due; /* out: when the next chunk of this wave and these channels is due; TIME_NONE
                         = none */
    bool open;        /* out: some chunk of the wave is not DONE */
};
void store_chunk_claim(struct store *store, struct store_chunk_claim *req);

/* Everything one step of the engine writes about a chunk, in one transaction. With a stale `gen`
 * nothing changes but the receipts, which are stored marked late: CONFLICT. */
struct member_change {
    uint16_t position;
    uint8_t state; /* merged with member_merge */
};
struct store_chunk_record {
    struct store_request request;
    int64_t chunk, gen;
    const struct chunk_intent *intents_put; /* new, durable before the first byte */
    size_t n_intents_put;
    const int64_t *intents_drop; /* seqs whose outcomes are in `changes` */
    size_t n_intents_drop;
    const struct member_change *changes;
    size_t n_changes;
    const struct blob *retries; /* NULL = keep */
    int state;                  /* enum chunk_state, or -1 = keep (and renew the lease) */
    time_ms due_at;
    time_ms lease_until;
    const struct chunk_row *next; /* chunks of the next rung for those passed on */
    size_t n_next;
    const struct wave_counter *people; /* deltas */
    size_t n_people;
    const struct receipt_batch *receipts; /* may be NULL */
};
void store_chunk_record(struct store *store, struct store_chunk_record *req);

/* A late fact about one member of a chunk, whoever has the lease: merged into progress, counters
 * moved, receipt appended; a chunk that waits is made due now when the fact is negative or
 * sufficient. */
struct store_fact {
    struct store_request request;
    int64_t chunk;
    uint16_t position;
    uint8_t state; /* MEMBER_* */
    time_ms at;
    const char *event; /* replay key (provider:event id), NULL = none: EXISTS when seen before */
    const struct receipt_batch *receipts; /* stored only when the fact changed something */
    bool wake;     /* in: the engine must look at the chunk whatever the fact is */
    bool changed;  /* out */
    int64_t wave;  /* out */
    bool reopened; /* out: a settled wave went back to SENDING, because its chunk wants the next
                      rung */
};
void store_fact_put(struct store *store, struct store_fact *req);

struct store_chunk_get {
    struct store_request request;
    int64_t chunk; /* in: by id; or 0 and wave + number: all chunks that hold the person */
    int64_t wave;
    uint32_t number;
    struct chunk_row *rows;   /* out */
    struct wave_row wave_row; /* out: of the first row */
    struct blob key;          /* out: wrapped incident key */
    size_t n;
};
void store_chunk_get(struct store *store, struct store_chunk_get *req);

struct store_counts {
    struct store_request request;
    int64_t wave;
    struct wave_counter *counters; /* out: those not 0 */
    size_t n;
};
void store_counts_get(struct store *store, struct store_counts *req);

/* After a start: leases of dead owners (all but `owner`, SQLite has one process) are made due now,
 * uploads left open are forgotten. Out: how many chunks. */
struct store_recover {
    struct store_request request;
    id owner;
    time_ms now;
    size_t chunks;
    const struct receipt_batch *receipts;
};
void store_recover(struct store *store, struct store_recover *req);

/* ---- Receipts. ---- */
struct receipt_row {
    int64_t order; /* cursor: ascending as committed */
    id batch, incident;
    int64_t wave, chunk;
    unsigned n;
    struct blob leaves, details;
    bool late;
};
struct store_receipt_list {
    struct store_request request;
    id incident;              /* 0 = all */
    int64_t chunk;            /* > 0: only batches of this chunk */
    id batch;                 /* > 0: only this batch */
    int64_t after;            /* order */
    unsigned limit;           /* batches */
    struct receipt_row *rows; /* out */
    size_t n;
};
void store_receipt_list(struct store *store, struct store_receipt_list *req);
struct store_receipt_append {
    struct store_request request;
    const struct receipt_batch *receipts;
};
void store_receipt_append(struct store *store, struct store_receipt_append *req);

/* ---- Banners. ---- */
struct banner_row {
    id id; /* "ban_..." */
    id incident;
    int64_t wave;
    const char *key;   /* one banner per key */
    const char *token; /* of the attempt */
    uint8_t account[BLIND_SIZE];
    struct blob body;       /* sealed JSON {locale,title,line,body} */
    int state;              /* 0 placed, 1 displayed, 2 acknowledged */
    bool dismissed, hidden; /* hidden: the wave is held or cancelled */
    time_ms placed_at;
    struct blob incident_key; /* out: wrapped */
};
struct store_banner {
    struct store_request request;
    struct banner_row row; /* put: in; get by row.id: out; event: row.id, state, dismissed in */
    uint8_t account[BLIND_SIZE];
    struct banner_row *rows; /* list by account: out */
    size_t n;
};
void store_banner_put(struct store *store,
                      struct store_banner *req); /* again with the same key: OK, row.id is out */
void store_banner_get(struct store *store, struct store_banner *req);
void store_banner_list(struct store *store, struct store_banner *req);
void store_banner_event(struct store *store, struct store_banner *req); /* idempotent */

/* ---- Written-notice requests. ---- */
enum request_state { /* stored: frozen */
                     REQUEST_RECEIVED = 0,
                     REQUEST_NEEDS_PERSON = 1,
                     REQUEST_MATCHED = 2,
                     REQUEST_SENDING = 3,
                     REQUEST_MAILED = 4,
                     REQUEST_RETURNED = 5,
                     REQUEST_CLOSED = 6,
                     REQUEST_DUPLICATE = 7,
                     REQUEST_STATES_N
};
extern const struct sm_table request_states;
struct request_row {
    id id; /* "req_..." */
    id incident;
    int64_t number; /* recipient, -1 = not matched */
    enum request_state state;
    const char *channel_received;
    struct blob
        body;     /* sealed by the incident key: what was given (identifying data, address, note) */
    int64_t wave; /* the wave of one that mails it; 0 = none yet */
    time_ms received_at, changed_at, due_at;
    id duplicate_of;
    struct blob incident_key; /* out: wrapped */
};
struct store_written_request {
    struct store_request request;
    struct request_row row;  /* put, change: in; get: out */
    enum request_state from; /* change: CONFLICT when it is not there */
    const struct chunk_row
        *chunk;         /* put/change to SENDING: creates the wave of one with this chunk */
    struct blob policy; /* of that wave */
    const struct idempotency *idempotency;
    const struct receipt_batch *receipts;
    id existing; /* put, out: an open or mailed request of the same person and incident: EXISTS */
};
void store_written_request_put(struct store *store, struct store_written_request *req);
void store_written_request_get(struct store *store, struct store_written_request *req);
void store_written_request_change(struct store *store, struct store_written_request *req);
struct store_written_request_list {
    struct store_request request;
    id incident;   /* 0 = all */
    int64_t after; /* received_at cursor, newest first; 0 = start */
    unsigned limit;
    struct request_row *rows;
    size_t n;
};
void store_written_request_list(struct store *store, struct store_written_request_list *req);
