/* store_approval.h - verbs about what was approved, by whom, and what one person released alone.
 * The promises of all verbs stand at the head of store_request.h. */
#pragma once
#include "tocsin/store_incident.h"

/* One approval of a wave. */
struct approval_row {
    int64_t wave;
    uint8_t hash[DIGEST_SIZE]; /* what this person approved */
    id principal;
    const char *name; /* of the person; "" when the token is unknown */
    time_ms at;
    bool valid; /* for the incident as it is now */
};
/* What was approved, as the approver saw it. */
struct approval_document {
    int64_t wave;
    uint8_t hash[DIGEST_SIZE];
    time_ms at;
    struct blob sealed; /* canonical JSON, sealed by the incident's key */
};
struct store_approvals {
    struct store_request request;
    id incident;
    int64_t wave;
    const uint8_t *want;  /* in: the document of this hash; NULL: the newest of the incident ... */
    const uint8_t *other; /* ... that has another hash than this one (may be NULL) */
    struct approval_row *rows; /* out: of the wave, the newest first, at most 100 */
    size_t n;
    struct approval_document document; /* out: sealed.length 0 = there is none */
};
/* Never NOT_FOUND: an unknown wave has no approvals. */
void store_approvals_get(struct store *store, struct store_approvals *req);

/* ---- Releases by one person (break-glass). ---- */
struct break_glass_row {
    int64_t wave;
    id incident, principal, reviewed_by; /* 0: nobody has looked at it yet */
    time_ms at, reviewed_at;
};
struct store_break_glass_list {
    struct store_request request;
    id incident;                  /* in: 0 = of all incidents, those not reviewed only */
    struct break_glass_row *rows; /* out */
    size_t n;
};
void store_break_glass_list(struct store *store, struct store_break_glass_list *req);

struct store_break_glass_review {
    struct store_request request;
    int64_t wave;
    id principal;
    time_ms at;
    const struct receipt_batch *receipts;
};
/* NOT_FOUND: this wave was released by two; DENIED: who released it, or one who is not certainly
 * somebody else (see store_approval_put); EXISTS: it was reviewed before. */
void store_break_glass_review(struct store *store, struct store_break_glass_review *req);

/* ---- Sessions of the console: only hashes are stored. ---- */
struct store_session {
    struct store_request request;
    uint8_t hash[DIGEST_SIZE];  /* of the cookie's secret */
    id token;                   /* put: in; find: out */
    time_ms expires_at;         /* put: in; find: out */
    time_ms at;                 /* now */
    struct access_token holder; /* find: out, a token that is not revoked */
};
/* Keeps a new session; drops those that are over. */
void store_session_put(struct store *store, struct store_session *req);
/* NOT_FOUND: there is none, it is over, or its token was revoked. */
void store_session_find(struct store *store, struct store_session *req);
/* OK also when there is none. */
void store_session_end(struct store *store, struct store_session *req);

/* ---- Counts by the hour. ---- */
struct hour_count {
    int64_t hour;         /* since 1970 UTC */
    uint8_t channel, key; /* index into the wave policy's channels; enum member_state */
    int64_t value;        /* members that came into the state in this hour */
};
struct store_hours {
    struct store_request request;
    int64_t wave, from_hour;
    struct hour_count *rows; /* out: by hour, channel, key; the newest 20,000 */
    size_t n;
};
void store_hours_get(struct store *store, struct store_hours *req);
