/* store_wave.h - verbs for waves as a resource, for facts that change, and for the question who may
 * have got what. The promises of all verbs stand at the head of store_request.h. */
#pragma once
#include "tocsin/store_incident.h"

struct store_wave_open {
    struct store_request request;
    struct wave_row row; /* in: incident, kind, author, notice, not_before, spec, caps; out: all */
    const struct idempotency *idempotency; /* may be NULL */
    const struct receipt_batch *receipts;
};
/* One more wave of an incident, as a draft. NOT_FOUND: incident or notice version; CONFLICT: its
 * first wave is canceled; EXISTS: the idempotency key was used meanwhile. */
void store_wave_open(struct store *store, struct store_wave_open *req);

struct store_incident_patch {
    struct store_request request;
    id incident, principal;
    int64_t version; /* in: incident.version it was made from: CONFLICT when it moved on;
                        out: now */
    struct blob document, title; /* sealed: the whole as it is from now on */
    bool said;                   /* something that is sent changed: a new notice version */
    int64_t notice;              /* out: the newest notice version */
    time_ms at;
    const struct receipt_batch *receipts;
    int voided; /* out: waves whose approvals are void */
};
/* Changes an incident. With `said` a new notice version is kept beside the old ones, and every wave
 * that is not released is a draft without approvals again. NOT_FOUND, CONFLICT. */
void store_incident_patch(struct store *store, struct store_incident_patch *req);

struct notice_version {
    int64_t version;
    id author;
    time_ms at;
    int64_t withdrawn; /* the wave that corrects it; 0 = it may be sent */
};
struct store_notice_list {
    struct store_request request;
    id incident;
    struct notice_version *rows; /* out: the oldest first */
    size_t n;
};
/* Every version there was; none: OK and n = 0. */
void store_notice_list(struct store *store, struct store_notice_list *req);

/* Whom a question about the past finds: a bit per roster number. */
struct store_audience {
    struct store_request request;
    id incident;
    int64_t before;         /* in: only waves with a smaller id: not itself; 0 = all */
    const int64_t *notices; /* in: those who got, or may have got, one of these versions */
    size_t n_notices;
    uint32_t states;      /* in: bit mask of enum member_state: whoever stands so somewhere */
    bool told;            /* in: whoever is told */
    bool planned;         /* in: whoever stands in any plan */
    const char *channels; /* in: ",sms,postal,": only what went over these; NULL = any */
    const int64_t *waves; /* in: only of these; */
    size_t n_waves;       /* 0 = all notices, but not written notices */
    uint8_t *bits;        /* out: bit (number % 8) of byte (number / 8) */
    size_t n_bits;        /* out: 8 * bytes */
    int64_t n;            /* out: how many are set */
    bool moving;          /* out: a chunk of these waves is being worked on now: ask again */
};
/* The answers to what is asked are joined by "or". */
void store_audience(struct store *store, struct store_audience *req);
