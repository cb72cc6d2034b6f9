/* store_desk.h - verbs for banners and for requests for a written notice. The promises of all verbs
 * stand at the head of store_request.h. */
#pragma once
#include "tocsin/store_chunk.h"

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
    bool dismissed, hidden; /* hidden: held, cancelled, or of a notice version its wave has left */
    int64_t notice;         /* out: the notice version it says */
    int64_t chunk, number;  /* put: in, where it belongs and whose it is */
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
/* Again with the same key: OK, nothing changes, row.id is the first one's (out). */
void store_banner_put(struct store *store, struct store_banner *req);
/* NOT_FOUND. */
void store_banner_get(struct store *store, struct store_banner *req);
/* Up to 100 of the account, hidden ones too, newest first; none: OK and n = 0. */
void store_banner_list(struct store *store, struct store_banner *req);
/* Idempotent: state only grows, dismissed only sets. NOT_FOUND. */
void store_banner_event(struct store *store, struct store_banner *req);

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
/* EXISTS: the idempotency key was used meanwhile, or `existing`. */
void store_written_request_put(struct store *store, struct store_written_request *req);
/* NOT_FOUND. */
void store_written_request_get(struct store *store, struct store_written_request *req);
/* Compare-and-set of the state; number -1, wave 0 and an absent body are kept, the rest is written.
 * NOT_FOUND; CONFLICT; EXISTS: `existing`. An illegal pair of states aborts. */
void store_written_request_change(struct store *store, struct store_written_request *req);
struct store_written_request_list {
    struct store_request request;
    id incident;   /* 0 = all */
    int64_t after; /* received_at cursor, newest first; 0 = start */
    unsigned limit;
    struct request_row *rows;
    size_t n;
};
/* Up to `limit`, newest first; received_at of the last is the cursor. */
void store_written_request_list(struct store *store, struct store_written_request_list *req);
